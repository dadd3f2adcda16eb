"""Python apps that know nothing of the audit reach its Stripe, and no other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.deployment.launch.injection import Noted, read_notes
from stripe_audit.emulator import Emulator
from tests.deployment.launch.injected import FRESH, LIVE, Ran, injection_for, python, run, run_changed


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


BEGIN = f"""
import asyncio, json, os, socket, sys
LIVE = json.loads('''{json.dumps(LIVE)}''')
def say(*words): print(json.dumps(words), flush=True)
def told(make):
    try: make()
    except Exception as error: say(type(error).__name__, str(error))
    else: say("nothing was refused")
"""
STRIPE = (
    BEGIN
    + """
import stripe
stripe.enable_telemetry = False
stripe.api_key = os.environ["STRIPE_SECRET_KEY"]
pay = dict(amount=1999, currency="usd")
"""
)


def ran(emulator: Emulator, folder: Path, code: str, **options: Any) -> Ran:
    return run(injection_for(emulator), folder, python(code), **options)


def test_every_way_to_call_stripe_reaches_the_emulator(emulator: Emulator, tmp_path: Path) -> None:
    code = """
say("module", stripe.PaymentIntent.create(**pay).id)
client = stripe.StripeClient(stripe.api_key)
say("client", client.v1.payment_intents.create(pay).id)
addressed = {"api": "https://api.stripe.com", "files": "https://files.stripe.com"}
say("addressed client", stripe.StripeClient(stripe.api_key, base_addresses=addressed).v1.payment_intents.create(pay).id)
stripe.api_base = os.environ.get("STRIPE_API_BASE", "https://api.stripe.com")
say("base set", stripe.PaymentIntent.create(**pay).id)
async def later():
    from stripe import AIOHTTPClient, HTTPXClient
    say("async", (await stripe.PaymentIntent.create_async(**pay)).id)
    await with_client(HTTPXClient(), "httpx")
    await with_client(AIOHTTPClient(), "aiohttp")
async def with_client(http, name):
    one = stripe.StripeClient(stripe.api_key, http_client=http)
    say(name, (await one.v1.payment_intents.create_async(pay)).id)
    await http.close_async()
asyncio.run(later())
for kind in (stripe.RequestsClient, stripe.UrllibClient):
    stripe.default_http_client = kind()
    say(kind.__name__, stripe.PaymentIntent.create(**pay).id)
say("uploads", stripe.upload_api_base)
"""
    found = ran(emulator, tmp_path, STRIPE + code)
    *payments, (_, uploads) = found.said
    ways = ["module", "client", "addressed client", "base set", "async", "httpx", "aiohttp"]
    assert [name for name, _ in payments] == [*ways, "RequestsClient", "UrllibClient"]
    assert all(identity.startswith("pi_") for _, identity in payments)
    assert uploads == emulator.url
    assert len(found.noted.runtimes) == 1 and found.noted.runtimes[0].startswith("Python 3")
    assert len(found.noted.libraries) == 1 and found.noted.libraries[0].startswith("stripe ")
    assert not found.noted.refused


def test_a_proxy_of_the_apps_own_does_not_come_between(emulator: Emulator, tmp_path: Path) -> None:
    code = """
stripe.proxy = "http://127.0.0.1:9"
say(stripe.PaymentIntent.create(**pay).id[:3])
client = stripe.StripeClient(stripe.api_key, proxy="http://127.0.0.1:9")
say(client.v1.payment_intents.create(pay).id[:3])
"""
    assert ran(emulator, tmp_path, STRIPE + code).said == [["pi_"], ["pi_"]]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_stripes_real_hosts_are_out_of_reach(loop: str, emulator: Emulator, tmp_path: Path) -> None:
    code = f"""
import httpx, requests, urllib.request, uvloop
told(lambda: socket.create_connection(("api.stripe.com", 443)))
told(lambda: socket.getaddrinfo(b"api.STRIPE.com.", 443))
told(lambda: socket.gethostbyname("stripe.com"))
told(lambda: urllib.request.urlopen("https://api.stripe.com/v1/charges"))
told(lambda: requests.get("https://dashboard.stripe.com/"))
told(lambda: httpx.get("https://files.stripe.com/v1/files"))
async def fetch():
    async with httpx.AsyncClient() as client:
        await client.get("https://hooks.stripe.com/")
