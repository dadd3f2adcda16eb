"""Whole projects, surveyed, and the settings that are written of them."""

from __future__ import annotations

import json

import pytest
import yaml

from stripe_audit.settings import load_settings
from stripe_audit.survey import survey
from stripe_audit.survey.writing import Answers, ci_job, settings_text

FASTIFY = {
    "package.json": json.dumps({"scripts": {"start": "node a.js"}, "dependencies": {"fastify": "5", "stripe": "19"}}),
    ".env": "PORT=3001\nSTRIPE_SECRET_KEY=sk_test_x\nHOOK=whsec_aaaaaaaaaaaaaaaaaaaa\n",
    ".env.example": "A=1\n",
    "vite.config.ts": "export default {}",
    "a.ts": """\
import { pay } from './pay.js';
app.register(pay, { prefix: '/api' });
app.get('/api/health', f);
app.get('/api/webhooks/health', f);
app.post('/api/webhooks/stripe', async () => {
  // stripe
  switch (event.type) { case 'payment_intent.succeeded': case "charge.refunded": case 'no.such_event': }
});
app.listen({ port: process.env.PORT });
""",
    "pay.ts": """\
app.post('/create-payment-intent', async (request) => {
  const { amount, orderId, email: customer } = request.body as Body;
  return { clientSecret: intent.client_secret };
});
app.post('/customers', async (request) => ({ customerId: customer.id }));
app.get('/orders/:orderId', async () => ({ state: order.state, amount: order.amount }));
""",
    "node_modules/x/index.js": "app.post('/never', f)",
    "a.test.ts": "app.post('/webhooks/never', f)",
}
FLASK = {
    "requirements.txt": "Flask==3.0\nstripe>=11\n",
    "app.py": """\
app = Flask(__name__)
@app.post('/pay')
def pay():
    data = request.get_json()
    stripe.PaymentIntent.create(amount=data['amount'], currency=data.get('currency'))
    return jsonify({'client_secret': intent.client_secret})
@app.route('/stripe/webhook', methods=['POST'])
def hook():
    if event['type'] == 'payment_intent.succeeded': ...
""",
}


@pytest.fixture
def project(tmp_path):
    def made(files: dict[str, str]):
        for name, text in files.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path / "shop"

    return made


def test_a_fastify_project(project):
    found = survey(project(FASTIFY))
    assert (found.framework, found.start.value, found.port.value) == ("Fastify", "npm start", "3001")
    assert (found.env_files, found.variables, found.webhook_variable) == ((".env",), 3, "HOOK")
    assert {one.role: one.route.path for one in found.roles} == {
        "webhook": "/api/webhooks/stripe",
        "webhook_health": "/api/webhooks/health",
        "health": "/api/health",
        "create_payment": "/api/create-payment-intent",
        "customer": "/api/customers",
        "order": "/api/orders/{orderId}",
    }
    assert found.events == ("charge.refunded", "payment_intent.succeeded")
    (pay,) = found.having("create_payment")
    assert pay.body == {"amount": "{amount}", "orderId": "{order}", "email": "{email}"}
    assert pay.response == {"client_secret": "clientSecret"}
    assert found.having("order")[0].response == {"status": "state", "amount": "amount"}
    assert found.frontend_port == 5173 and found.reads_port
    assert "# frontend_launch: {command: npx vite preview" in settings_text(found)


def test_a_flask_project(project):
    found = survey(project(FLASK))
    assert (found.framework, found.start.value) == ("Flask", "python -m flask --app app:app run --port {port}")
    (pay,) = found.having("create_payment")
    assert (pay.method, pay.body) == ("POST", {"amount": "{amount}", "currency": "{currency}"})
    assert [one.route.path for one in found.having("webhook")] == ["/stripe/webhook"]


def test_the_server_of_a_project_with_several_parts_is_found(project):
    found = survey(project({f"backend/{name}": text for name, text in FASTIFY.items()} | {"web/index.html": ""}))
    assert (found.server, found.framework, found.env_files) == ("backend", "Fastify", ("backend/.env",))
    assert "cwd: backend" in settings_text(found)


def test_an_empty_folder_gives_settings_that_say_what_is_missing(project):
    text = settings_text(survey(project({"README": ""})))
    assert "no command was found" in text and "no routes were found" in text


@pytest.mark.parametrize("files", [FASTIFY, FLASK, {"README": ""}], ids=["fastify", "flask", "empty"])
def test_what_is_written_loads(project, files):
    folder = project(files)
    found = survey(folder)
    (folder / "stripe-audit.yaml").write_text(settings_text(found), "utf-8")
    model = load_settings(folder / "stripe-audit.yaml", environ={}).model
    assert model.target.environment == "test"
    assert [webhook.path for webhook in model.target.routes.webhook] == [
        one.route.path for one in found.having("webhook")
    ]
    if found.start:
        assert "{secret_key}" in model.target.launch.env.values()
    assert "jobs" in yaml.safe_load(ci_job(found))


def test_answers_fill_what_was_not_found(project):
    folder = project({"README": ""})
    told = Answers(start="./serve --port {port}", port="8080", webhook="/hook")
    (folder / "stripe-audit.yaml").write_text(settings_text(survey(folder), told), "utf-8")
    target = load_settings(folder / "stripe-audit.yaml", environ={}).model.target
    assert target.launch.command == ["./serve", "--port", "{port}"]
    assert target.routes.webhook[0].path == "/hook"


@pytest.mark.parametrize("name", ["yes", "a: b", "#x", "{x}", "é", "12"])
def test_a_folder_may_have_any_name(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "stripe-audit.yaml").write_text(settings_text(survey(folder)), "utf-8")
    assert load_settings(folder / "stripe-audit.yaml", environ={}).model.target.name == name


def test_broken_files_are_no_obstacle(project):
    found = survey(project({"package.json": "[", "Procfile": "web:", "a.js": "app.post('/x'", ".env": "\0="}))
    assert found.framework is None and not found.roles
