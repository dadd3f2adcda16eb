"""Layers of settings, and what is said when one of them is wrong: where, what, and never the value."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stripe_audit.errors import SettingsError
from stripe_audit.models import Severity
from stripe_audit.settings import load_settings
from stripe_audit.settings.model import SecretSource

SECRET = "sk_live_" + "a1B2c3D4" * 4
PASSWORD = "correct-horse-battery"


@pytest.fixture
def project(tmp_path):
    """A project's files, and its settings as loaded from there."""

    class Project:
        folder = tmp_path

        def write(self, name, content):
            path = tmp_path / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            return path

        def yaml(self, content):
            return self.write("stripe-audit.yaml", f"version: 1\n{content}")

        def load(self, environ=None, flags=None, path=None):
            return load_settings(path, folder=tmp_path, environ=environ or {}, flags=flags)

        def model(self, **options):
            return self.load(**options).model

        def refused(self, **options) -> str:
            began = time.monotonic()
            with pytest.raises(SettingsError) as caught:
                self.load(**options)
            assert time.monotonic() - began < 10
            error = caught.value
            assert error.hint is None or error.hint
            for text in (error.message, str(error.hint), str(error), repr(error)):
                assert SECRET not in text and PASSWORD not in text
            assert error.__context__ is None or error.__suppress_context__
            return error.message.replace(f"{tmp_path}/", "")

    return Project()


# Layers

LAYERS = [
    ("yaml", lambda project, value: project.yaml(f"audit: {{jobs: {value}}}\n")),
    (
        "pyproject",
        lambda project, value: project.write("pyproject.toml", f"[tool.stripe-audit.audit]\njobs = {value}\n"),
    ),
    (".env", lambda project, value: project.write(".env", f"STRIPE_AUDIT_AUDIT__JOBS={value}\nAUDIT__JOBS=60\n")),
    ("environment", lambda project, value: {"environ": {"STRIPE_AUDIT_AUDIT__JOBS": str(value)}}),
    ("flags", lambda project, value: {"flags": {"audit": {"jobs": value}}}),
]


@pytest.mark.parametrize("strongest", range(len(LAYERS)))
def test_a_later_layer_wins(project, strongest):
    options = {}
    for value, (_, put) in enumerate(LAYERS[: strongest + 1], 11):
        made = put(project, value)
        options.update(made if isinstance(made, dict) else {})
    assert project.model(**options).audit.jobs == 11 + strongest


@pytest.mark.parametrize("layer", range(len(LAYERS)))
def test_each_layer_counts_alone(project, layer):
    made = LAYERS[layer][1](project, 33)
    assert project.model(**(made if isinstance(made, dict) else {})).audit.jobs == 33


def test_layers_are_merged_setting_by_setting(project):
    project.yaml("audit: {jobs: 2, timeout: 9, strict: false}\ntarget: {name: shop, root: src}\n")
    project.write(
        "pyproject.toml", '[tool.stripe-audit.audit]\ntimeout = 8.5\n[tool.stripe-audit]\ntarget.name = "other"\n'
    )
    model = project.model(environ={"STRIPE_AUDIT_AUDIT__STRICT": "true"}, flags={"audit": {"fail_on": "low"}})
    assert (model.audit.jobs, model.audit.timeout, model.audit.strict) == (2, 8.5, True)
    assert model.audit.fail_on is Severity.LOW
    assert (model.target.name, model.target.root) == ("other", "src")


def test_without_any_file_the_defaults_hold(project):
    settings = project.load()
    assert settings.origin is None and settings.folder == project.folder.resolve()
    assert (settings.model.version, settings.model.audit.jobs, settings.model.audit.fail_on) == (1, 4, "medium")
    assert settings.model.target.environment == "unknown" and settings.model.target.stripe == "none"


def test_both_file_names_are_found_and_a_path_needs_no_name(project):
    project.write("stripe-audit.yml", "version: 1\naudit: {jobs: 7}\n")
    assert project.model().audit.jobs == 7
    project.yaml("audit: {jobs: 8}\n")
    assert project.model().audit.jobs == 8
    other = project.write("other.yaml", "version: 1\naudit: {jobs: 9}\n")
    assert project.model(path=other).audit.jobs == 9