async def connect():
    await asyncio.open_connection("api.stripe.com", 443)
{"run = uvloop.run" if loop == "uvloop" else "run = asyncio.run"}
told(lambda: run(fetch()))
told(lambda: run(connect()))
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(("localhost", server.getsockname()[1])).close()
say("others are reached")
"""
    found = ran(emulator, tmp_path, BEGIN + code)
    *refusals, (last,) = found.said
    assert last == "others are reached"
    assert len(refusals) == 8
    assert all("stripe-audit keeps this process from Stripe's real host" in told for _, told in refusals), refusals
    hosts = {"api.stripe.com", "api.STRIPE.com.", "stripe.com", "dashboard.stripe.com", "files.stripe.com"}
    assert set(found.noted.refused) == {*hosts, "hooks.stripe.com"}


def test_a_library_that_binds_its_addresses_early_is_redirected_too(emulator: Emulator, tmp_path: Path) -> None:
    """As releases 8 to 14 do; `make sdk-matrix` has the true ones."""
    (tmp_path / "stripe").mkdir()
    (tmp_path / "stripe" / "__init__.py").write_text(
        "DEFAULT_API_BASE = 'https://api.stripe.com'\nfrom stripe._stripe_client import StripeClient\n"
    )
    (tmp_path / "stripe" / "_stripe_client.py").write_text(
        "from stripe import DEFAULT_API_BASE\nclass StripeClient:\n"
        "    def __init__(self, base_addresses={}): self.base = {'api': DEFAULT_API_BASE, **base_addresses}['api']\n"
    )
    code = """
from stripe import DEFAULT_API_BASE, StripeClient
own = {"api": "http://127.0.0.1:12111"}
say(DEFAULT_API_BASE, StripeClient().base, StripeClient(base_addresses=own).base)
"""
    found = ran(emulator, tmp_path, BEGIN + code, env={"PYTHONPATH": str(tmp_path)})
    assert found.said == [[emulator.url, emulator.url, "http://127.0.0.1:12111"]]


def test_names_that_only_look_like_stripes_are_not_refused(emulator: Emulator, tmp_path: Path) -> None:
    code = """
for host in ("notstripe.com", "api.stripe.com.example.invalid", "stripe.com.invalid"):
    told(lambda: sys.audit("socket.getaddrinfo", host, 443, 0, 0, 0))
told(lambda: sys.audit("socket.getaddrinfo", "Q.stripe.com", 443, 0, 0, 0))
"""
    found = ran(emulator, tmp_path, BEGIN + code)
    assert [told for told, *_ in found.said] == ["nothing was refused"] * 3 + ["gaierror"]
    assert found.noted.refused == ("Q.stripe.com",)


def test_the_audits_keys_win_over_a_dotenv_that_overrides(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        f"STRIPE_SECRET_KEY={LIVE['secret_key']}\nSK={LIVE['secret_key']}\nPK={LIVE['publishable_key']}\n"
        f"HOOK={LIVE['webhook_secret']}\nMODE=own\nPLAIN=plain\n"
    )
    code = """
