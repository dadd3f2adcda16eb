"""A page in a real browser: what it asks for, what its policy forbids, what it makes of Stripe.js.

Stripe's hosts are answered by a stand-in, so that nothing of the page's reaches Stripe; other hosts than the target's
are refused and told. Violations of the Content-Security-Policy are the browser's own reports (DevTools' Audits domain).
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from stripe_audit.web.devtools import BrowserError, Conversation, open_browser

__all__ = ["BrowserError", "Loaded", "Requested", "Violation", "load_page"]

_STRIPES = ("stripe.com", "stripe.network", "link.com")
_STAND_IN = """
(() => {
  const told = (what) => console.debug('stripe-audit:' + what);
  const frame = (src) => {
    const it = document.createElement('iframe');
    it.src = src;
    (document.body || document.documentElement).append(it);
  };
  const use = () => {
    frame('https://js.stripe.com/v3/elements-inner-payment.html');
    frame('https://hooks.stripe.com/3d_secure_2/stand-in');
    fetch('https://api.stripe.com/v1/stand-in', { mode: 'no-cors' }).catch(() => {});
  };
  const element = () => ({ mount() { told('mounted'); use(); }, on() {}, update() {}, destroy() {}, unmount() {} });
  const nothing = async () => ({});
  const elements = () => ({
    create: element, getElement: element, update() {}, submit: nothing, fetchUpdates: nothing,
  });
  const never = () => new Promise(() => {});
  const made = () => new Proxy({ elements, initEmbeddedCheckout: async () => element() }, {
    get: (own, name) => name in own ? own[name] : name === 'then' ? undefined : never,
  });
  window.Stripe = function (key) { told('key ' + String(key).slice(0, 8)); return made(); };
  window.Stripe.version = 'stand-in';
})();
"""
_QUIET_S, _LONGEST_S = 0.25, 12.0
_MOST = 400


@dataclass(frozen=True, slots=True)
class Requested:
    """Something that the page asked for. ``whose`` is ``own``, ``stripe`` or ``foreign``; foreign hosts are refused."""

    url: str
    kind: str
    whose: str


@dataclass(frozen=True, slots=True)
class Violation:
    """The browser's report that a policy forbids something. ``blocked`` is an address, or ``inline``, ``eval``."""

    directive: str
    blocked: str
    is_report_only: bool


@dataclass(slots=True)
class Loaded:
    """What came of a visit. ``said`` is what the stand-in for Stripe.js was told: the key's beginning, mounted."""

    requests: list[Requested] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    is_loaded: bool = False
    is_quiet: bool = False