def test_of_an_env_file_only_our_own_names_count(project):
    project.write(".env", "STRIPE_SECRET_KEY=x\nAUDIT__JOBS=3\nSTRIPE_AUDITS_AUDIT__JOBS=3\nSTRIPE_AUDIT_REQUIRE=all\n")
    assert project.model().audit.jobs == 4
    assert (
        project.model(
            environ={"STRIPE_AUDIT_REQUIRE": "all", "STRIPE_AUDIT_TRACEBACK": "1", "STRIPE_API_KEY": "x"}
        ).audit.jobs
        == 4
    )


def test_an_env_file_in_another_encoding_is_still_read(project):
    project.write(".env", b"NAME=caf\xe9\nSTRIPE_AUDIT_AUDIT__JOBS=9\n")
    assert project.model().audit.jobs == 9


@pytest.mark.parametrize("text", ["A='\n" + "x\n" * 400_000, "A=x" + " " * 900_000, "A" * 900_000, " " * 900_000])
def test_a_hostile_env_file_is_read_in_no_time(project, text):
    project.write(".env", text)
    began = time.monotonic()
    project.model()
    assert time.monotonic() - began < 10


def test_variables_are_texts_lists_or_mappings(project):
    model = project.model(
        environ={
            "STRIPE_AUDIT_VERSION": "1",
            "STRIPE_AUDIT_TARGET__NAME": "12345",
            "STRIPE_AUDIT_TARGET__ROOT": "true",
            "STRIPE_AUDIT_TARGET__LAUNCH__COMMAND": "[npm, start]",
            "STRIPE_AUDIT_TARGET__LAUNCH__ENV__PORT": "{port}",
            "STRIPE_AUDIT_TARGET__LAUNCH__ENV__HOOK": "{webhook_secret:main}",
            "STRIPE_AUDIT_TARGET__LAUNCH__ENV__Mixed_Case__X": "8",
            "STRIPE_AUDIT_TARGET__ITEMS": "[{id: mug, price: 1234567890.12, currency: usd}]",
            "STRIPE_AUDIT_OBSERVERS__ORDER": "{kind: sqlite, query: SELECT :order}",
            "STRIPE_AUDIT_OBSERVERS__ORDER__PATH": "{scratch}/shop.db",
            "STRIPE_AUDIT_STRIPE__SECRET_KEY": "123456789",
        }
    )
    assert (model.target.name, model.target.root) == ("12345", "true")
    assert model.target.launch.command == ["npm", "start"]
    assert model.target.launch.env == {"PORT": "{port}", "HOOK": "{webhook_secret:main}", "Mixed_Case__X": "8"}
    assert model.target.items[0].price == Decimal("1234567890.12")
    assert (model.observers.order.path, model.observers.order.kind) == ("{scratch}/shop.db", "sqlite")
    assert model.stripe.secret_key.get_secret_value() == "123456789"


def test_the_order_of_variables_does_not_matter(project):
    pairs = [
        ("STRIPE_AUDIT_OBSERVERS__ORDER__PATH", "a.db"),
        ("STRIPE_AUDIT_OBSERVERS__ORDER", "{kind: sqlite, query: 'SELECT :order', path: b.db}"),
    ]
    for environ in (dict(pairs), dict(reversed(pairs))):
        assert project.model(environ=environ).observers.order.path == "a.db"


def test_flags_are_not_changed_by_loading(project):
    flags = {"target": {"launch": {"command": "x", "env": {"A": "1"}}}}
    project.load(flags=flags)
    assert flags == {"target": {"launch": {"command": "x", "env": {"A": "1"}}}}


