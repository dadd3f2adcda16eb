"""Secrets in every input, a shop that tells them everywhere, and a check that does: none is in any output."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pypdf
import pytest
import yaml

from stripe_audit.demo.project import write_project
from stripe_audit.reporters.interface import FORMATS, reporter_named
from tests.cli.test_commands import command

# Known because of where they are written: no shape gives them away.
DECLARED = {
    "launch": "Zq7-canary-of-launch-8Wm",
    "header": "Xp4-canary-of-header-2Rt",
    "body": "Lk9-canary-of-body-5Bv",
    "env file": "Jd3-canary-of-env-file-6Ny",
    "environment": "Mc8-canary-of-environment-1Ug",
    "url": "Ft5-canary-of-url-9Hs",
    "settings": "Sq9-canary-of-settings-3Pd",
}
# Known by their shape, wherever they turn up.
SHAPED = {
    "secret key": "sk_test_51CanarySecretKey8aB3dE6gH9",
    "restricted key": "rk_test_51CanaryRestricted7cD2eF5h",
    "signing secret": "whsec_CanarySigning9kL4mN7pQ2rS5t",
    "client secret": "pi_3CanaryIntent00aA_secret_CanaryClient6wX1yZ4a",
    "bearer": "Bearer CanaryBearer8vU3tS6rQ9pO",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiJ0b2tlbiJ9.CanaryJwt5nM8kL2jH7gF",
    "password in a URL": "postgres://shop:CanaryUrl7yT4rE1w@127.0.0.1/shop",
    "card number": "4000056655665556",
}
NEEDLES = {
    **{name: text[4:-4] for name, text in DECLARED.items()},
    "secret key": "CanarySecretKey",
    "restricted key": "CanaryRestricted",
    "signing secret": "CanarySigning",
    "client secret": "CanaryClient",
    "bearer": "CanaryBearer",
    "token": "CanaryJwt",
    "password in a URL": "CanaryUrl",
    "card number": "56655665",
}
CHECKS = (
    "health-endpoint-answers",
    "env-keys-test-mode",
    "webhook-genuine-event-accepted",
    "payment-intent-created",
    "payment-recorded",
    "card-data-never-handled",
    "secrets-not-logged",
    "customer-notified",
    "decline-reported-safely",
    "one-time-payment-completes",
    "leaky-check",
)
"""Of each phase, and of each observer: orders, logs, mail."""
LEAKY_SHOP = """\
import asyncio, json, sys
from pathlib import Path
from aiohttp import web
from stripe_audit.demo import app, journal, mailer, serve, store

LEAKED = json.loads(Path(__file__).with_name("leaked.json").read_text())
write, around, queue = journal.Journal._write, app.Shop.around, mailer.Outbox.queue
opened = store.Store.__init__

def leaky_store(self, path):
    opened(self, path)
    self.run("CREATE TABLE leaks (text)")
    self.run("INSERT INTO leaks VALUES (:text)", {"text": " ".join(LEAKED)})

def leaky_write(self, level, message, fields):
    write(self, level, f"{message} {LEAKED[0]}", {**fields, "debug": LEAKED})

def leaky_queue(self, key, recipient, subject, body):
    queue(self, key, recipient, f"{subject} {LEAKED[0]}", f"{body} {' '.join(LEAKED)}")

@web.middleware
async def leaky_around(self, request, handler):
    answer = await around(self, request, handler)
    answer.headers["X-Debug"] = " ".join(LEAKED)
    if answer.content_type == "application/json" and answer.text:
        said = json.loads(answer.text)
        if isinstance(said, dict):
            answer.text = json.dumps({**said, "debug": LEAKED})
    return answer

journal.Journal._write, app.Shop.around, mailer.Outbox.queue = leaky_write, leaky_around, leaky_queue
store.Store.__init__ = leaky_store
print("starting with", *LEAKED, file=sys.stderr)
sys.exit(asyncio.run(serve._serve()))
"""
LEAKY_CHECK = '''\
"""A check that tells all it knows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

from stripe_audit import Check, Context, Effect, Finding, Severity