from dotenv import load_dotenv
assert load_dotenv(".env", override=True)
say(*(os.environ[name] for name in ("STRIPE_SECRET_KEY", "SK", "PK", "HOOK", "MODE", "PLAIN")))
os.environ.update(SK=LIVE["secret_key"]); os.environ.setdefault("NEW", LIVE["secret_key"])
say(os.getenv("SK"), os.environ.get("NEW"))
import subprocess
inner = "import os; print(os.environ['SK'])"
own = {**os.environ, "SK": LIVE["secret_key"]}
say(subprocess.run([sys.executable, "-c", inner], env=own, capture_output=True, text=True).stdout.strip())
"""
    found = ran(emulator, tmp_path, BEGIN + code, cwd=tmp_path)
    secret, publishable = emulator.keys.secret, emulator.keys.publishable
    assert found.said == [
        [secret, secret, publishable, FRESH, "audited", "plain"],
        [secret, secret],
        [secret],
    ]
    assert set(found.noted.replaced) == {"STRIPE_SECRET_KEY", "SK", "PK", "HOOK", "NEW"}
    assert set(found.noted.live) == {"STRIPE_SECRET_KEY", "SK", "PK", "NEW"}
    notes = (tmp_path / "it has spaces" / "notes.ndjson").read_text()
    assert "sk_live" not in notes and LIVE["webhook_secret"] not in notes


@pytest.mark.parametrize(
    ("value", "seen"),
    [(None, None), ("", ""), ("whsec_placeholder", "whsec_placeholder")],
    ids=["unset", "empty", "other"],
)
def test_what_a_relaunch_changes_is_what_the_app_gets(
    value: str | None, seen: str | None, emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"HOOK={LIVE['webhook_secret']}\n")
    code = "from dotenv import load_dotenv\nload_dotenv('.env', override=True)\nsay(os.environ.get('HOOK'))"
    injection = injection_for(emulator, pinned={"HOOK": FRESH})
    assert run_changed(injection, tmp_path, python(BEGIN + code), HOOK=value) == [[seen]]


def test_an_existing_sitecustomize_and_path_keep_working(emulator: Emulator, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import sys\nsys.been_here = __name__, __file__\n")
    (own / "of_the_app.py").write_text("here = True\n")
    code = """
import of_the_app, sitecustomize
say(sys.been_here, sitecustomize.__file__)
import stripe; stripe.api_key = os.environ["STRIPE_SECRET_KEY"]; stripe.enable_telemetry = False
say(stripe.PaymentIntent.create(amount=100, currency="usd").id[:3])
import importlib.resources
say(stripe.__spec__.loader.__class__.__name__, (importlib.resources.files("stripe") / "data").is_dir())
"""
    found = ran(emulator, tmp_path, BEGIN + code, env={"PYTHONPATH": str(own)})
    (been, file), payment, loading = found.said
    assert been == ["sitecustomize", str(own / "sitecustomize.py")] and file == been[1]
    assert payment == ["pi_"]
    assert loading == ["SourceFileLoader", True]


def test_a_server_that_binds_everything_stays_on_the_loopback(emulator: Emulator, tmp_path: Path) -> None:
    code = """
import uvloop
for family, host in ((socket.AF_INET, ""), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.0.0.1")):
    with socket.socket(family) as server:
        server.bind((host, 0)); say(server.getsockname()[0])
async def serve():
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "0.0.0.0", 0)
    say(server.sockets[0].getsockname()[0]); server.close()
asyncio.run(serve()); uvloop.run(serve())
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.bind(("0.0.0.0", 0)); say(sender.getsockname()[0])
"""
    found = run(injection_for(emulator), tmp_path, python(BEGIN + code))
    assert found.said == [["127.0.0.1"]] * 5 + [["0.0.0.0"]]
    declared = run(injection_for(emulator, is_local=False), tmp_path, python(BEGIN + code))
    assert declared.said == [["0.0.0.0"]] * 2 + [["127.0.0.1"]] + [["0.0.0.0"]] * 3


def test_without_its_instructions_the_app_is_left_as_it_is(emulator: Emulator, tmp_path: Path) -> None:
    env = injection_for(emulator).install(tmp_path / "gone", {"PATH": "/usr/bin:/bin"})
    (tmp_path / "gone" / "injection.json").unlink()
    command = python("import stripe; print(stripe.api_base)")
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)
    assert (ended.stdout.strip(), ended.returncode) == ("https://api.stripe.com", 0)


def test_notes_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    assert read_notes(tmp_path) == Noted()
    lines = [
        "",
        "{",
        "7",
        "[]",
        '{"event": 3}',
        '{"event": "refused", "host": "a"}',
        '{"event": "refused", "host": "a"}',
    ]
    (tmp_path / "notes.ndjson").write_bytes("\n".join(lines).encode() + b"\n\xff\xfe")
    assert read_notes(tmp_path) == Noted(refused=("a",))
