"""From settings to the target's description, and to what is declared."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest

from stripe_audit.check import NEEDS
from stripe_audit.describe import declared_needs, project_of, scenario_places, target_spec, webhook_secrets
from stripe_audit.keys import KeyKind
from stripe_audit.settings import load_settings

LAUNCH = {"command": "npm start", "env": {"KEY": "{secret_key}", "PK": "{publishable_key}", "PORT": "{port}"}}
MUG = {"id": "mug", "price": "19.99", "currency": "usd"}
HELD = {"id": "bust", "price": "64.10", "currency": "gbp", "capture": "manual"}
WHOLE = {
    "target": {
        "name": "shop",
        "url": "http://127.0.0.1:{port}/",
        "https_url": "https://127.0.0.1:{https_port}",
        "frontend_url": "http://127.0.0.1:5173/",
        "ca_file": "certs/ca.pem",
        "root": "src",
        "env_files": [".env"],
        "page_scripts": [{"source": "/shop.js", "reason": "the shop"}],
        "page_headers": {"Referrer-Policy": "no-referrer"},
        "stripe": "env",
        "launch": LAUNCH,
        "database": {"kind": "sqlite", "path": "{scratch}/shop.db"},
        "items": [MUG, HELD],
        "plans": [{"id": "club", "price": "9.95", "currency": "usd", "trial": True}],
        "routes": {
            "webhook": [
                {"name": "main", "path": "/hook", "secret": {"generated": True}, "events": ["a.b"]},
                {"name": "other", "path": "/other", "secret": {"env": "OTHER_SECRET"}},
                {"name": "third", "path": "/third", "secret": "whsec_given"},
                {"name": "last", "path": "/last", "connect": True},
            ],
            **{
                role: {"path": f"/{role}"}
                for role in ("health", "webhook_health", "customer", "catalogue", "page", "pay_retry", "checkout")
            },
            **{role: {"path": f"/{role}"} for role in ("return_page", "reconcile")},
            "subscribe": {"path": "/subscribe", "method": "POST"},
            "create_payment": {
                "path": "/pay",
                "method": "POST",
                "body": {"amount": "{amount}"},
                "response": {"client_secret": "a.b"},
                "amount_unit": "major",
                "login": {"path": "/login", "token": "token"},
            },
            "order": {"path": "/orders/{order}", "headers": {"X": "1"}},
        },
    },
    "observers": {
        "order": {"kind": "http"},
        "rows": {"shipments": {"kind": "sqlite", "path": "shop.db", "query": "SELECT 1 FROM s WHERE o = :order"}},
        "logs": {"kind": "process"},
        "mail": {"alerts_to": "ops@example.com"},
        "notifications": {"alerts_to": "/alerts", "customers_at": "/sms"},
    },
    "audit": {"browser": sys.executable},
}
NO_BROWSER = {"audit": {"browser": ""}}


def loaded(tmp_path, flags, environ=None):
    return load_settings(folder=tmp_path, flags=flags, environ=environ or {})


@pytest.fixture
def whole(tmp_path):
    return loaded(tmp_path, WHOLE, {"OTHER_SECRET": "whsec_from_environment"})


def secrets(settings, **options):
    return webhook_secrets(settings, 7, **{"is_launching": True, **options})


def declared(settings, *, is_launching=True, **options):
    spec = target_spec(settings, {}, secrets(settings, is_launching=is_launching))
    return declared_needs(settings, spec, is_launching=is_launching, **options)


def test_the_targets_description(whole, tmp_path):
    spec = target_spec(whole, {"port": "4711", "https_port": "4712"}, secrets(whole))
    assert (spec.name, spec.url, spec.https_url) == ("shop", "http://127.0.0.1:4711", "https://127.0.0.1:4712")
    assert spec.frontend_url == "http://127.0.0.1:5173"
    assert spec.ca_file == str(tmp_path.resolve() / "certs/ca.pem")
    assert [(item.id, item.price, item.currency) for item in spec.items] == [("mug", Decimal("19.99"), "usd")]
    assert [(item.id, item.price, item.currency) for item in spec.held_items] == [("bust", Decimal("64.10"), "gbp")]
    assert [(plan.id, plan.currency, plan.has_trial) for plan in spec.plans] == [("club", "usd", True)]
    assert set(spec.routes) == {need.removeprefix("route:") for need in NEEDS if need.startswith("route:")} - {
        "webhook"
    }
    pay = spec.routes["create_payment"]
    assert (pay.role, pay.method, pay.path, pay.amount_unit) == ("create_payment", "POST", "/pay", "major")
    assert (pay.body, pay.response) == ({"amount": "{amount}"}, {"client_secret": "a.b"})
    assert (pay.login.path, pay.login.token, pay.login.header) == ("/login", "token", "Authorization: Bearer {token}")
    assert spec.routes["order"].headers == {"X": "1"} and spec.routes["order"].method == "GET"
    hook = spec.webhooks[0]
    assert [one.is_for_connected for one in spec.webhooks] == [False, False, False, True]
    assert (hook.name, hook.path, hook.events) == ("main", "/hook", ("a.b",))


def test_ports_stay_open_until_they_are_chosen(whole):
    assert target_spec(whole, {}, secrets(whole)).url == "http://127.0.0.1:{port}"


def test_secrets_of_webhooks(whole):
    found = secrets(whole)
    assert found["main"].startswith("whsec_") and len(found["main"]) == 38
    assert (found["other"], found["third"], found["last"]) == ("whsec_from_environment", "whsec_given", None)
    assert secrets(whole) == found
    assert webhook_secrets(whole, 8, is_launching=True)["main"] != found["main"]
    unseeded = [webhook_secrets(whole, None, is_launching=True)["main"] for _ in range(2)]
    assert unseeded[0] != unseeded[1]


def test_a_secret_that_is_made_now_is_not_known_to_a_target_that_runs_already(whole):
    """Events signed with it would be refused by a sound target, and that would look like a flaw."""
    found = secrets(whole, is_launching=False)
    assert (found["main"], found["third"]) == (None, "whsec_given")


def test_everything_can_be_declared(whole):
    assert declared(whole).met == frozenset(NEEDS)
    assert declared(whole).reasons == {} and declared(whole).unreached is None


def test_nothing_is_declared_by_default(tmp_path):
    found = declared(loaded(tmp_path, NO_BROWSER), is_launching=False)
    assert (found.met, set(found.reasons)) == (frozenset(), {"chromium", "observer:customers"})


WITHOUT = [
    ("stripe", {"target": {"stripe": "none"}}),
    ("items", {"target": {"items": [HELD]}}),
    ("held_items", {"target": {"items": [MUG]}}),
    ("plans", {"target": {"plans": []}}),
    ("database", {"target": {"database": None}}),
    ("env_files", {"target": {"env_files": []}}),
    ("source", {"target": {"root": None}}),
    ("https", {"target": {"https_url": None}}),
    ("frontend", {"target": {"frontend_url": None}}),
    ("page_scripts", {"target": {"page_scripts": []}}),
    ("page_headers", {"target": {"page_headers": None}}),
    ("chromium", NO_BROWSER),
    ("observer:order", {"observers": {"order": None}}),
    ("observer:logs", {"observers": {"logs": None}}),
    ("observer:mail", {"observers": {"mail": None}}),
    ("observer:notifications", {"observers": {"notifications": None}}),
]
WITHOUT += [
    (need, {"target": {"routes": {need.removeprefix("route:"): None}}})
    for need in NEEDS
    if need.startswith("route:") and need not in ("route:webhook", "route:order")
]


@pytest.mark.parametrize(("need", "change"), WITHOUT, ids=[need for need, _ in WITHOUT])
def test_what_is_taken_away_is_no_longer_met(tmp_path, need, change):
    def changed(before, change):
        return {**before, **{k: changed(before[k], v) if isinstance(v, dict) else v for k, v in change.items()}}

    settings = loaded(tmp_path, changed(WHOLE, change), {"OTHER_SECRET": "whsec_x"})
    assert frozenset(NEEDS) - declared(settings).met == {need}


@pytest.mark.parametrize(("at", "is_met"), [("/sms", True), (None, False)])
def test_customers_are_told_by_mail_or_at_a_path_of_their_own(tmp_path, at, is_met):
    observers = {"mail": None, "notifications": {"customers_at": at}}
    found = declared(loaded(tmp_path, {**WHOLE, "observers": {**WHOLE["observers"], **observers}}))
    assert ("observer:customers" in found.met) is is_met


def test_webhooks_and_orders_take_more_with_them(tmp_path):
    routes = WHOLE["target"]["routes"]

    def without(role, value):
        flags = {**WHOLE, "target": {**WHOLE["target"], "routes": {**routes, role: value}}}
        return frozenset(NEEDS) - declared(loaded(tmp_path, flags, {"OTHER_SECRET": "x"})).met

    assert without("webhook", []) == {"route:webhook", "webhook_secret"}
    assert without("webhook", [{"path": "/hook"}]) == {"webhook_secret"}
    assert without("order", None) == {"route:order", "observer:order"}


def test_orders_in_a_database_need_no_route(tmp_path):
    order = {"order": {"kind": "sqlite", "path": "shop.db", "query": "SELECT :order"}}
    assert "observer:order" in declared(loaded(tmp_path, {"observers": order})).met


def test_a_target_that_is_not_launched_has_no_output_and_says_why(whole):
    found = declared(whole, is_launching=False)
    assert frozenset(NEEDS) - found.met == {"launch", "observer:logs", "database"}
    assert found.reasons["database"] == "the declared way to the database is that of a launched target (--no-launch)"
    assert found.reasons["launch"] == "the target is not launched by this run (--no-launch)"


def test_a_log_file_can_be_read_whoever_started_the_target(tmp_path):
    logs = {**NO_BROWSER, "observers": {"logs": {"kind": "file", "path": "shop.log"}}}
    assert declared(loaded(tmp_path, logs), is_launching=False).met == {"observer:logs"}


def test_why_there_is_no_secret(tmp_path):
    def reason(secret, **options):
        flags = {"target": {"routes": {"webhook": [{"path": "/hook", "secret": secret}]}}}
        found = declared(loaded(tmp_path, flags), **options)
        assert "webhook_secret" not in found.met
        return found.reasons["webhook_secret"]

    assert reason({"env": "NOT_THERE"}) == "the variable NOT_THERE is not set"
    told = "a generated secret is known only to a target that the audit launches"
    assert reason({"generated": True}, is_launching=False) == told


def test_an_unreached_target_is_handed_on(whole):
    assert declared(whole, unreached="gone").unreached == "gone"


def test_the_projects_files_are_absolute(whole, tmp_path):
    project = project_of(whole)
    folder = tmp_path.resolve()
    assert (project.folder, project.root, project.env_files) == (folder, folder / "src", (folder / ".env",))
    assert project.variables == {
        "KEY": KeyKind.SECRET,
        "PK": KeyKind.PUBLISHABLE,
        "OTHER_SECRET": KeyKind.WEBHOOK_SECRET,
    }
    bare = project_of(loaded(tmp_path, {}))
    assert (bare.root, bare.env_files, dict(bare.variables)) == (None, (), {})


def test_a_projects_own_scenarios(tmp_path):
    settings = loaded(tmp_path, {})
    assert scenario_places(settings) == []
    (tmp_path / "scenarios" / "other").mkdir(parents=True)
    (tmp_path / "scenarios" / "other" / "k6.yaml").write_text("stages: []\n")
    assert scenario_places(settings) == []  # what others call scenarios
    (tmp_path / "scenarios" / "refunds").mkdir()
    (tmp_path / "scenarios" / "refunds" / "late.yaml").write_text("version: 1\nsteps: []\n")
    assert scenario_places(settings) == [tmp_path / "scenarios"]
    named = loaded(tmp_path, {"audit": {"scenarios_dirs": ["journeys"]}})
    assert scenario_places(named) == [tmp_path / "journeys"]
