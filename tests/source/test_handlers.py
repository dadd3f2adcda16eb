"""Code that handles webhook events, in several languages: what it names, whether it is reached, what it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_audit.source import broken_imports, files_on_disk, handles_webhooks, named_types, read_code, services
from stripe_audit.source.code import CodeFile, code_file
from stripe_audit.webhooks import event_types

TYPES = frozenset(event_types())
VERIFIES = "const event = stripe.webhooks.constructEvent(body, signature, secret);\n"
SERVICE = code_file("src/services/webhook-service.ts", f"import Stripe from 'stripe';\n{VERIFIES}")


def typos(text: str, path: str = "src/hooks.ts") -> list[tuple[str, str | None]]:
    file = code_file(path, f"// stripe\nconst s = require('stripe');\n{VERIFIES}{text}")
    return [(one.name, one.meant) for one in named_types([file], TYPES) if one.meant]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("case 'payment_intent.suceeded':", "payment_intent.succeeded"),
        ('if event["type"] == "invoice.payment_suceeded":', "invoice.payment_succeeded"),
        ("when 'charge.refundd'", "charge.refunded"),
        ('"customer.subscription.deletd" => $this->end($event),', "customer.subscription.deleted"),
        ("const kinds = ['invoice.paid', 'invoice.payment_faild'];", "invoice.payment_failed"),
        ("hooks.on('checkout.session.complete_d', fulfil);", "checkout.session.completed"),
        ("  'payment_intents.succeeded': pay,", "payment_intent.succeeded"),
    ],
)
def test_a_misspelt_name_is_told_with_what_was_meant(text, meant):
    assert [found for _, found in typos(text)] == [meant]


@pytest.mark.parametrize(
    "text",
    [
        "case 'payment_intent.succeeded':",
        "if (event.type.startsWith('payment_intent.')) {",
        "if (event.type.startsWith('charge.refund')) {",
        "if event['type'].startswith(('invoice.payment',)):",
        "stripe.charges.retrieve(id, { expand: ['balance_transactions'] })",
        "expand: ['payment_intent.succeede']",
        "const id = _.get(event, 'customer.created_at');",
        "case 'customer.id':",
        "case 'v1.payment_intent.suceeded':",
        "// case 'payment_intent.suceeded':",
        "logger.info('payment_intent.suceeded')",
        "import x from 'payment_intent.suceeded';",
        "case 'order.created':",  # some other sender's
    ],
)
def test_what_is_no_misspelt_name_is_left_alone(text):
    assert typos(text) == []


def test_other_senders_code_is_not_looked_at():
    paddle = code_file(
        "paddle.ts", "switch (type) { case 'invoice.payd': case 'invoice.paid': case 'customer.created': }"
    )
    assert named_types([paddle], TYPES) == []


@pytest.mark.parametrize(
    ("path", "text", "is_handler"),
    [
        ("a.py", "event = stripe.Webhook.construct_event(body, header, secret)", True),
        ("a.rb", "Stripe::Webhook.construct_event(payload, header, secret)", True),
        ("a.php", "$event = \\Stripe\\Webhook::constructEvent($body, $header, $secret);", True),
        ("a.go", 'event, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), secret)', True),
        ("a.ts", "case 'invoice.paid': case 'charge.refunded':", True),
        ("a.ts", "track('invoice.paid')", False),
        ("a.ts", "// constructEvent", False),
        ("tests/a.ts", VERIFIES, False),
        ("src/a.spec.ts", VERIFIES, False),
    ],
)
def test_which_files_handle_webhook_events(path, text, is_handler):
    assert handles_webhooks(code_file(path, text), TYPES) is is_handler


def reached(*others: tuple[str, str], service: CodeFile = SERVICE) -> tuple[bool, tuple[str, int] | None]:
    found = services([service, *(code_file(path, text) for path, text in others)], TYPES)
    (one,) = [one for one in found if one.path == service.path]
    return one.is_reached, one.commented


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/server.ts", "import { WebhookService } from './services/webhook-service';"),
        ("src/server.ts", "const { receive } = require('./services/webhook-service.js');"),
        ("src/server.ts", "await import('./services/webhook-service')"),
        ("src/app.module.ts", "providers: [WebhookService]"),
        ("package.json", '{"scripts": {"hooks": "node dist/services/webhook-service.js"}}'),
        ("src/plugins.ts", "fastify.register(autoload, { dir: 'services' })"),
    ],
)
def test_a_service_that_is_named_anywhere_counts_as_reached(path, text):
    assert reached((path, text)) == (True, None)


@pytest.mark.parametrize(
    ("others", "commented"),
    [
        ([("src/server.ts", "app.listen(1)")], None),
        (
            [("src/server.ts", "a\n// import { WebhookService } from './services/webhook-service'\n")],
            ("src/server.ts", 2),
        ),
        ([("src/server.ts", "/*\nimport x from './services/webhook-service'\n*/\n")], ("src/server.ts", 2)),
        ([("tests/hooks.test.ts", "import { WebhookService } from '../services/webhook-service'")], None),
        ([("src/other.ts", "import './services/my-webhook-service-2'")], None),
    ],
)
def test_a_service_that_no_code_names_is_not_reached(others, commented):
    assert reached(*others) == (False, commented)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/index.ts", VERIFIES),
        ("src/pages/api/hooks.ts", VERIFIES),
        ("app/api/stripe/route.ts", VERIFIES),
        ("api/stripe-hook.ts", VERIFIES),
        ("netlify/functions/hook.ts", VERIFIES),
        ("app/controllers/stripe_hooks_controller.rb", "Stripe::Webhook.construct_event(a, b, c)"),
        ("hooks.ts", f"{VERIFIES}\napp.listen(3000)"),
        ("hook.py", "stripe.Webhook.construct_event(a, b, c)\nif __name__ == '__main__':\n    run()"),
        ("internal/hooks.go", "webhook.ConstructEvent(a, b, c)"),  # a package is used, not a file
        ("src/main/java/HookController.java", "Webhook.constructEvent(a, b, c)"),
        ("app/Listeners/OnPaid.php", "Webhook::constructEvent($a, $b, $c)"),
    ],
)
def test_entries_and_what_frameworks_find_are_reached(path, text):
    assert reached(service=code_file(path, text)) == (True, None)


@pytest.mark.parametrize(
    ("wanted", "is_broken"),
    [
        ("./near", False),
        ("./near.js", False),  # TypeScript names what will be made of near.ts
        ("../lib", False),
        ("../data.json", False),
        ("./gone", True),
        ("../gone/index.js", True),
        ("../../../outside", False),
        ("./generated/client", False),
        ("@/services/gone", False),  # an alias: nothing is known of it
        ("stripe", False),
    ],
)
def test_imports_that_lead_nowhere(wanted, is_broken):
    existing = {"src/services/near.ts", "src/lib/index.ts", "src/data.json", SERVICE.path}
    file = code_file(SERVICE.path, f"import {{ a }} from '{wanted}';\n{VERIFIES}")
    found = [(one.line, one.wanted) for one in broken_imports([file], existing, TYPES)]
    assert found == ([(1, wanted)] if is_broken else [])


def test_a_tree_is_read_without_what_others_wrote(tmp_path: Path) -> None:
    for name in (
        "src/a.ts",
        "node_modules/b/c.ts",
        "dist/a.js",
        "src/a.min.js",
        "notes.md",
        "package.json",
        ".venv/d.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n// y\n", "utf-8")
    (tmp_path / "src/link.ts").symlink_to(tmp_path / "src/a.ts")
    files = read_code(tmp_path)
    assert [file.path for file in files] == ["package.json", "src/a.ts"]
    assert files[1].code == ("x", "")
    assert files[1].comments == {2: "// y"}
    assert {"src/a.ts", "notes.md"} <= files_on_disk(tmp_path)
    assert not any("node_modules" in name for name in files_on_disk(tmp_path))
