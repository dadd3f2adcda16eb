"""Stack traces of the usual languages are known, in plain text, JSON and HTML; ordinary answers are left alone."""

from __future__ import annotations

import json
import traceback

import pytest

from stripe_audit.web import secret_in, stack_trace_in

NODE = """TypeError: Cannot read properties of undefined (reading 'object')
    at handler (/app/src/routes/webhook.js:42:17)
    at async Object.<anonymous> (file:///app/dist/server.js:10:3)
    at node:internal/process/task_queues:95:5
"""
JAVA = "java.lang.NullPointerException: null\n\tat com.shop.Webhook.handle(Webhook.java:31)\n\t... 42 more"
DOTNET = "System.NullReferenceException\n   at Shop.Webhook.Handle(String body) in /src/Webhook.cs:line 42"
PHP = "Fatal error: Uncaught TypeError in /var/www/webhook.php:12\nStack trace:\n#0 /var/www/index.php(7): handle()"
RUBY = "app/controllers/webhooks_controller.rb:12:in `create'"
GO = "panic: runtime error: index out of range\n\ngoroutine 7 [running]:\nmain.handle()"


def python() -> str:
    try:
        json.loads("no json")
    except ValueError:
        return traceback.format_exc()
    raise AssertionError


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (python(), "Python"),
        (NODE, "JavaScript"),
        (JAVA, "Java"),
        (DOTNET, ".NET"),
        (PHP, "PHP"),
        (RUBY, "Ruby"),
        (GO, "Go"),
        ("<title>Werkzeug Debugger</title>", "a framework's debug page"),
    ],
)
def test_a_stack_trace_is_known_by_its_language(text, language):
    assert stack_trace_in(text) == language
    assert stack_trace_in(json.dumps({"error": {"stack": text}})) == language
    html = text.replace('"', "&quot;").replace("'", "&#39;").replace("`", "&#96;").replace("\n", "<br>")
    assert stack_trace_in(f"<pre>\n{html}</pre>") == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"error": {"code": "bad_signature", "message": "The signature is not valid."}}',
        "<h1>400 Bad Request</h1>\n<p>at the gate</p>",
        "No signatures found matching the expected signature for payload. Are you passing the raw request body?\n"
        "Learn more about webhook signing at https://github.com/stripe/stripe-node#webhook-signing",
        "Meet us at 10:30:15 (local time)",
    ],
)
def test_an_ordinary_answer_is_none(text):
    assert stack_trace_in(text) is None
    assert secret_in(text) is None


def test_a_secret_is_known_by_its_shape():
    assert secret_in('{"config": {"key": "sk_test_51Abcdefghijk"}}') == "sk_test_51Abcdefghijk"
    assert secret_in("secret whsec_abcdefgh12345678 does not match") == "whsec_abcdefgh12345678"
    assert secret_in("pk_test_51Abcdefghijk is public") is None
