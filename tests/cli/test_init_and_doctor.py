"""The first five minutes: settings from what is there, and what would be in the way of a run."""

from __future__ import annotations

import json
import socket
from contextlib import closing

import pytest
from typer.testing import CliRunner

from stripe_audit.audit.preflight import State, preflight
from stripe_audit.cli import doctor as doctor_command
from stripe_audit.cli import init as init_command
from stripe_audit.demo.project import write_project
from stripe_audit.errors import UsageError
from stripe_audit.settings import load_settings


def invoke(module, *words):
    return CliRunner().invoke(module.make({}), [str(word) for word in words])


@pytest.fixture
def project(tmp_path):
    (tmp_path / "package.json").write_text('{"scripts": {"start": "x"}, "dependencies": {"express": "5"}}')
    (tmp_path / "server.js").write_text("app.post('/webhook', f); // stripe\napp.post('/pay', g);\n")
    return tmp_path


# init


def test_init_writes_settings_and_says_what_it_found(project):
    done = invoke(init_command, project, "--yes", "--ci")
    assert done.exit_code == 0, done.output
    for told in ("Express", "npm start", "/webhook", "server.js:1", "not found", "next: stripe-audit doctor"):
        assert told in done.output
    assert load_settings(project / "stripe-audit.yaml", environ={}).model.target.routes.create_payment.path == "/pay"
    assert "stripe-audit run" in (project / ".github/workflows/stripe-audit.yml").read_text()


def test_init_twice_changes_nothing(project):
    invoke(init_command, project, "--yes")
    before = (project / "stripe-audit.yaml").read_bytes()
    assert invoke(init_command, project, "--yes").exit_code == 0
    assert (project / "stripe-audit.yaml").read_bytes() == before


def test_init_never_overwrites_without_showing_how(project):
    path = project / "stripe-audit.yaml"
    path.write_text("version: 1\n# mine\n")
    done = invoke(init_command, project, "--yes")
    assert isinstance(done.exception, UsageError) and "--force" in done.exception.hint
    assert path.read_text() == "version: 1\n# mine\n"
    assert "-# mine" in done.output
    forced = invoke(init_command, project, "--yes", "--force")
    assert forced.exit_code == 0 and "-# mine" in forced.output
    assert "# mine" not in path.read_text()


def test_init_can_show_without_writing(project):
    done = invoke(init_command, project, "--dry-run")
    assert "path: /webhook" in done.output
    assert not (project / "stripe-audit.yaml").exists()


def test_init_wants_a_folder(tmp_path):
    assert isinstance(invoke(init_command, tmp_path / "nowhere").exception, UsageError)


# doctor


def lines_of(path, **flags):
    return {line.what: line for line in preflight(load_settings(path, environ={}, flags=flags))}


def test_the_demo_is_fit_for_a_run(tmp_path):
    done = invoke(doctor_command, "--settings", write_project(tmp_path))
    assert done.exit_code == 0, done.output
    assert "0 in the way" in done.output
    for name in ("sk_test_", "pk_test_", "whsec_"):
        assert name not in done.output


def test_whatever_is_not_in_order_has_a_fix(tmp_path):
    path = tmp_path / "stripe-audit.yaml"
    path.write_text("version: 1\n")
    done = invoke(doctor_command, "--settings", path, "--json")
    lines = json.loads(done.output)
    assert lines and all(line["fix"] for line in lines if line["state"] != "ok")


@pytest.mark.parametrize(
    ("text", "what", "told"),
    [
        ("target: {launch: {command: no-such-program-here}}", "launch", "no program"),
        ("target: {launch: {command: ls, cwd: nowhere}}", "launch", "no folder"),
        ("target: {launch: {command: ls}, frontend_launch: {command: no-vite}}", "frontend_launch", "no-vite is no"),
        ("target: {url: 'http://127.0.0.1:1'}", "target", "nothing listens"),
        ("target: {url: 'http://127.0.0.1:{port}'}", "target", "only a launched target"),
        ("target: {stripe: env}", "stripe", "cannot know a port"),
        (
            'observers: {order: {kind: sqlite, path: shop.db, query: "SELECT status FROM orders WHERE id = :order"}}',
            "observer order",
            "no such table",
        ),
    ],
)
def test_what_is_in_the_way_is_told(tmp_path, text, what, told):
    path = tmp_path / "stripe-audit.yaml"
    path.write_text(f"version: 1\n{text}\n")
    (tmp_path / "shop.db").touch()
    line = lines_of(path)[what]
    assert line.state is State.WRONG and told in line.told and line.fix
    assert invoke(doctor_command, "--settings", path).exit_code == 2


def test_a_port_that_is_taken_is_told(tmp_path):
    path = tmp_path / "stripe-audit.yaml"
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        path.write_text(f"version: 1\ntarget: {{url: '{url}', launch: {{command: ls}}}}\n")
        assert lines_of(path)["port"].state is State.WRONG


def test_what_is_to_serve_the_page_is_looked_at_too(tmp_path):
    path = tmp_path / "stripe-audit.yaml"
    page = "routes: {page: {path: /checkout, origin: frontend}}"
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        launches = "launch: {command: ls}, frontend_launch: {command: ls}"
        path.write_text(f"version: 1\ntarget: {{{launches}, frontend_url: '{url}', {page}}}\n")
        assert lines_of(path)["frontend port"].state is State.WRONG
        path.write_text(f"version: 1\ntarget: {{frontend_url: '{url}', {page}}}\n")
        assert "frontend" not in lines_of(path)
    assert lines_of(path)["frontend"].state is State.NOTE


def test_keys_are_told_by_kind_and_mode_alone(tmp_path):
    (tmp_path / ".env").write_text(f"STRIPE_SECRET_KEY=sk_live_{'a1B2' * 8}\nSTRIPE_WEBHOOK_SECRET=we_123\n")
    path = tmp_path / "stripe-audit.yaml"
    path.write_text("version: 1\ntarget: {environment: test, env_files: [.env, .env.none]}\n")
    told = [line.told for line in preflight(load_settings(path, environ={}))]
    assert ".env:1 STRIPE_SECRET_KEY is a secret key, live" in told
    assert any(line.startswith(".env:2 STRIPE_WEBHOOK_SECRET") and "endpoint id" in line for line in told), told
    assert any(".env.none cannot be read" in line for line in told)
    assert not any("a1B2" in line for line in told)
