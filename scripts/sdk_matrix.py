"""Whether an unmodified app reaches the built-in Stripe with each release of Stripe's libraries.

    python scripts/sdk_matrix.py [--all] [--python] [--node]

Installs releases below ``.cache/sdk`` (once). With each, an app that is launched as it is creates and reads a payment
in every way that the library has: Python's module and client, synchronous and asynchronous; Node.js from CommonJS and
from an ECMAScript module, by its default client and by fetch. Prints a row for each release; exits 1 if one does not
get there. Without ``--all``: the oldest, the newest, and the last of each major version and API train between.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from stripe_audit.deployment.launch.injection import Injection, read_notes
from stripe_audit.emulator import Emulator

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "sdk"
OLDEST = {"python": 3, "node": 8}
"""Major versions."""

PYTHON = """
import asyncio, inspect, os
import stripe
stripe.enable_telemetry = False
stripe.api_key = os.environ["STRIPE_SECRET_KEY"]
pay = dict(amount=1999, currency="usd")
def said(way, made, read):
    print(way if made.id == read.id and made.id.startswith("pi_") else "WRONG " + way, flush=True)
made = stripe.PaymentIntent.create(**pay)
said("module", made, stripe.PaymentIntent.retrieve(made.id))
if hasattr(stripe, "StripeClient"):
    client = stripe.StripeClient(stripe.api_key)
    intents = getattr(client, "v1", client).payment_intents
    made = intents.create(pay)
    said("client", made, intents.retrieve(made.id))
if hasattr(stripe.PaymentIntent, "create_async"):
    async def later():
        made = await stripe.PaymentIntent.create_async(**pay)
        said("async", made, await stripe.PaymentIntent.retrieve_async(made.id))
        for name in ("HTTPXClient", "AIOHTTPClient"):
            if hasattr(stripe, name):
                http = getattr(stripe, name)()
                client = stripe.StripeClient(stripe.api_key, http_client=http)
                intents = getattr(client, "v1", client).payment_intents
                made = await intents.create_async(pay)
                said(name, made, await intents.retrieve_async(made.id))
                await http.close_async()
    asyncio.run(later())
"""
NODE = """
const pay = async (way, options) => {
  const stripe = new (Stripe.default || Stripe)(process.env.STRIPE_SECRET_KEY, options);
  const made = await stripe.paymentIntents.create({amount: 1999, currency: 'usd'});
  const read = await stripe.paymentIntents.retrieve(made.id);
  console.log(made.id === read.id && made.id.startsWith('pi_') ? way : 'WRONG ' + way);
};
const all = async () => {
  await pay('default');
  await pay('agent', {httpAgent: new https.Agent({keepAlive: true})});
  const own = (Stripe.default || Stripe).createFetchHttpClient;
  if (own) await pay('fetch', {httpClient: own()});
};
"""
COMMONJS = "const Stripe = require('stripe'), https = require('https');" + NODE + "all();"
MODULE = "import Stripe from 'stripe'; import https from 'node:https';" + NODE + "await all();"


def released(language: str) -> list[str]:
    """All final releases, oldest first."""
    if language == "python":
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", "stripe"]
        text = _told(command).split("Available versions:")[1].splitlines()[0]
        found = [word.strip() for word in text.split(",")]
    else:
        found = json.loads(_told(["npm", "view", "stripe", "versions", "--json"]))
    final = [version for version in found if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version)]
    return sorted((version for version in final if _numbers(version)[0] >= OLDEST[language]), key=_numbers)


def chosen(releases: list[str]) -> list[str]:
    """The oldest, the last of each major version (an API train is at least one), and the newest."""
    last = {_numbers(version)[0]: version for version in releases}
    return sorted({releases[0], *last.values(), releases[-1]}, key=_numbers)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _told(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def installed(language: str, version: str) -> Path:
    """The folder of a release; installed if it is not there."""
    folder = CACHE / f"stripe-{language}-{version}"
    if (folder / "stripe").is_dir() or (folder / "node_modules" / "stripe").is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=_made(CACHE)) as scratch:
        if language == "python":
            _told(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--no-deps",
                    "--target",
                    scratch,
                    f"stripe=={version}",
                ]
            )
        else:
            flags = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
            _told(["npm", "install", "--prefix", scratch, *flags, f"stripe@{version}"])
        shutil.copytree(scratch, folder, symlinks=True)
    return folder


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ways(language: str, folder: Path, emulator: Emulator) -> Iterator[tuple[str, str]]:
    """What each program of a language printed, and what it complained of."""
    keys = {"secret_key": emulator.keys.secret, "publishable_key": emulator.keys.publishable}
    injection = Injection(emulator.url, keys, {"STRIPE_SECRET_KEY": emulator.keys.secret})
    programs = {"app.py": PYTHON} if language == "python" else {"app.cjs": COMMONJS, "app.mjs": MODULE}
    for name, text in programs.items():
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch)
            (place / name).write_text(text)
            if language == "node":
                (place / "node_modules").symlink_to(folder / "node_modules")
            env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), **injection.pinned}
            program = sys.executable if language == "python" else shutil.which("node") or "node"
            ended = subprocess.run(
                [program, str(place / name)],
                env=injection.install(place / "injection", env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
            refused = read_notes(place / "injection").refused
            trouble = ended.stderr[-500:] if ended.returncode else f"refused: {refused}" if refused else ""
            yield f"{name}: {', '.join(ended.stdout.split(chr(10))[:-1])}", trouble


def rows(languages: Iterable[str], *, is_all: bool) -> Iterator[tuple[str, bool]]:
    """A line for each release, and whether it gets there in every way."""
    with Emulator() as emulator:
        for language in languages:
            releases = released(language)
            for version in releases if is_all else chosen(releases):
                found = list(ways(language, installed(language, version), emulator))
                is_sound = all(way and "WRONG" not in way and not trouble for way, trouble in found)
                told = "; ".join(way + (f" ({trouble.strip()})" if trouble else "") for way, trouble in found)
                yield f"{'ok ' if is_sound else 'NOT'} stripe-{language} {version}: {told}", is_sound


def main() -> int:
    """Print the rows; 1 if a release does not get there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every release")
    parser.add_argument("--python", action="store_true")
    parser.add_argument("--node", action="store_true")
    given = parser.parse_args()
    languages = [name for name in ("python", "node") if getattr(given, name)] or ["python", "node"]
    failed = 0
    for line, is_sound in rows(languages, is_all=given.all):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        failed += not is_sound
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