async def load_page(program: str, url: str, own: Sequence[str]) -> Loaded:
    """Open a page and wait until it asks for nothing more. ``own`` are the origins that may be contacted.

    Raises BrowserError where the browser cannot be started or does not answer.
    """
    async with open_browser(program) as talk:
        target = (await talk.ask("Target.createTarget", url="about:blank"))["targetId"]
        session = (await talk.ask("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        visit = _Visit(talk, session, own)
        talk.on_event = visit.hear
        for domain in ("Page", "Network", "Runtime", "Audits"):
            await talk.ask(f"{domain}.enable", session)
        await talk.ask("Fetch.enable", session, patterns=[{"urlPattern": "*"}])
        navigated = await talk.ask("Page.navigate", session, url=url)
        if "errorText" in navigated:
            raise BrowserError(f"the page was not loaded: {navigated['errorText']}")
        await visit.until_quiet()
        return visit.loaded


class _Visit:
    """Hears events and answers requests."""

    def __init__(self, talk: Conversation, session: str, own: Sequence[str]) -> None:
        self._talk, self._session = talk, session
        self._own = {_origin(one) for one in own}
        self._pending: set[str] = set()
        self._answered: set[str] = set()
        """What is not waited for: the stand-in's and refused; what a frame of another origin gets is told elsewhere."""
        self._last = time.monotonic()
        self.loaded = Loaded()

    def hear(self, method: str, params: dict[str, Any]) -> None:
        """Take an event in. Everything in it may be the page's doing."""
        if method != "Network.dataReceived":
            self._last = time.monotonic()
        if method == "Fetch.requestPaused":
            self._answer(params)
        elif method == "Network.requestWillBeSent":
            self._pending |= {params["requestId"]} - self._answered
        elif method in ("Network.loadingFinished", "Network.loadingFailed"):
            self._pending.discard(params["requestId"])
        elif method == "Page.loadEventFired":
            self.loaded.is_loaded = True
        elif method == "Audits.issueAdded" and len(self.loaded.violations) < _MOST:
            self._issue(params["issue"])
        elif method == "Runtime.consoleAPICalled":
            self._console(params)
        elif method == "Runtime.exceptionThrown" and len(self.loaded.errors) < _MOST:
            details = params.get("exceptionDetails", {})
            told = details.get("exception", {}).get("description") or details.get("text", "")
            self.loaded.errors.append(str(told).split("\n")[0][:300])

    def _answer(self, params: dict[str, Any]) -> None:
        url, identity = params["request"]["url"], params["requestId"]
        whose = self._whose(url)
        if len(self.loaded.requests) < _MOST:
            self.loaded.requests.append(Requested(url[:2000], params.get("resourceType", ""), whose))
        if whose != "own":
            self._answered.add(params.get("networkId", ""))
            self._pending -= self._answered
        if whose == "own":
            self._talk.send("Fetch.continueRequest", self._session, requestId=identity)
        elif whose == "foreign":
            self._talk.send("Fetch.failRequest", self._session, requestId=identity, errorReason="BlockedByClient")
        else:
            kind, body = _stand_in(url, params.get("resourceType", ""))
            headers = [
                {"name": "content-type", "value": kind},
                {"name": "access-control-allow-origin", "value": "*"},
                {"name": "cross-origin-resource-policy", "value": "cross-origin"},
            ]
            self._talk.send(
                "Fetch.fulfillRequest",
                self._session,
                requestId=identity,
                responseCode=200,
                responseHeaders=headers,
                body=base64.b64encode(body.encode()).decode(),
            )

    def _whose(self, url: str) -> str:
        if url.startswith(("data:", "blob:", "about:")) or _origin(url) in self._own:
            return "own"
        try:
            parts = urlsplit(url)
        except ValueError:
            return "foreign"
        host = (parts.hostname or "").lower()
        is_stripes = parts.scheme == "https" and any(host == one or host.endswith(f".{one}") for one in _STRIPES)
        return "stripe" if is_stripes else "foreign"

    def _issue(self, issue: dict[str, Any]) -> None:
        details = issue.get("details", {}).get("contentSecurityPolicyIssueDetails")
        if details:
            kind = str(details.get("contentSecurityPolicyViolationType", ""))
            blocked = details.get("blockedURL") or ("eval" if "Eval" in kind else "inline")
            directive = str(details.get("violatedDirective", ""))
            self.loaded.violations.append(Violation(directive, str(blocked)[:500], bool(details.get("isReportOnly"))))

    def _console(self, params: dict[str, Any]) -> None:
        for one in params.get("args", [])[:1]:
            text = str(one.get("value", ""))
            if text.startswith("stripe-audit:") and len(self.loaded.said) < _MOST:
                self.loaded.said.append(text.removeprefix("stripe-audit:"))

    async def until_quiet(self) -> None:
        """Until the page is loaded and has asked for nothing for a moment; at the latest after some seconds."""
        deadline = time.monotonic() + _LONGEST_S
        while time.monotonic() < deadline:
            rest = self._last + _QUIET_S - time.monotonic()
            if self.loaded.is_loaded and rest <= 0 and not self._pending:
                self.loaded.is_quiet = True
                return
            await asyncio.sleep(max(0.02, min(rest, _QUIET_S)))


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def _stand_in(url: str, kind: str) -> tuple[str, str]:
    """Type and body of what stands in for an address of Stripe's."""
    if kind == "Script":
        return "text/javascript", _STAND_IN
    if kind == "Document":
        return "text/html", "<!doctype html><title>stand-in</title>"
    return "application/json", json.dumps({"object": "stand_in"})
