"""From a survey to files: a commented stripe-audit.yaml, and a CI job. What was not found stands there as a comment."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence

from stripe_audit.survey.project import Survey
from stripe_audit.survey.roles import RoleRoute
from stripe_audit.survey.wares import ware_of

__all__ = ["Answers", "ci_job", "settings_text"]

_SCHEMA = "# yaml-language-server: $schema=./stripe-audit.schema.json"
_LIKELY_EVENTS = ("payment_intent.succeeded", "payment_intent.payment_failed", "charge.refunded")
_PLAIN = re.compile(r"[A-Za-z_./][\w./-]*")
_RESERVED = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


class Answers(dict[str, str]):
    """What the user said where the project did not: ``start``, ``port``, ``webhook``."""


def settings_text(found: Survey, answers: Answers | None = None) -> str:
    """The settings, which load as they stand, ready for ``stripe-audit run``."""
    told = answers or Answers()
    return "\n".join([_SCHEMA, *_head(found), *_target(found, told), *_observers(found), *_audit()]) + "\n"


def _head(found: Survey) -> Iterator[str]:
    parts = [found.framework or "an unknown framework"]
    if found.server:
        parts.append(f"in {found.server}/")
    yield f"# Written by 'stripe-audit init' for {' '.join(parts)}. Read it once: guesses say where they come from."
    yield "version: 1"
    yield ""


def _target(found: Survey, told: Answers) -> Iterator[str]:
    start, port = told.get("start") or (found.start.value if found.start else ""), told.get("port") or _port(found)
    yield "target:"
    yield f"  name: {_scalar(found.root.name or 'target')}"
    if start:
        yield '  url: "http://127.0.0.1:{port}"' if _takes_port(found, start) else f"  url: http://127.0.0.1:{port}"
    else:
        yield f"  url: http://127.0.0.1:{port}"
    if found.frontend_port:
        yield f"  frontend_url: http://127.0.0.1:{found.frontend_port}   # the origin that CORS must allow"
        if not found.having("page"):
            yield "  # frontend_launch: {command: npx vite preview --port {frontend_port}, cwd: YOUR-FRONTEND}"
            yield "  # starts it too; with routes.page: {path: /checkout, origin: frontend} its payment page is audited"
    yield "  environment: test   # test | live | unknown; unknown counts as live, and nothing is written then"
    yield "  root: ."
    if found.env_files:
        yield f"  env_files: {_flow(list(found.env_files))}   # {found.variables} variables; only read"
    yield from _launch(found, start)
    yield from _items(found)
    yield from _routes(found, told)
    yield ""


def _port(found: Survey) -> str:
    return found.port.value if found.port else "3000"


def _takes_port(found: Survey, start: str) -> bool:
    """Whether the server listens where it is told to: a flag of its command, or the variable PORT."""
    return "{port}" in start or found.reads_port or found.framework == "Next.js"


def _launch(found: Survey, start: str) -> Iterator[str]:
    if not start:
        yield "  # launch: {command: npm start}   # no command was found; with one, the audit starts the app itself"
        yield "  stripe: none"
        return
    yield "  stripe: inject   # Python and Node.js as they are; env: the app takes {stripe_url} from a variable"
    yield "  launch:"
    where = f"   # from {found.start.file}" if found.start and found.start.value == start else ""
    yield f"    command: {_flow(shlex.split(start))}{where}"
    if found.server:
        yield f"    cwd: {_scalar(found.server)}"
    yield "    env:"
    if "{port}" not in start and _takes_port(found, start):
        yield '      PORT: "{port}"'
    yield '      STRIPE_SECRET_KEY: "{secret_key}"'
    yield '      STRIPE_PUBLISHABLE_KEY: "{publishable_key}"'
    yield f'      {found.webhook_variable or "STRIPE_WEBHOOK_SECRET"}: "{{webhook_secret}}"'
    yield '      SMTP_HOST: "{smtp_host}"'
    yield '      SMTP_PORT: "{smtp_port}"'
    yield "    ready_within: 30   # seconds"


def _items(found: Survey) -> Iterator[str]:
    """What can be bought, in major units."""
    payment = next(iter(found.having("create_payment")), None)
    ware = ware_of(payment) if payment else None
    if ware is None or payment is None:
        yield "  # items: [{id: YOUR-PRODUCT, price: 19.99, currency: usd}]   # what can be bought, in major units"
        return
    why = f"the amount {ware.charged} at" if ware.charged else "any: the caller names the amount at"
    yield (
        f"  items: [{{id: anything, price: {ware.price}, currency: {ware.currency}}}]"
        f"   # what can be bought, in major units; {why} {payment.route.place}"
    )


def _routes(found: Survey, told: Answers) -> Iterator[str]:
    webhooks = [(one.route.path, one.route.place) for one in found.having("webhook")]
    if not webhooks and told.get("webhook"):
        webhooks = [(told["webhook"], "your answer")]
    others = [one for one in found.roles if one.role != "webhook"]
    if not webhooks and not others:
        yield "  # routes: no routes were found; see 'stripe-audit settings sample'"
        return
    yield "  routes:"
    for one in others:
        yield from _route(one)
    if webhooks:
        yield "    webhook:"
    events = list(found.events) or list(_LIKELY_EVENTS)
    names = _names([path for path, _ in webhooks])
    for (path, place), name in zip(webhooks, names, strict=True):
        yield f"      - name: {name}"
        yield f"        path: {_scalar(path)}   # {place}"
        yield "        secret: {generated: true}   # made for each run; else {env: NAME}"
        yield f"        events: {_flow(events)}"
    if webhooks and not found.events:
        yield "        # no names of events were found in the source; list those that the endpoint is subscribed to"


def _names(paths: Sequence[str]) -> list[str]:
    ends = [path.rstrip("/").rsplit("/", 1)[-1] or "webhook" for path in paths]
    return [end if ends.count(end) == 1 and _PLAIN.fullmatch(end) else f"webhook-{n}" for n, end in enumerate(ends, 1)]


def _route(one: RoleRoute) -> Iterator[str]:
    yield f"    {one.role}:   # {one.route.place}"
    if one.method != "GET":
        yield f"      method: {one.method}"
    yield f"      path: {_scalar(one.path)}"
    if one.body:
        yield f"      body: {json.dumps(dict(one.body))}"
    if one.response:
        yield f"      response: {json.dumps(dict(one.response))}"
    if one.role == "create_payment" and one.body.get("amount"):
        yield "      # amount_unit: major   # if the app takes and shows 19.99 and not 1999"


def _observers(found: Survey) -> Iterator[str]:
    yield "observers:"
    if found.having("order"):
        yield "  order:   # the app's own record of a payment; the words on the right are the app's"
        yield "    kind: http"
        yield "    states: {paid: [paid, completed], pending: [pending], failed: [failed], refunded: [refunded]}"
    else:
        yield "  # order: {kind: sqlite, path: shop.db, query: 'SELECT status, amount FROM orders WHERE id = :order'}"
        yield "  # Without it most verdicts about money are skipped: nothing shows what the app believes."
    if found.start:
        yield "  logs: {kind: process, format: json}   # or text"
    yield "  mail: {kind: smtp}   # the audit opens a mail sink; alerts_to: ops@example.com"
    yield ""


def _audit() -> Iterator[str]:
    yield "audit:"
    yield "  fail_on: medium"


def _flow(values: Sequence[str]) -> str:
    return "[" + ", ".join(_scalar(value) for value in values) + "]"


def _scalar(value: str) -> str:
    """A text as YAML: bare where nobody can take it for anything else, else quoted as JSON."""
    return value if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED else json.dumps(value)


def ci_job(found: Survey) -> str:
    """A GitHub Actions workflow that gates on the audit."""
    is_node = found.framework in ("Next.js", "Fastify", "NestJS", "Hono", "Koa", "Express")
    folder = f"\n        working-directory: {found.server}" if found.server else ""
    install = (
        f"      - uses: actions/setup-node@v4\n        with: {{node-version: lts/*}}\n      - run: npm ci{folder}\n"
        if is_node
        else f"      - run: pip install -r requirements.txt   # what your app needs{folder}\n"
    )
    return f"""\
# Proves on every push that payments work. Everything runs on this machine; no Stripe account is needed.
name: payments
on: [push, pull_request]
permissions: {{contents: read}}
jobs:
  stripe-audit:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {{python-version: "3.12"}}
{install}      - run: pip install stripe-audit
      - run: stripe-audit run --format terminal --format markdown=stripe-audit.md
      - if: always()
        run: cat stripe-audit.md >> "$GITHUB_STEP_SUMMARY"
"""
