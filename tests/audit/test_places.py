from __future__ import annotations

from pathlib import Path

import pytest

from stripe_audit.audit.places import handlers_of, places_of, project_within_repository
from stripe_audit.describe import target_spec
from stripe_audit.models import SourceLocation
from stripe_audit.settings import load_settings

YAML = """\
version: 1
target:
  url: http://127.0.0.1:3001
  root: server
  env_files: [.env]
  routes:
    webhook:
      - {path: /api/hooks/stripe}
    create_payment:
      method: POST
      path: /api/pay
    order: {path: "/api/orders/{order}"}
    page: {path: "/checkout?order={order}"}
"""
SERVER = """\
const app = express();
app.use("/api", payments);
app.post("/api/hooks/stripe", express.raw(), hook);
app.get("/checkout", page);
app.get("/api/orders/:id", order);
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "server").mkdir()
    (tmp_path / "stripe-audit.yaml").write_text(YAML)
    (tmp_path / "server" / "app.js").write_text(SERVER)
    return tmp_path


def described(folder: Path):
    settings = load_settings(folder / "stripe-audit.yaml", environ={})
    return settings, target_spec(settings, {}, {webhook.name: None for webhook in settings.model.target.routes.webhook})


def test_routes_lie_where_the_settings_describe_them(project: Path) -> None:
    found = places_of(*described(project))
    assert found == {
        "": SourceLocation("stripe-audit.yaml", 2),
        "env_files": SourceLocation("stripe-audit.yaml", 5),
        "webhook /api/hooks/stripe": SourceLocation("stripe-audit.yaml", 8),
        "create_payment /api/pay": SourceLocation("stripe-audit.yaml", 9),
        "order /api/orders/{order}": SourceLocation("stripe-audit.yaml", 12),
        "page /checkout?order={order}": SourceLocation("stripe-audit.yaml", 13),
    }


def test_routes_are_found_where_the_source_declares_them(project: Path) -> None:
    assert handlers_of(*described(project)) == {
        "webhook /api/hooks/stripe": SourceLocation("server/app.js", 3),
        "page /checkout?order={order}": SourceLocation("server/app.js", 4),
        "order /api/orders/{order}": SourceLocation("server/app.js", 5),
    }


def test_a_route_that_two_places_declare_has_no_line(project: Path) -> None:
    (project / "server" / "old.js").write_text('app.get("/checkout", page);\n')
    assert "page /checkout?order={order}" not in handlers_of(*described(project))


def test_a_route_of_another_method_is_another_route(project: Path) -> None:
    (project / "server" / "more.js").write_text('app.get("/api/pay", page);\n')
    assert "create_payment /api/pay" not in handlers_of(*described(project))


@pytest.mark.parametrize("root", ["nowhere", "..", "server/app.js"])
def test_a_source_that_is_not_there_or_not_the_projects_gives_none(project: Path, root: str) -> None:
    path = project / "stripe-audit.yaml"
    path.write_text(YAML.replace("root: server", f"root: {root}"))
    assert handlers_of(*described(project)) == {}


def test_without_a_file_of_settings_pyproject_is_named(tmp_path: Path) -> None:
    settings = load_settings(folder=tmp_path, environ={})
    assert places_of(settings, target_spec(settings, {}, {})) == {}
    text = '[project]\nname = "shop"\n\n[tool.stripe-audit.target]\nurl = "http://127.0.0.1:1"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    settings = load_settings(folder=tmp_path, environ={})
    assert places_of(settings, target_spec(settings, {}, {})) == {"": SourceLocation("pyproject.toml", 4)}


def test_the_project_is_placed_within_its_repository(tmp_path: Path) -> None:
    inner = tmp_path / "services" / "shop"
    inner.mkdir(parents=True)
    assert project_within_repository(inner) == ""
    (tmp_path / ".git").mkdir()
    assert project_within_repository(inner) == "services/shop"
    assert project_within_repository(tmp_path) == ""


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("express-shop", "webhook"),
        ("flask-shop", "webhook"),
        ("fastapi-shop", "webhook"),
        ("fastify-shop/fixed", "create_payment"),
    ],
)
def test_the_example_shops_have_lines_for_their_routes(name: str, role: str, root: Path) -> None:
    folder = root / "examples" / name
    settings = load_settings(folder / "stripe-audit.yaml", environ={})
    secrets = {webhook.name: None for webhook in settings.model.target.routes.webhook}
    found = handlers_of(settings, target_spec(settings, {}, secrets))
    places = {label: place for label, place in found.items() if label.startswith(f"{role} ")}
    assert places
    for label, place in places.items():
        line = (folder / place.file).read_text("utf-8").splitlines()[place.line - 1]
        assert label.partition(" ")[2].rpartition("/")[2] in line