# Errors and their places


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("targt: {}\n", "stripe-audit.yaml:2: targt: unknown setting; did you mean 'target'?"),
        ("Target: {}\n", "stripe-audit.yaml:2: Target: unknown setting; did you mean 'target'?"),
        ("audit:\n  Jobs: 1\n", "stripe-audit.yaml:3: audit.Jobs: unknown setting; did you mean 'jobs'?"),
        ("audit:\n  tiemout: 1\n", "stripe-audit.yaml:3: audit.tiemout: unknown setting; did you mean 'timeout'?"),
        ("routes: {}\n", "stripe-audit.yaml:2: routes: unknown setting; did you mean 'target.routes'?"),
        ("zzz: 1\n", "stripe-audit.yaml:2: zzz: unknown setting"),
        (
            "target:\n  routes:\n    webhook:\n      - path: /x\n        secrt: y\n",
            "stripe-audit.yaml:6: target.routes.webhook.0.secrt: unknown setting; did you mean 'secret'?",
        ),
        (
            "target:\n  routes:\n    webhook:\n      - path: /x\n        secret: {generatd: true}\n",
            "target.routes.webhook.0.secret.generatd: unknown setting; did you mean 'generated'?",
        ),
        (
            "target: {routes: {webhook: [{path: /x, secret: {env: A, generated: true}}]}}\n",
            "stripe-audit.yaml:2: target.routes.webhook.0.secret: give either env: NAME or generated: true",
        ),
        (
            "target: {routes: {webhook: [{path: /x, secret: [y]}]}}\n",
            "stripe-audit.yaml:2: target.routes.webhook.0.secret: must be a text or a mapping",
        ),
        (
            "target: {routes: {webhook: [{path: /x}, {path: /y}]}}\n",
            "stripe-audit.yaml:2: target.routes.webhook: two webhooks are named 'webhook'",
        ),
        (
            "target:\n  launch:\n    command: 5\n",
            "stripe-audit.yaml:4: target.launch.command: must be a text or a list",
        ),
        ("target:\n  launch:\n    command: [a, 5]\n", "stripe-audit.yaml:4: target.launch.command.1: must be a text"),
        ("target:\n", "stripe-audit.yaml:2: target: must be a mapping"),
        ("target: [a]\n", "stripe-audit.yaml:2: target: must be a mapping"),
        (
            "target:\n  items:\n    - id: mug\n      currency: usd\n",
            "stripe-audit.yaml:4: target.items.0.price: is missing",
        ),
        (
            "target:\n  items:\n    - {id: mug, price: 1.999, currency: usd}\n",
            "stripe-audit.yaml:4: target.items.0: '1.999' USD has more decimals than the currency",
        ),
        (
            "target:\n  items:\n    - {id: mug, price: 1, currency: xxq}\n",
            "stripe-audit.yaml:4: target.items.0: not a currency that Stripe charges in: 'xxq'",
        ),
        ("target: {items: [{id: a, price: 0, currency: usd}]}\n", "target.items.0.price: must be greater than 0"),
        ("target: {items: [{id: a, price: 1.0e+999, currency: usd}]}\n", "target.items.0.price: must be less than"),
        (
            "target: {items: [{id: a, price: 1.0e-999, currency: usd}]}\n",
            "target.items.0: '1.0E-999' USD has more decimals",
        ),
        (
            "target:\n  plans:\n    - {id: a, price: 1.005, currency: usd, trial: true}\n",
            "stripe-audit.yaml:4: target.plans.0: '1.005' USD has more decimals than the currency",
        ),
        (
            "target:\n  items:\n    - {id: a, price: 1, currency: usd, capture: later}\n",
            "target.items.0.capture: must be 'automatic' or 'manual'",
        ),
        ("audit:\n  jobs: many\n", "stripe-audit.yaml:3: audit.jobs: must be a valid integer"),
        ("audit: {jobs: 0}\n", "audit.jobs: must be greater than or equal to 1"),
        ("audit: {timeout: 1.0e+9}\n", "audit.timeout: must be less than or equal to 3600"),
        ("audit: {fail_on: awful}\n", "audit.fail_on: must be 'critical', 'high', 'medium', 'low' or 'info'"),
        ("audit: {allow_empty: [paymnts]}\n", "audit.allow_empty: unknown phase 'paymnts'; known are environment,"),
        ("target:\n  url: shop.example\n", "stripe-audit.yaml:3: target.url: must be http:// or https:// and a host"),
        ("target: {url: 'ftp://x'}\n", "target.url: must be http:// or https://"),
        ("target: {url: 'http://x/path'}\n", "target.url: must be http:// or https://"),
        ("target: {url: 'http://user:pw@x'}\n", "target.url: must be http:// or https://"),
        ("target: {url: 'http://x:99999'}\n", "target.url: its host or port cannot be used"),
        ("target: {url: 'http://:80'}\n", "target.url: its host or port cannot be used"),
        ("target: {url: 'http://[::1'}\n", "target.url: its host or port cannot be used"),
        ("target: {url: 'http://127.0.0.1:{prt}'}\n", "target.url: unknown placeholder {prt}; known are {port}"),
        ("target: {routes: {health: {path: health}}}\n", "target.routes.health.path: a path begins with /"),
        (
            "target: {routes: {order: {path: '/o/{ordr}'}}}\n",
            "target.routes.order.path: unknown placeholder {ordr}; known are {order}",
        ),
        ("target: {launch: {command: x, env: {A: '{prt}'}}}\n", "target.launch.env: unknown placeholder {prt}"),
        (
            "target: {routes: {order: {path: /o, response: {status: 'a.b c'}}}}\n",
            "target.routes.order.response.status: not a JMESPath expression",
        ),
        (
            f"target: {{routes: {{order: {{path: /o, response: {{status: '{'(' * 1900}'}}}}}}}}\n",
            "target.routes.order.response.status: not a JMESPath expression: nested too deeply",
        ),
        (
            f"target: {{routes: {{order: {{path: /o, response: {{status: '{'a' * 2001}'}}}}}}}}\n",
            "target.routes.order.response.status: longer than 2000 characters",
        ),
        ("target: {launch: {command: []}}\n", "target.launch.command: it is empty"),
        ("target: {launch: {command: ' '}}\n", "target.launch.command: it is empty"),
        ("target: {launch: {command: ['']}}\n", "target.launch.command: it is empty"),
        ('target: {launch: {command: "npm \'start"}}\n', "target.launch.command: a quote in it is not closed"),
        ('target: {launch: {command: ["a\\0b"]}}\n', "target.launch.command: it holds a NUL"),
        ("target: {launch: {command: x, env: {A=B: c}}}\n", "target.launch.env: a name is empty or holds '='"),
        ('target: {launch: {command: x, env: {A: "\\0"}}}\n', "target.launch.env: a name is empty or holds '='"),
        ("observers: {order: {kind: sqlite}}\n", "observers.order: kind sqlite needs path and query"),
        ("observers: {logs: {kind: file}}\n", "observers.logs: kind file needs path"),
        ("observers: {order: {states: {payed: [x]}}}\n", "observers.order.states.payed: must be 'unpaid'"),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else None,
)
def test_what_is_wrong_in_the_file_is_told_with_its_line(project, text, told):
    project.yaml(text)
    message = project.refused()
    assert told in message
    assert message.startswith("stripe-audit.yaml:") and len(message.splitlines()) == 1