class LeakyCheck(Check):
    """Nothing is told.

    What it checks:
        Nothing. It tells secrets.

    Why it matters:
        It does not.

    How to fix:
        Do not load it.
    """

    id = "leaky-check"
    task = "4.1"
    severity = Severity.HIGH
    effect = Effect.NONE

    async def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Tell, and fail."""
        leaked = json.loads(Path(%r).read_text())
        everything = " ".join(leaked)
        ctx.note(everything)
        yield Finding(everything, everything, (ctx.evidence(everything, data={"all": leaked}),), fix=everything)
        raise RuntimeError(everything)
'''


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything that a run writes, by where it stands."""
    folder = tmp_path_factory.mktemp("canaries")
    path = write_project(folder, defects=["receipt-sent-twice", "currency-constant"])
    leaked = [*DECLARED.values(), *SHAPED.values()]
    (folder / "leaked.json").write_text(json.dumps(leaked))
    (folder / "leaky.py").write_text(LEAKY_SHOP)
    (folder / "checks" / "security").mkdir(parents=True)
    (folder / "checks" / "security" / "leaky_check.py").write_text(LEAKY_CHECK % str(folder / "leaked.json"))
    document = yaml.safe_load(path.read_text())
    target = document["target"]
    target["launch"]["command"] = [sys.executable, "leaky.py"]
    target["launch"]["env"]["SHOP_PASSWORD"] = DECLARED["launch"]
    target["routes"]["create_payment"]["headers"] = {"X-Api-Key": DECLARED["header"]}
    target["routes"]["create_payment"]["body"]["password"] = DECLARED["body"]
    document["stripe"] = {"secret_key": DECLARED["settings"]}
    document["audit"]["patience"] = 2
    path.write_text(yaml.safe_dump(document))
    with (folder / ".env").open("a") as env_file:
        env_file.write(f"SESSION_SECRET={DECLARED['env file']}\n")
        env_file.write(f"DATABASE_URL=postgres://shop:{DECLARED['url']}@127.0.0.1/shop\n")
    places = [f"{name}=out{reporter_named(name).suffix}" for name in FORMATS if name != "terminal"]
    formats = [word for place in places for word in ("--format", place)]
    checks = [word for name in CHECKS for word in ("--check", name)]
    words = ("--checks-dir", "checks", *checks, "--bundle", "out.zip", "--events", "events.ndjson", *formats)
    env = {
        "MY_TOKEN": DECLARED["environment"],
        "STRIPE_SECRET_KEY": SHAPED["secret key"],
        "STRIPE_AUDIT_TRACEBACK": "1",
    }
    inputs = {entry for entry in folder.rglob("*") if entry.is_file()}
    done = command("run", *words, cwd=folder, env=env)
    found = {"stdout": done.stdout, "stderr": done.stderr}
    query = "SELECT status || text AS status, amount, currency, fulfilled FROM orders, leaks WHERE id = :order"
    database = {**document["observers"]["order"], "kind": "sqlite", "path": "{scratch}/shop.db", "query": query}
    (folder / "database.yaml").write_text(
        yaml.safe_dump({**document, "observers": {**document["observers"], "order": database}})
    )
    inputs.add(folder / "database.yaml")
    for name, more in {
        "plan": ("run", "--dry-run", "--format", "markdown"),
        "again": ("report", "out.json"),
        "database": ("run", "-s", "database.yaml", "--check", "one-time-payment-completes", "--format", "json=db.json"),
    }.items():
        again = command(*more, cwd=folder, env=env)
        found[name] = again.stdout + again.stderr
    for entry in set(folder.rglob("*")) - inputs:
        if entry.is_file() and entry.suffix not in (".zip", ".pyc"):
            found[str(entry.relative_to(folder))] = entry.read_text("utf-8", "replace")
    with zipfile.ZipFile(folder / "out.zip") as archive:
        found |= {f"out.zip/{name}": archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    return found


def test_the_run_met_every_secret(told: dict[str, str]) -> None:
    """Else the others would show nothing: each was there, and was masked."""
    report = json.loads(told["out.json"])
    results = {result["check"]: result for result in report["results"]}
    assert results["leaky-check"]["outcome"] == "failed"
    assert "RuntimeError" in results["leaky-check"]["error"]
    judged = [result for result in report["results"] if result["outcome"] in ("passed", "failed")]
    assert {result["task"][0] for result in judged} == set("123456")
    for check in ("secrets-not-logged", "customer-notified", "payment-recorded"):
        assert results[check]["outcome"] == "failed"
    (read,) = json.loads(told["db.json"])["results"]
    assert "…-8Wm …-2Rt" in read["reason"]
    exchanges = "".join(text for name, text in told.items() if name.endswith("/exchanges.ndjson"))
    assert exchanges.count('"debug": ') + exchanges.count('\\"debug\\": ') > 20
    for mask in ("sk_test_…", "rk_test_…", "whsec_…", "_secret_…", "Bearer …", "eyJ…", "shop:…@", "400005…5556"):
        assert mask in exchanges
    assert set(told) >= {f"out{reporter_named(name).suffix}" for name in FORMATS if name != "terminal"}
    assert "out.zip/exchanges.har" in told and "out.zip/settings.json" in told and "events.ndjson" in told


@pytest.mark.parametrize("name", NEEDLES)
def test_no_secret_is_in_any_output(told: dict[str, str], name: str) -> None:
    needle = NEEDLES[name]
    assert len(needle) >= 8
    assert [place for place, text in told.items() if needle in text] == []


@pytest.mark.chromium
def test_no_secret_is_in_the_pdf(told: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text(told["out.json"])
    done = command("report", "out.json", "--format", "pdf=out.pdf", cwd=tmp_path)
    assert (tmp_path / "out.pdf").exists(), done.stderr
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "out.pdf").pages]
    text = "".join("".join(pages).split())
    assert "sk_test_…" in text and "Payment" in text
    assert [name for name, needle in NEEDLES.items() if "".join(needle.split()) in text] == []


def test_the_needles_would_be_found() -> None:
    leaked = {**DECLARED, **SHAPED}
    assert set(NEEDLES) == set(leaked)
    for name, needle in NEEDLES.items():
        assert needle in leaked[name]
    assert Path(__file__).read_text("utf-8").count("CanarySigning") > 1
