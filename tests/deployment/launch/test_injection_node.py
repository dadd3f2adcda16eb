"""Node.js apps that know nothing of the audit reach its Stripe, and no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.emulator import Emulator
from tests.conftest import NODE_MODULES
from tests.deployment.launch.injected import FRESH, LIVE, Ran, injection_for, run, run_changed

pytestmark = pytest.mark.node

SDKS = ("stripe-8", "stripe-12", "stripe-17", "stripe-18", "stripe-20", "stripe-22", "stripe")
"""The oldest and the newest release of the official library, and one of each API train between (tests/node)."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app's folder, with the libraries of tests/node."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "node_modules").symlink_to(NODE_MODULES)
    return folder


BEGIN = f"""
const LIVE = {json.dumps(LIVE)};
const say = (...words) => console.log(JSON.stringify(words));
"""
PAY = """
async function pay(name, Stripe, options) {
  const library = new (Stripe.default || Stripe)(process.env.STRIPE_SECRET_KEY, options);
  const made = await library.paymentIntents.create({amount: 1999, currency: 'usd'});
  const read = await library.paymentIntents.retrieve(made.id);
  say(name, read.id === made.id && made.id.slice(0, 3));
}
async function payEveryWay(name, Stripe) {
  await pay(name, Stripe);
  await pay(name + ' with an agent', Stripe, {httpAgent: new https.Agent({keepAlive: true})});
  const own = (Stripe.default || Stripe).createFetchHttpClient;
  if (own) await pay(name + ' with fetch', Stripe, {httpClient: own()});
}
"""


def ran(emulator: Emulator, app: Path, name: str, text: str, *before: str, **options: Any) -> Ran:
    """Run a program of this name, perhaps through a runner of tests/node."""
    (app / name).write_text(text)
    node = shutil.which("node")
    assert node
    return run(injection_for(emulator), app.parent, [node, *before, app / name], cwd=app, **options)


def ways(*sdks: str) -> list[list[str]]:
    clients = [(sdk, way) for sdk in sdks for way in ("", " with an agent", " with fetch")]
    return [[sdk + way, "pi_"] for sdk, way in clients if (sdk, way) != ("stripe-8", " with fetch")]


def test_every_release_reaches_the_emulator_from_commonjs(emulator: Emulator, app: Path) -> None:
    code = f"(async () => {{ for (const name of {json.dumps(SDKS)}) await payEveryWay(name, require(name)); }})();"
    found = ran(emulator, app, "app.cjs", "const https = require('https');" + BEGIN + PAY + code)
    assert found.said == ways(*SDKS)
    assert len(found.noted.runtimes) == 1 and found.noted.runtimes[0].startswith("Node.js v")
    assert found.noted.libraries and not found.noted.refused


def test_every_release_reaches_the_emulator_from_an_ecmascript_module(emulator: Emulator, app: Path) -> None:
    imports = "import * as https from 'https';\n"
    imports += "".join(f"import * as sdk{n} from '{name}';\n" for n, name in enumerate(SDKS))
    code = "".join(f"await payEveryWay('{name}', sdk{n}.default);\n" for n, name in enumerate(SDKS))
    assert ran(emulator, app, "app.mjs", imports + BEGIN + PAY + code).said == ways(*SDKS)


def test_a_typescript_runner_changes_nothing(emulator: Emulator, app: Path) -> None:
    code = "import Stripe from 'stripe';\nimport https from 'node:https';\n" + BEGIN
    typed = PAY.replace("function pay(name, Stripe, options)", "function pay(name: string, Stripe: any, options?: any)")
    code += typed.replace("EveryWay(name, Stripe) {", "EveryWay(name: string, Stripe: any): Promise<void> {")
    code += "await payEveryWay('stripe', Stripe);\n"
    (app / "package.json").write_text('{"type": "module"}')
    runner = str(NODE_MODULES / "tsx" / "dist" / "cli.mjs")
    assert ran(emulator, app, "app.ts", code, runner).said == ways("stripe")


def test_workers_clusters_and_children_reach_it_too(emulator: Emulator, app: Path) -> None:
    code = (
        "const https = require('https'); const cluster = require('cluster'); const threads = require('worker_threads');"
        + BEGIN
        + PAY
        + """
const once = (it, name) => new Promise((done) => it.once(name, done));
(async () => {
  if (process.argv[2]) await pay(process.argv[2], require('stripe'));
  else if (!threads.isMainThread) await pay('thread', require('stripe'));
  else if (cluster.isWorker) { await pay('cluster', require('stripe')); process.exit(0); }
  else {
    await once(new threads.Worker(__filename), 'exit');
    await once(cluster.fork(), 'exit');
    await once(require('child_process').spawn(process.execPath, [__filename, 'child'], {stdio: 'inherit'}), 'exit');
  }
})();
"""
    )
    found = ran(emulator, app, "app.cjs", code)
    assert found.said == [["thread", "pi_"], ["cluster", "pi_"], ["child", "pi_"]]