def test_every_problem_is_told_at_once(project):
    project.yaml("targt: {}\naudit:\n  jobs: 0\n  strict: perhaps\n")
    lines = project.refused().splitlines()
    assert [line.split(":")[1] for line in lines] == ["4", "5", "2"]


@pytest.mark.parametrize(
    ("version", "told"),
    [("2", "must be 1"), ("'1'", "must be 1"), ("1.5", "must be 1"), ("null", "must be 1"), ("[]", "must be 1")],
)
def test_the_version_is_1(project, version, told):
    project.write("stripe-audit.yaml", f"# ours\nversion: {version}\n")
    assert project.refused() == f"stripe-audit.yaml:2: version: {told}"


def test_a_file_without_its_version_is_refused(project):
    project.write("stripe-audit.yaml", "target: {}\n")
    with pytest.raises(SettingsError) as caught:
        project.load()
    assert "'version' is missing" in caught.value.message and "version: 1" in caught.value.hint


PYPROJECT = """[project]
name = "x"

[tool.stripe-audit]
version = 1
audit.jobs = 0

[tool.stripe-audit.target]
url = "nowhere"
name = '''
url = 3
'''

[[tool.stripe-audit.target.items]]
id = "mug"
price = 1.10
currency = "usd"

[[tool.stripe-audit.target.items]]
id = "pen"
price = 1.999
currency = "usd"

[tool.other]
url = 4
"""


