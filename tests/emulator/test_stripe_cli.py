"""The official Stripe CLI as a client: ``listen``, ``logs tail``, ``events resend``, requests and fixtures."""

from __future__ import annotations

import json

import pytest
import stripe

from stripe_audit.emulator import Emulator, EmulatorConfig
from tests.emulator.official_cli import Cli
from tests.emulator.receiver import Receiver
from tests.emulator.steps import Control, create, pay, wait_for

pytestmark = pytest.mark.cli
PAYMENT = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("cli")


@pytest.fixture
def cli(emulator, home):
    return Cli(emulator, home)


@pytest.fixture
def listening(control):
    """Wait until so many CLIs are connected."""

    def wait(count=1):
        return wait_for(lambda: sum(one["is_connected"] for one in control.get("stripecli")["sessions"]) == count)

    return wait


@pytest.fixture(autouse=True)
def _nobody_listens(control):
    """A CLI that was stopped is known to be gone before the next test."""

    def is_gone():
        control.delete("stripecli")
        return not control.get("stripecli")["sessions"]

    wait_for(is_gone)


class TestForwarding:
    def test_events_reach_the_app_in_order_and_verify(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--forward-to", receiver.url) as running:
            intent = pay(client, description="Zwölf Würste 🌭")
            assert control.post("deliveries/drain")["drained"] is True
            assert receiver.types == PAYMENT
            for got in receiver.received:
                event = client.construct_event(got.body, got.headers["Stripe-Signature"], running.secret)
                assert intent.id in (event.data.object.id, event.data.object.to_dict().get("payment_intent"))
            assert receiver.received[0].event["data"]["object"]["description"] == "Zwölf Würste 🌭"
            assert (
                receiver.received[0].body
                == json.dumps(receiver.received[0].event, indent=2, ensure_ascii=False).encode()
            )

    def test_they_look_like_stripes(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--forward-to", receiver.url):
            create(client)
            control.post("deliveries/drain")
        (got,) = receiver.received
        assert got.headers["User-Agent"] == "Stripe/1.0 (+https://stripe.com/docs/webhooks)"
        assert got.headers["Content-Type"] == "application/json; charset=utf-8"
        assert got.event["pending_webhooks"] == 1

    def test_the_apps_answers_are_in_the_delivery_journal(self, cli, client, control, receiver):
        receiver.answer = lambda n: 500 if n == 1 else 200
        with cli.listen("--all-snapshot", "--forward-to", receiver.url):
            first, second = create(client), create(client)
            control.post("deliveries/drain")
            wait_for(lambda: all(one["attempts"][0]["status"] for one in control.get("deliveries")["deliveries"]))
            told = [control.get(f"deliveries?object={one.id}")["deliveries"] for one in (first, second)]
        states = sorted((one["state"], one["attempts"][0]["status"]) for (one,) in told)
        assert states == [("delivered", 200), ("failed", 500)]
        assert all(one["url"] == receiver.url and one["attempts"][0]["response_body"] == "ok" for (one,) in told)
        pending = {one.data.object.id: one.pending_webhooks for one in client.v1.events.list().data}
        assert sorted(pending.values()) == [0, 1]

    def test_an_answer_that_comes_late_is_still_recorded(self, cli, client, control, receiver):
        receiver.answer = lambda n: 503
        receiver.open.clear()
        with cli.listen("--all-snapshot", "--forward-to", receiver.url):
            intent = create(client)
            assert control.post("deliveries/drain")["drained"] is True, "the queue does not wait for a slow app"
            (before,) = control.get(f"deliveries?object={intent.id}")["deliveries"]
            assert before["state"] == "delivered" and "no answer" in before["attempts"][0]["error"]
            receiver.open.set()
            wait_for(lambda: control.get("deliveries")["deliveries"][0]["attempts"][0]["status"] == 503)
        assert control.get("deliveries")["deliveries"][0]["state"] == "failed"

    def test_redirects_are_not_followed(self, cli, client, control, receiver):
        receiver.answer = lambda n: 302
        with cli.listen("--all-snapshot", "--forward-to", receiver.url):
            create(client)
            control.post("deliveries/drain")
        (told,) = control.get("deliveries")["deliveries"]
        assert (told["state"], told["attempts"][0]["status"], len(receiver.received)) == ("failed", 302, 1)

    def test_only_the_events_that_were_asked_for(self, cli, client, control, receiver):
        with cli.listen("--events", "payment_intent.succeeded", "--forward-to", receiver.url):
            pay(client)
            assert control.post("deliveries/drain")["drained"] is True
            wait_for(lambda: receiver.received)
            pay(client)
            assert control.post("deliveries/drain")["drained"] is True
            wait_for(lambda: len(receiver.received) == 2)
        assert receiver.types == ["payment_intent.succeeded"] * 2

    def test_a_burst_arrives_once_each(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--forward-to", receiver.url):
            for number in range(60):
                control.post("events", type="a.b", object={"id": f"o{number}"})
            assert control.post("deliveries/drain")["drained"] is True
            wait_for(lambda: len(receiver.received) == 60)
        assert len({one.event["id"] for one in receiver.received}) == 60

    def test_two_at_once_both_get_everything(self, cli, client, control, receiver):
        other = Receiver()
        try:
            with (
                cli.listen("--all-snapshot", "--forward-to", receiver.url) as first,
                cli.listen("--all-snapshot", "--forward-to", other.url) as second,
            ):
                pay(client)
                control.post("deliveries/drain")
                assert first.secret == second.secret
        finally:
            other.stop()
        assert receiver.types == other.types == PAYMENT

    def test_beside_a_webhook_endpoint(self, cli, client, control, receiver):
        other = Receiver()
        try:
            client.v1.webhook_endpoints.create({"url": other.url, "enabled_events": ["*"]})
            with cli.listen("--all-snapshot", "--forward-to", receiver.url):
                create(client)
                control.post("deliveries/drain")
        finally:
            other.stop()
        bodies = [receiver.received[0].event, other.received[0].event]
        assert bodies[0]["id"] == bodies[1]["id"]
        assert client.v1.events.list().data[0].pending_webhooks == 0

    def test_configured_webhooks_give_the_paths(self, cli, client, control, receiver):
        client.v1.webhook_endpoints.create({"url": "https://shop.example/hooks/stripe", "enabled_events": ["*"]})
        base = receiver.url.removesuffix("/webhook")
        with cli.listen("--all-snapshot", "--use-configured-webhooks", "--forward-to", base):
            create(client)
            control.post("deliveries/drain")
            wait_for(lambda: receiver.received)
        assert receiver.received[0].path == "/hooks/stripe"


class TestHolds:
    def test_held_events_wait_and_leave_in_the_order_asked_for(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--forward-to", receiver.url):
            control.post("deliveries/hold", all=True)
            intent = pay(client)
            assert control.post("deliveries/drain")["drained"] is True and receiver.received == []
            control.post("deliveries/release", object=intent.id, types=PAYMENT[::-1])
            assert receiver.types == PAYMENT[::-1]

    def test_a_copy_more_than_once(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--forward-to", receiver.url):
            create(client)
            control.post("deliveries/drain")
            (event,) = control.get("events")["events"]
            control.post("deliveries/resend", event=event["id"], copies=3, concurrent=True)
        assert len(receiver.received) == 4


class TestVersions:
    def test_the_accounts_by_default(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--forward-to", receiver.url) as running:
            assert running.count("2026-08-26.dahlia") == 1
            create(client)
            control.post("deliveries/drain")
        assert [one.event["api_version"] for one in receiver.received] == ["2026-08-26.dahlia"]

    def test_the_latest_where_it_is_asked_for(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--latest", "--forward-to", receiver.url) as running:
            assert running.count(stripe.api_version) == 1
            create(client)
            control.post("deliveries/drain")
        assert [one.event["api_version"] for one in receiver.received] == [stripe.api_version]


class TestThin:
    def test_notifications_of_the_same_changes(self, cli, client, control, receiver):
        with cli.listen("--all-thin", "--forward-to", receiver.url) as running:
            intent = pay(client)
            assert control.post("deliveries/drain")["drained"] is True
            wait_for(lambda: len(receiver.received) == 4)
            told = [
                client.parse_event_notification(one.body, one.headers["Stripe-Signature"], running.secret)
                for one in receiver.received
            ]
        assert [one.type for one in told] == [f"v1.{type}" for type in PAYMENT]
        assert (told[2].related_object.id, told[2].fetch_related_object().status) == (intent.id, "succeeded")
        with pytest.raises(ValueError):
            client.construct_event(
                receiver.received[0].body, receiver.received[0].headers["Stripe-Signature"], running.secret
            )

    def test_no_flag_prints_both(self, cli, client, control):
        with cli.listen() as running:
            intent = create(client)
            assert control.post("deliveries/drain")["drained"] is True
            running.wait_for_line(" payment_intent.created")
            running.wait_for_line("v1.payment_intent.created")
        states = {
            (one["endpoint"][:2], one["state"]) for one in control.get(f"deliveries?object={intent.id}")["deliveries"]
        }
        assert states == {("we", "delivered"), ("ed", "delivered")}


class TestConnection:
    def test_the_secret_is_the_same_every_time(self, cli, control):
        first, second = cli("listen", "--print-secret"), cli("listen", "--print-secret")
        assert first.stdout == second.stdout and first.stdout.startswith("whsec_")
        assert not any(one["is_live"] for one in control.get("stripecli")["sessions"])

    def test_another_key_has_another_secret(self, cli, emulator, home):
        other = Cli(emulator, home)
        other.address = ["--api-base", emulator.url, "--api-key", emulator.keys.audit_secret]
        assert cli("listen", "--print-secret").stdout != other("listen", "--print-secret").stdout

    def test_a_wrong_key_ends_it(self, emulator, home):
        wrong = Cli(emulator, home)
        wrong.address = ["--api-base", emulator.url, "--api-key", "sk_test_short1234"]
        answer = wrong("listen", "--print-secret")
        assert answer.returncode == 1 and "401" in answer.stderr

    def test_it_ends_when_told_to(self, cli, control):
        with cli.listen() as running:
            assert running.stop() == 0
        wait_for(lambda: not any(one["is_live"] for one in control.get("stripecli")["sessions"]))

    def test_planned_resets_lose_nothing(self, home, receiver):
        with Emulator(EmulatorConfig(cli_reset_seconds=1)) as emulator:
            control = Control(emulator.url, emulator.control_token)
            connections = []
            with Cli(emulator, home).listen("--all-snapshot", "--forward-to", receiver.url):

                def is_back():
                    control.post("events", type="a.b", object={"id": f"o{len(connections)}"})
                    connections.append(control.get("stripecli")["sessions"][0]["is_connected"])
                    return connections[-1] and not all(connections)

                wait_for(is_back, seconds=40)  # a dial that fails is tried again after ten seconds
                assert control.post("deliveries/drain")["drained"] is True
                assert len(control.get("stripecli")["sessions"]) == 1, "it came back with the same id"
                told = control.get("deliveries")["deliveries"]
                assert [one["attempts"] for one in told if one["state"] != "delivered"] == []

                # What was under way when the connection was reset may come twice; nothing may be missing.
                def missing():
                    seen = {one.event["data"]["object"]["id"] for one in list(receiver.received)}
                    return {f"o{number}" for number in range(len(connections))} - seen

                wait_for(lambda: not missing(), 15)

    def test_a_restarted_emulator_takes_it_back(self, home, receiver):
        with Emulator(EmulatorConfig(seed=5)) as emulator:
            port = int(emulator.url.rpartition(":")[2])
            cli = Cli(emulator, home)
            with cli.listen("--all-snapshot", "--forward-to", receiver.url) as running:
                emulator.stop()
                with Emulator(EmulatorConfig(seed=5, port=port)) as again:
                    control = Control(again.url, again.control_token)
                    wait_for(lambda: any(one["is_connected"] for one in control.get("stripecli")["sessions"]), 25)
                    control.post("events", type="payment_intent.created", object={"id": "o"})
                    assert control.post("deliveries/drain")["drained"] is True
                    (got,) = wait_for(lambda: receiver.received)
                    stripe.Webhook.construct_event(got.body, got.headers["Stripe-Signature"], running.secret)

    def test_a_reset_of_the_emulator_keeps_the_connection(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--forward-to", receiver.url):
            control.post("reset")
            create(client)
            control.post("deliveries/drain")
        assert receiver.types == ["payment_intent.created"]


class TestLogs:
    def shown(self, running):
        return [json.loads(line) for line in running.out if line.startswith("{")]

    def test_every_call_is_shown(self, cli, client):
        with cli.running("logs", "tail", "--format", "JSON") as running:
            intent = create(client)
            with pytest.raises(stripe.CardError):
                pay(client, "pm_card_visa_chargeDeclined")
            running.wait_for_line('"status": 402')
            first, second = sorted(self.shown(running), key=lambda one: one["status"])
        assert (first["method"], first["url"], first["status"], first["request_id"]) == (
            "POST",
            "/v1/payment_intents",
            200,
            intent.last_response.headers["Request-Id"],
        )
        assert (second["error"]["type"], second["error"]["decline_code"]) == ("card_error", "generic_decline")

    @pytest.mark.parametrize(
        ("flags", "urls"),
        [
            (("--filter-http-method", "GET"), ["/v1/balance", "/v1/customers/none"]),
            (("--filter-status-code-type", "4XX"), ["/v1/customers/none"]),
            (("--filter-status-code", "404"), ["/v1/customers/none"]),
            (("--filter-request-status", "SUCCEEDED"), ["/v1/products", "/v1/balance"]),
            (("--filter-request-path", "/v1/balance"), ["/v1/balance"]),
            (("--filter-source", "DASHBOARD"), []),
        ],
    )
    def test_filters(self, cli, client, flags, urls):
        with (
            cli.running("logs", "tail", "--format", "JSON", *flags) as running,
            cli.running("logs", "tail") as all_calls,
        ):
            client.v1.products.create({"name": "Book"})
            client.v1.balance.retrieve()
            with pytest.raises(stripe.InvalidRequestError):
                client.v1.customers.retrieve("none")
            all_calls.wait_for_line("/v1/customers/none")
            for url in urls:
                running.wait_for_line(url)
            assert sorted(one["url"] for one in self.shown(running)) == sorted(urls)


class TestCommands:
    def test_resend_to_those_who_listen(self, cli, client, control, receiver):
        with cli.listen("--all-snapshot", "--forward-to", receiver.url) as running:
            create(client)
            control.post("deliveries/drain")
            (event,) = control.get("events")["events"]
            answer = cli("events", "resend", event["id"])
            assert json.loads(answer.stdout)["id"] == event["id"]
            wait_for(lambda: len(receiver.received) == 2)
            client.construct_event(
                receiver.received[1].body, receiver.received[1].headers["Stripe-Signature"], running.secret
            )

    def test_resend_to_a_webhook_endpoint(self, cli, client, control, receiver):
        endpoint = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        create(client)
        control.post("deliveries/drain")
        (event,) = control.get("events")["events"]
        cli("events", "resend", event["id"], "--webhook-endpoint", endpoint.id)
        wait_for(lambda: len(receiver.received) == 2)
        client.construct_event(
            receiver.received[1].body, receiver.received[1].headers["Stripe-Signature"], endpoint.secret
        )
        (told,) = control.get("deliveries")["deliveries"]
        assert len(told["attempts"]) == 2

    def test_requests(self, cli):
        made = json.loads(cli("post", "/v1/customers", "-d", "metadata[a]=b", "-d", "name=Ada").stdout)
        assert (made["name"], made["metadata"]) == ("Ada", {"a": "b"})
        assert json.loads(cli("get", made["id"]).stdout) == made
        assert json.loads(cli("customers", "create", "--name=Bo").stdout)["name"] == "Bo"
        page = json.loads(cli("get", "/v1/customers", "-l", "1").stdout)
        assert (len(page["data"]), page["has_more"]) == (1, True)
        assert json.loads(cli("delete", f"/v1/customers/{made['id']}", "-c").stdout)["deleted"] is True
        assert json.loads(cli("get", "/v1/customers/none").stdout)["error"]["code"] == "resource_missing"

    def test_idempotency(self, cli):
        first, second = (cli("post", "/v1/customers", "-d", "name=Ada", "-i", "key-1").stdout for _ in range(2))
        assert json.loads(first) == json.loads(second)

    def test_a_fixtures_file(self, cli, client, tmp_path):
        steps = [
            {"name": "customer", "path": "/v1/customers", "method": "post", "params": {"name": "Ada"}},
            {
                "name": "intent",
                "path": "/v1/payment_intents",
                "method": "post",
                "params": {
                    "amount": 700,
                    "currency": "eur",
                    "customer": "${customer:id}",
                    "payment_method": "pm_card_visa",
                    "payment_method_types": ["card"],
                    "confirm": True,
                },
            },
        ]
        path = tmp_path / "steps.json"
        path.write_text(json.dumps({"_meta": {"template_version": 0}, "fixtures": steps}), "utf-8")
        answer = cli("fixtures", str(path))
        assert answer.returncode == 0, answer.stderr
        (intent,) = client.v1.payment_intents.list().data
        assert (intent.status, intent.amount, client.v1.customers.retrieve(intent.customer).name) == (
            "succeeded",
            700,
            "Ada",
        )

    def test_a_fixture_that_fails_says_so(self, cli, tmp_path):
        path = tmp_path / "steps.json"
        step = {"name": "x", "path": "/v1/payment_intents", "method": "post", "params": {"amount": 700}}
        path.write_text(json.dumps({"_meta": {"template_version": 0}, "fixtures": [step]}), "utf-8")
        answer = cli("fixtures", str(path))
        assert answer.returncode == 1 and "currency" in answer.stdout + answer.stderr