def test_stripes_real_hosts_are_out_of_reach(emulator: Emulator, app: Path) -> None:
    code = (
        BEGIN
        + """
import {connect} from 'node:net';
import * as tls from 'node:tls';
import {connect as secure} from 'node:tls';
import {lookup, resolve4} from 'node:dns';
import {promises as dns} from 'node:dns';
import dnsPromises from 'node:dns/promises';
import https, {get} from 'node:https';
import http from 'node:http';
import {promisify} from 'node:util';
const failed = (emitter) => new Promise((done) => { emitter.on('error', (error) => done(error)); });
const told = async (name, error) => { const it = await error; say(name, (it.cause || it).message); };
const thrown = (promise) => promise.then(() => new Error('nothing was refused'), (error) => error);
await told('net', failed(connect(443, 'js.stripe.com')));
await told('net options', failed(connect({port: 443, host: 'api.stripe.com'})));
await told('tls', failed(tls.connect(443, 'js.stripe.com')));
await told('tls options', failed(secure({port: 443, host: 'q.stripe.com'})));
await told('https', failed(https.request('https://dashboard.stripe.com/').end()));
await told('get', failed(get('https://stripe.com')));
await told('http', failed(http.get('http://api.stripe.com/v1/charges')));
await told('fetch', thrown(fetch('https://checkout.stripe.com/')));
await told('lookup', thrown(promisify(lookup)('hooks.stripe.com')));
await told('resolve', thrown(promisify(resolve4)('M.STRIPE.com.')));
await told('promises', thrown(dns.lookup('r.stripe.com')));
await told('dns/promises', thrown(dnsPromises.lookup('b.stripe.com')));
const server = http.createServer((request, response) => response.end('reached')).listen(0, '127.0.0.1', async () => {
  const answer = await fetch(`http://localhost:${server.address().port}/`);
  say('others', await answer.text());
  server.close();
});
"""
    )
    found = ran(emulator, app, "app.mjs", code)
    *refusals, others = found.said
    assert others == ["others", "reached"]
    assert len(refusals) == 12
    assert all("stripe-audit keeps this process from Stripe's real host" in told for _, told in refusals), refusals
    assert {"js.stripe.com", "dashboard.stripe.com", "M.STRIPE.com."} <= set(found.noted.refused)


def test_names_that_only_look_like_stripes_are_not_refused(emulator: Emulator, app: Path) -> None:
    code = (
        BEGIN
        + """
const lookup = (name, options, done) => done(new Error('asked for ' + name));
for (const host of ['notstripe.com', 'api.stripe.com.example.invalid', 'stripe.com']) {
  require('net').connect({port: 443, host, lookup}).on('error', (error) => say(error.message));
}
"""
    )
    found = ran(emulator, app, "app.cjs", code)
    *others, (refused,) = sorted(found.said)
    assert others == [["asked for api.stripe.com.example.invalid"], ["asked for notstripe.com"]]
    assert refused.startswith("stripe-audit keeps")


def test_the_audits_keys_win_over_a_dotenv_that_overrides(emulator: Emulator, app: Path) -> None:
    (app / ".env").write_text(
        f"STRIPE_SECRET_KEY={LIVE['secret_key']}\nSK={LIVE['secret_key']}\nPK={LIVE['publishable_key']}\n"
        f"HOOK={LIVE['webhook_secret']}\nMODE=own\nPLAIN=plain\n"
    )
    (app / "more.env").write_text(f"NATIVE={LIVE['secret_key']}\n")
    code = (
        BEGIN
        + """
const parsed = require('dotenv').config({override: true, quiet: true}).parsed;
if (parsed.SK !== LIVE.secret_key) throw new Error('dotenv did not read its file');
const {STRIPE_SECRET_KEY, SK, PK, HOOK, MODE, PLAIN} = process.env;
say(STRIPE_SECRET_KEY, SK, PK, HOOK, MODE, PLAIN);
Object.assign(process.env, {SK: LIVE.secret_key});
const flags = {configurable: true, enumerable: true, writable: true};
Object.defineProperty(process.env, 'NEW', {value: LIVE.secret_key, ...flags});
if (process.loadEnvFile) process.loadEnvFile('more.env'); else process.env.NATIVE = LIVE.secret_key;
say({...process.env}.SK, process.env.NEW, process.env.NATIVE);
const env = {...process.env, SK: LIVE.secret_key};
const child = require('child_process').spawnSync(process.execPath, ['-p', 'process.env.SK'], {env});
say(child.stdout.toString().trim());
delete process.env.PLAIN; process.env.PORT = 4000;
say('PLAIN' in process.env, process.env.PORT, 'SK' in process.env, Object.keys(process.env).includes('SK'));
"""
    )
    found = ran(emulator, app, "app.cjs", code)
    secret, publishable = emulator.keys.secret, emulator.keys.publishable
    assert found.said == [
        [secret, secret, publishable, FRESH, "audited", "plain"],
        [secret, secret, secret],
        [secret],
        [False, "4000", True, True],
    ]
    assert {"STRIPE_SECRET_KEY", "SK", "PK", "HOOK", "NEW"} <= set(found.noted.replaced)
    assert "HOOK" not in found.noted.live
    assert "sk_live" not in (app.parent / "it has spaces" / "notes.ndjson").read_text()