def test_what_is_wrong_in_pyproject_is_told_with_its_line(project):
    project.yaml("target: {url: 'http://127.0.0.1:1'}\naudit: {jobs: 1}\n")
    project.write("pyproject.toml", PYPROJECT)
    lines = project.refused().splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["pyproject.toml:9", "target.url"],
        ["pyproject.toml:19", "target.items.1"],
        ["pyproject.toml:6", "audit.jobs"],
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[tool.stripe-audit\n", "pyproject.toml: not valid TOML: "),
        (b"a = '\xff'\n", "pyproject.toml: not valid TOML (UnicodeDecodeError)"),
        ("tool = 3\n[x]\n", None),
        ("[tool]\nstripe-audit = 3\n", "pyproject.toml: [tool.stripe-audit] must be a table"),
        ("x = " + "[" * 5000, "pyproject.toml: not valid TOML"),
        ("[tool.stripe-audit]\nx = " + "[" * 90 + "]" * 90, "pyproject.toml:2: x: unknown setting"),
        ("[tool.stripe-audit]\n" + ".".join("a" * 3000) + " = 1", "too deeply"),
        ("x = 1\n" + "#" * 1_100_000, "pyproject.toml is larger than 1024 KiB"),
        (f"[tool.stripe-audit]\n{SECRET} = 1\n", "pyproject.toml:2: sk_live_…c3D4: unknown setting"),
        (f"[tool.stripe-audit]\nstripe.secret_key = {SECRET}\n", "pyproject.toml: not valid TOML"),
    ],
    ids=lambda value: repr(value[:30]) if value else None,
)
def test_a_pyproject_that_is_broken_is_one_clear_error(project, content, told):
    project.write("pyproject.toml", content)
    if told is None:
        assert project.model().audit.jobs == 4
    else:
        assert told in project.refused()


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"AUDIT__JOBS": "x"}, "STRIPE_AUDIT_AUDIT__JOBS: audit.jobs: must be a valid integer"),
        (
            {"AUDIT__TIEMOUT": "1"},
            "STRIPE_AUDIT_AUDIT__TIEMOUT: audit.tiemout: unknown setting; did you mean 'timeout'?",
        ),
        ({"AUDIT__TIMEOUT": "inf"}, "audit.timeout: must be less than or equal to 3600"),
        ({"AUDIT__TIMEOUT": "nan"}, "audit.timeout: must be"),
        ({"AUDIT__CHECKS_DIRS": "[a, {"}, "audit.checks_dirs: must be a list"),
        ({"AUDIT__CHECKS_DIRS": "[" * 3_000}, "audit.checks_dirs: must be a list"),
        ({"AUDIT": "5", "AUDIT__JOBS": "5"}, "STRIPE_AUDIT_AUDIT__JOBS: STRIPE_AUDIT_AUDIT is set as a value too"),
        ({"AUDIT__JOBS__X": "5", "AUDIT__JOBS": "5"}, "STRIPE_AUDIT_AUDIT__JOBS is set as a value too"),
        ({"": "5"}, "STRIPE_AUDIT_: the settings: unknown setting"),
        ({"A" + "__A" * 50: "5"}, "too many variables, or too long names"),
        ({f"X{n}": "5" for n in range(1000)}, "too many variables, or too long names"),
        ({"TARGET__ITEMS": "[{id: a, id: b}]"}, "target.items: must be a list"),
        ({"TARGET__ITEMS": "[{id: mug, price: 1.999, currency: usd}]"}, "STRIPE_AUDIT_TARGET__ITEMS: target.items.0: "),
    ],
    ids=lambda value: next(iter(value), "")[:30] if isinstance(value, dict) else None,
)
def test_what_is_wrong_in_a_variable_is_told_with_its_name(project, environ, told):
    project.yaml("target:\n  items:\n    - {id: x, price: 1, currency: usd}\n")
    assert told in project.refused(environ={f"STRIPE_AUDIT_{name}": value for name, value in environ.items()})


def test_what_is_wrong_in_the_env_file_is_told_with_its_line(project):
    project.write(".env", "# ours\nX=1\nSTRIPE_AUDIT_AUDIT__JOBS=no\n")
    assert project.refused() == (".env:3: audit.jobs: must be a valid integer, unable to parse string as an integer")
    project.write(".env", "STRIPE_AUDIT_AUDIT__JOBS=2\nSTRIPE_AUDIT_AUDIT=5\n")
    assert project.refused() == ".env:1: STRIPE_AUDIT_AUDIT__JOBS: STRIPE_AUDIT_AUDIT is set as a value too"


