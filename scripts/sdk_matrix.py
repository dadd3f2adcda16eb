"""Whether an unmodified app reaches the built-in Stripe with each release of Stripe's libraries, and of Node.js.

    python scripts/sdk_matrix.py [--all] [--python] [--node] [--runtimes]

Installs releases below ``.cache/sdk`` (once). With each, an app that is launched as it is creates and reads a payment
in every way that the library has: Python's module and client, synchronous and asynchronous; Node.js from CommonJS, from
an ECMAScript module and from TypeScript (by tsx, and by Node.js itself where it can), by its default client, by an
agent of the app's and by fetch. Prints a row for each; exits 1 if one does not get there. Without ``--all``: the
oldest release, the newest, and the last of each major version and API train between; of Node.js, which is had from
npm on Linux, the last of each even major version from 18 on, and the newest.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.deployment.launch.injection import Injection, read_notes
from stripe_audit.emulator import Emulator

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "sdk"
NPM = CACHE / "npm"
OLDEST = {"python": 3, "node": 8, "runtimes": 18}
"""Major versions."""
TSX = json.loads((ROOT / "tests/node/package.json").read_text("utf-8"))["devDependencies"]["tsx"]
STRIPS_TYPES = (22, 18, 0)
"""From this release on Node.js runs TypeScript by itself (nodejs.org/api/typescript.html)."""
WITHIN_S = 120
WORKERS = max(2, os.cpu_count() or 2)

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
TYPESCRIPT = "const amount: number = 1999;" + MODULE.replace("amount: 1999", "amount")


@dataclass(frozen=True, slots=True)
class Row:
    """One release of a library, and the release of Node.js that runs it; None for what is on the PATH."""

    library: str
    version: str
    node: str | None = None

    @property
    def name(self) -> str:
        """As it is printed."""
        return f"stripe-{self.library} {self.version}" + (f" on Node.js {self.node}" if self.node else "")


def released(language: str) -> list[str]:
    """All final releases, oldest first."""
    if language == "python":
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", "stripe"]
        text = _told(command).split("Available versions:")[1].splitlines()[0]
        found = [word.strip() for word in text.split(",")]
    else:
        package = "stripe" if language == "node" else _node_package()
        found = json.loads(_told(["npm", "view", package, "versions", "--json"]))
    final = [version for version in found if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version)]
    return sorted((version for version in final if _numbers(version)[0] >= OLDEST[language]), key=_numbers)


def chosen(releases: Sequence[str]) -> list[str]:
    """The oldest, the last of each major version (an API train is at least one), and the newest."""
    return sorted({releases[0], *_last_of_majors(releases), releases[-1]}, key=_numbers)


def chosen_nodes(releases: Sequence[str], *, is_all: bool) -> list[str]:
    """The last of each major version, of the even ones unless all are wanted, and the newest."""
    last = [version for version in _last_of_majors(releases) if is_all or _numbers(version)[0] % 2 == 0]
    return sorted({*last, releases[-1]}, key=_numbers)


def _last_of_majors(releases: Sequence[str]) -> list[str]:
    return list({_numbers(version)[0]: version for version in releases}.values())


def rows_of(languages: Sequence[str], *, is_all: bool) -> list[Row]:
    """What is to be looked at."""
    with ThreadPoolExecutor() as pool:
        asked = dict.fromkeys([*languages, *(["node"] if "runtimes" in languages else [])])
        releases = dict(zip(asked, pool.map(released, asked), strict=True))
    found = [
        Row(language, version)
        for language in ("python", "node")
        if language in languages
        for version in (releases[language] if is_all else chosen(releases[language]))
    ]
    for node in chosen_nodes(releases["runtimes"], is_all=is_all) if "runtimes" in languages else ():
        found += [Row("node", version, node) for version in (releases["node"][0], releases["node"][-1])]
    return found


def _node_package() -> str:
    """The package that holds Node.js' own program for this machine."""
    if sys.platform != "linux":
        sys.exit("Node.js' releases are had from npm on Linux only; give --python or --node")
    return "node-linux-" + {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _told(command: list[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{ended.stderr.strip()[-2000:]}")
    return ended.stdout


def install(rows: Sequence[Row]) -> None:
    """Have all releases below the cache; those that are there stay."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(WORKERS + 1) as pool:
        by_npm = pool.submit(_install_by_npm, rows)
        list(pool.map(_install_by_pip, [row.version for row in rows if row.library == "python"]))
        by_npm.result()


def _install_by_pip(version: str) -> None:
    if _python_folder(version).is_dir():
        return
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
    ]
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        _told([*pip, "--target", f"{scratch}/it", f"stripe=={version}"])
        Path(scratch, "it").rename(_python_folder(version))


def _install_by_npm(rows: Sequence[Row]) -> None:
    """All releases beside each other in one folder, each by an alias."""
    libraries = {f"stripe-{row.version}": f"npm:stripe@{row.version}" for row in rows if row.library == "node"}
    nodes = {f"node-{row.node}": f"npm:{_node_package()}@{row.node}" for row in rows if row.node}
    if not libraries:
        return
    NPM.mkdir(exist_ok=True)
    listed = NPM / "package.json"
    before = json.loads(listed.read_text("utf-8"))["dependencies"] if listed.is_file() else {}
    wanted = {**before, **libraries, **nodes, "tsx": TSX}
    if wanted == before and all((NPM / "node_modules" / name).is_dir() for name in wanted):
        return
    listed.write_text(json.dumps({"private": True, "dependencies": wanted}), "utf-8")
    flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    _told(["npm", "install", "--prefix", str(NPM), *flags])


def _python_folder(version: str) -> Path:
    return CACHE / f"python-{version}"


def _commands(row: Row) -> Iterator[tuple[str, list[str], str]]:
    """What the app is called, how it is started, and its text."""
    if row.library == "python":
        yield "app.py", [sys.executable, "app.py"], PYTHON
        return
    node = (
        str(NPM / "node_modules" / f"node-{row.node}" / "bin" / "node") if row.node else shutil.which("node") or "node"
    )
    yield "app.cjs", [node, "app.cjs"], COMMONJS
    yield "app.mjs", [node, "app.mjs"], MODULE
    if row.node:
        yield "TypeScript by tsx", [node, str(NPM / "node_modules/tsx/dist/cli.mjs"), "app.mts"], TYPESCRIPT
    if row.node and _numbers(row.node) >= STRIPS_TYPES:
        yield "TypeScript", [node, "app.mts"], TYPESCRIPT


def looked_at(row: Row, emulator: Emulator) -> tuple[str, bool]:
    """The row's line, and whether its app gets there in every way."""
    told, is_sound = [], True
    for name, command, text in _commands(row):
        ways, trouble = _run(row, command, text, emulator)
        is_sound = is_sound and bool(ways) and not any("WRONG" in way for way in ways) and not trouble
        told.append(f"{name}: {', '.join(ways)}" + (f" ({trouble.strip()})" if trouble else ""))
    return f"{'ok ' if is_sound else 'NOT'} {row.name}: {'; '.join(told)}", is_sound


def _run(row: Row, command: Sequence[str], text: str, emulator: Emulator) -> tuple[list[str], str]:
    """What an app printed, and what it complained of."""
    keys = {"secret_key": emulator.keys.secret, "publishable_key": emulator.keys.publishable}
    injection = Injection(emulator.url, keys, {"STRIPE_SECRET_KEY": emulator.keys.secret})
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / command[-1]).write_text(text)
        if row.library == "node":
            (place / "node_modules").mkdir()
            (place / "node_modules" / "stripe").symlink_to(NPM / "node_modules" / f"stripe-{row.version}")
        path = os.pathsep.join([str(Path(command[0]).parent), os.environ["PATH"]])
        env = {"PATH": path, "PYTHONPATH": str(_python_folder(row.version)), **injection.pinned}
        try:
            ended = subprocess.run(
                command,
                cwd=place,
                env=injection.install(place / "injection", env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=WITHIN_S,
            )
        except subprocess.TimeoutExpired:
            return [], f"not finished within {WITHIN_S} s"
        refused = read_notes(place / "injection").refused
    trouble = ended.stderr[-500:] if ended.returncode else f"refused: {refused}" if refused else ""
    return ended.stdout.split("\n")[:-1], trouble


def main() -> int:
    """Print the rows; 1 if a release does not get there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every release")
    for name in OLDEST:
        parser.add_argument(f"--{name}", action="store_true", help="only these, and others that are named")
    given = parser.parse_args()
    rows = rows_of([name for name in OLDEST if getattr(given, name)] or list(OLDEST), is_all=given.all)
    install(rows)
    failed = 0
    with Emulator() as emulator, ThreadPoolExecutor(WORKERS) as pool:
        for line, is_sound in pool.map(lambda row: looked_at(row, emulator), rows):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
            failed += not is_sound
    sys.stdout.write(f"{len(rows) - failed} passed, {failed} failed\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