@pytest.mark.parametrize(
    ("value", "seen"),
    [(None, None), ("", ""), ("whsec_placeholder", "whsec_placeholder")],
    ids=["unset", "empty", "other"],
)
def test_what_a_relaunch_changes_is_what_the_app_gets(
    value: str | None, seen: str | None, emulator: Emulator, app: Path
) -> None:
    (app.parent / ".env").write_text(f"HOOK={LIVE['webhook_secret']}\n")
    code = "require('dotenv').config({override: true, quiet: true});\nsay(process.env.HOOK ?? null);"
    (app / "app.cjs").write_text(BEGIN + code)
    injection = injection_for(emulator, pinned={"HOOK": FRESH})
    assert run_changed(injection, app.parent, ["node", app / "app.cjs"], HOOK=value) == [[seen]]


def test_existing_options_keep_working(emulator: Emulator, app: Path) -> None:
    own = app / "own.cjs"
    own.write_text("globalThis.beenHere = true;")
    code = BEGIN + "say(globalThis.beenHere, process.execArgv, require('v8').getHeapStatistics().heap_size_limit);"
    found = ran(emulator, app, "app.cjs", code, env={"NODE_OPTIONS": f"--require={own} --max-old-space-size=300"})
    been, arguments, limit = found.said[0]
    assert been and arguments == [] and limit < 500 * 1024 * 1024
    assert found.noted.runtimes


def test_a_script_that_sets_the_options_anew_does_not_lose_the_injection(emulator: Emulator, app: Path) -> None:
    """As it is common in package.json; by its own #!, too."""
    (app / "pay.js").write_text("#!/usr/bin/env node\n" + BEGIN + PAY + "pay('script', require('stripe'));")
    (app / "pay.js").chmod(0o700)
    start = "NODE_OPTIONS=--max-old-space-size=300 node pay.js && NODE_OPTIONS= ./pay.js"
    (app / "package.json").write_text(json.dumps({"scripts": {"start": start}}))
    npm = shutil.which("npm")
    assert npm
    found = run(injection_for(emulator), app.parent, [npm, "start", "--silent"], cwd=app)
    assert found.said == [["script", "pi_"]] * 2
    node = run(injection_for(emulator), app.parent, ["sh", "-c", "node -p 'JSON.stringify(process.argv0)'"], cwd=app)
    assert str(node.said[0]).endswith("node")


def test_a_server_that_binds_everything_stays_on_the_loopback(emulator: Emulator, app: Path) -> None:
    code = (
        BEGIN
        + """
const {createServer} = require('http');
const ways = [[0], [0, undefined], [0, '0.0.0.0'], [0, '::'], ['0'], [{port: 0}], [{port: 0, host: '0.0.0.0'}],
  [0, 511], [0, '127.0.0.1'], [{port: 0, host: '::1'}]];
(async () => {
  for (const way of ways) await new Promise((done) => {
    const server = createServer();
    server.on('error', (error) => { say(error.code); done(); });
    server.listen(...way, () => { say(server.address().address); server.close(done); });
  });
  const path = require('path').join(__dirname, 'socket');
  const server = createServer().listen(path, () => { say(server.address() === path); server.close(); });
})();
"""
    )
    found = ran(emulator, app, "app.cjs", code)
    assert found.said[:9] == [["127.0.0.1"]] * 9
    assert found.said[9] in (["::1"], ["EADDRNOTAVAIL"], ["EAFNOSUPPORT"])
    assert found.said[10:] == [[True]]
    node = shutil.which("node")
    assert node
    free = run(injection_for(emulator, is_local=False), app.parent, [node, app / "app.cjs"])
    assert "127.0.0.1" not in [told for (told,) in free.said[:8]]


def test_a_broken_or_slow_answer_is_what_the_library_sees(emulator: Emulator, app: Path) -> None:
    """The connection is a true one: it can be reset, it times out, and it is used again."""
    code = (
        BEGIN
        + """
const http = require('http');
const Stripe = require('stripe');
const library = new Stripe(process.env.STRIPE_SECRET_KEY, {maxNetworkRetries: 0, timeout: 300});
(async () => {
  const order = require(process.env.INJECTED_BY_STRIPE_AUDIT);
  for (const action of [{kind: 'reset_before'}, {kind: 'slow', seconds: 30}]) {
    const faults = order.stripe + '/_emulator/faults';
    const headers = {'X-Emulator-Token': process.env.TOKEN, 'Content-Type': 'application/json'};
    const made = await fetch(faults, {method: 'POST', headers, body: JSON.stringify({path: '/v1/balance', action})});
    if (!made.ok) throw new Error(await made.text());
    const error = await library.balance.retrieve().catch((error) => error);
    say(error.type, (error.detail || {}).code);
    await fetch(faults, {method: 'DELETE', headers});
  }
})();
"""
    )
    found = ran(emulator, app, "app.cjs", code, env={"TOKEN": emulator.control_token})
    assert found.said == [["StripeConnectionError", "ECONNRESET"], ["StripeConnectionError", "ETIMEDOUT"]]