def test_a_value_that_was_replaced_is_not_blamed_on_the_file(project):
    project.yaml("audit: {jobs: 0}\ntarget:\n  items:\n    - {id: x, price: 1, currency: usd}\n")
    assert project.refused(flags={"audit": {"jobs": 0}}) == "flag: audit.jobs: must be greater than or equal to 1"
    flags = {"audit": {"jobs": 1}, "target": {"items": [{"id": "x", "price": -1, "currency": "usd"}]}}
    assert project.refused(flags=flags) == "flag: target.items.0.price: must be greater than 0"
    assert project.model(flags={"audit": {"jobs": 3}}).audit.jobs == 3


def test_a_value_that_was_replaced_whole_is_not_blamed_on_what_stood_in_it(project):
    project.write(".env", "STRIPE_AUDIT_AUDIT__BUDGET__REQUESTS=0\n")
    environ = {"STRIPE_AUDIT_AUDIT__BUDGET": "5"}
    assert project.refused(environ=environ).startswith("STRIPE_AUDIT_AUDIT__BUDGET: audit.budget: must be a mapping")
    flags = {"audit": {"budget": {"requests": 0}}}
    assert project.refused(environ=environ, flags=flags).startswith("flag: audit.budget.requests: ")


@pytest.mark.parametrize("name", ["stripe-audit.yaml", "stripe-audit.yml"])
def test_settings_that_cannot_be_read_are_not_passed_over(project, name):
    (project.folder / name).mkdir()
    assert project.refused() == f"{name} is a folder"


def test_a_dangling_link_is_not_passed_over(project):
    (project.folder / "stripe-audit.yaml").symlink_to("nowhere.yaml")
    assert project.refused() == "stripe-audit.yaml does not exist"


# Secrets

MISTYPED = [
    f"stripe: {{secret_key: [{SECRET}]}}\n",
    f"stripe: {{secret_key: {{env: {SECRET}, generated: true}}}}\n",
    f"stripe: {{secret_key: {{{SECRET}: true}}}}\n",
    f"stripe: {{{SECRET}: secret_key}}\n",
    f"{SECRET}: x\n",
    f"stripe: {SECRET}\n",
    f"stripe: [{SECRET}]\n",
    f"stripe: {{secret_kye: {SECRET}}}\n",
    f"stripe: {{mode: {SECRET}}}\n",
    f"stripe: {{port: {SECRET}}}\n",
    f"audit: {{fail_on: {SECRET}}}\n",
    f"audit: {{jobs: {PASSWORD}}}\n",
    f"audit: {{strict: {PASSWORD}}}\n",
    f"audit: {{allow_empty: [{SECRET}]}}\n",
    f"target: {{url: {SECRET}}}\n",
    f"target: {{url: 'https://user:{PASSWORD}@shop.example'}}\n",
    f"target: {{environment: {PASSWORD}}}\n",
    f"target: {{items: [{{id: a, price: {PASSWORD}, currency: usd}}]}}\n",
    f"target: {{items: [{{id: a, price: 1, currency: {PASSWORD}}}]}}\n",
    f"target: {{launch: {{command: x, env: {{A: [{PASSWORD}]}}}}}}\n",
    f"target: {{launch: {{command: x, env: {PASSWORD}}}}}\n",
    f"target: {{launch: {{command: {{x: {PASSWORD}}}}}}}\n",
    f"target: {{routes: {{order: {{path: {PASSWORD}}}}}}}\n",
    f"target: {{routes: {{order: {{path: /x, response: {{status: '{SECRET} x'}}}}}}}}\n",
    f"target: {{routes: {{order: {{path: /x, method: {PASSWORD}}}}}}}\n",
    f"target: {{routes: {{webhook: [{{path: /x, secret: {{env: '', generated: {PASSWORD}}}}}]}}}}\n",
    f"target: {{routes: {{webhook: [{{path: /x, name: {SECRET}}}, {{path: /y, name: {SECRET}}}]}}}}\n",
    f"observers: {{mail: {{port: {PASSWORD}}}}}\n",
    f"observers: {{order: {{states: {{paid: {PASSWORD}}}}}}}\n",
]


@pytest.mark.parametrize("text", MISTYPED, ids=lambda text: text[:40].replace(SECRET, "SECRET"))
def test_a_mistyped_secret_never_appears_in_an_error(project, text):
    """``refused`` looks for both secrets in every text of the error."""
    project.yaml(text)
    assert "stripe-audit.yaml:2" in project.refused()


@pytest.mark.parametrize(
    "name", ["STRIPE__SECRET_KYE", "STRIPE__PORT", "AUDIT__JOBS", "AUDIT__STRICT", "TARGET__URL", "X"]
)
@pytest.mark.parametrize("value", [SECRET, PASSWORD, f"[{SECRET}]", f"{{a: {PASSWORD}}}"])
def test_a_mistyped_secret_in_a_variable_never_appears_in_an_error(project, name, value):
    assert f"STRIPE_AUDIT_{name}: " in project.refused(environ={f"STRIPE_AUDIT_{name}": value})
    project.write(".env", f"STRIPE_AUDIT_{name}={value}\n")
    assert ".env:1: " in project.refused()


def test_secrets_do_not_show_in_the_settings_themselves(project):
    project.yaml(
        f"stripe: {{secret_key: {SECRET}}}\ntarget: {{routes: {{webhook: [{{path: /x, secret: {PASSWORD}}}]}}}}\n"
    )
    settings = project.load(environ={"OTHER": SECRET})
    for text in (repr(settings), str(settings), repr(settings.model), str(settings.model)):
        assert SECRET not in text and PASSWORD not in text


def test_where_a_secret_comes_from(project):
    project.yaml("target: {env_files: [missing.env, .env.shop]}\n")
    project.write(".env.shop", b"# caf\xe9\nHOOK='whsec_file'\nEMPTY=\n")
    settings = project.load(environ={"KEY": "from-environment", "EMPTY": ""})
    secret = {name: settings.secret(SecretSource(env=name)) for name in ("KEY", "HOOK", "EMPTY", "NOWHERE")}
    assert secret == {"KEY": "from-environment", "HOOK": "whsec_file", "EMPTY": None, "NOWHERE": None}
    assert settings.secret(SecretSource(generated=True)) is None and settings.secret(None) is None
    assert project.load(environ={"HOOK": "stronger"}).secret(SecretSource(env="HOOK")) == "stronger"


# Places and paths


def test_a_setting_knows_where_it_stands(project):
    project.yaml("target:\n  url: http://127.0.0.1:1\n  routes:\n    health: {path: /h}\n")
    settings = project.load()
    assert settings.where(("target", "url")) == ("stripe-audit.yaml", 3)
    assert settings.where(("target", "routes", "health", "path")) == ("stripe-audit.yaml", 5)
    assert settings.where(("target", "routes", "webhook")) == ("stripe-audit.yaml", 4)
    assert settings.where(("audit", "jobs")) == ("stripe-audit.yaml", 1)
    assert load_settings(folder=Path("/nonexistent"), environ={}).where(("target",)) is None


@pytest.mark.parametrize("name", ["loop", "a\0b"])
def test_what_can_be_no_path_is_a_settings_error(project, name):
    (project.folder / "loop").symlink_to("loop")
    with pytest.raises(SettingsError, match="cannot be a path"):
        project.load().path(name)


def test_a_pipe_in_place_of_an_env_file_is_not_waited_for(project):
    os.mkfifo(project.folder / "pipe")
    project.yaml("target: {env_files: [pipe]}\n")
    assert project.load().secret(SecretSource(env="X")) is None


def test_paths_are_relative_to_the_settings_file(project):
    (project.folder / "sub").mkdir()
    path = project.write("sub/stripe-audit.yaml", "version: 1\n")
    settings = project.load(path=path)
    assert settings.path("x/../y") == project.folder.resolve() / "sub/y"
    assert settings.path("/abs") == Path("/abs")


_names = st.text("abAB_{}[]:9.é\n\x1b", max_size=6)
_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_names, inner, max_size=2),
    max_leaves=5,
)
_known = st.sampled_from(
    ["version", "target", "audit", "observers", "stripe", "url", "launch", "routes", "webhook", "items"]
)


@hypothesis_settings(max_examples=60)
@given(st.dictionaries(_known | _names, st.dictionaries(_known | _names, _data, max_size=3) | _data, max_size=3))
def test_any_data_is_settings_or_a_settings_error(data):
    try:
        load_settings(folder=Path("/nonexistent"), environ={}, flags=data)
    except SettingsError as error:
        assert error.message and all(line.startswith("flag: ") for line in error.message.splitlines())
        assert "\x1b" not in error.message
