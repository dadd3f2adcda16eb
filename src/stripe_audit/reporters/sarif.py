"""SARIF 2.1.0 within what GitHub's code scanning accepts, where one bad result rejects the whole file.

The limits are those of GitHub's "SARIF support for code scanning" and "SARIF results exceed one or more limits": 5,000
results are kept (more than 25,000 reject the file), 10 tags a rule, 255 characters of a name, 1,024 of a description,
10 MB after gzip, and no artifact outside the repository. Alerts are told apart by ``primaryLocationLineHash`` alone.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from stripe_audit.models import CheckResult, Exchange, Finding, Message, Outcome, Severity
from stripe_audit.phases import phase_of
from stripe_audit.report import CheckFacts, Report, exit_code
from stripe_audit.reporters.anchors import Anchor, anchors_of, finding_keys
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.json_format import json_text
from stripe_audit.reporters.quoting import quoted
from stripe_audit.reporters.sarif_rules import LEVELS, plain_message, reporting_descriptor
from stripe_audit.reporters.wording import why_unjudged

__all__ = ["SarifReporter"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RESULTS = 5_000
_RELATED = 20
_MEGABYTES = 10 * 1000 * 1000
_BODY = 2_000
_BODIES = 4_000_000
"""Characters of bodies in the whole file; the JSON report has them all."""


class SarifReporter(Reporter):
    """SARIF for code scanning."""

    name: ClassVar[str] = "sarif"
    suffix: ClassVar[str] = ".sarif"

    def render(self, report: Report) -> str:
        """One run. What the limits leave out is told in the run's notifications."""
        results, bodies = _RESULTS, _BODIES
        while True:
            text = json_text(_log(report, results, bodies), indent=1)
            if len(text) < _MEGABYTES // 4 or len(gzip.compress(text.encode(), 6)) < _MEGABYTES:
                return text
            results, bodies = (results, 0) if bodies else (results // 2, 0)


def _log(report: Report, most_results: int, most_bodies: int) -> dict[str, Any]:
    found = list(finding_keys(report))
    kept = found[:most_results]
    planned = [result.check for result in report.results]  # a saved report has its checks in another order
    checks = list(dict.fromkeys([*(finding.check for finding, _ in kept), *planned]))[:most_results]
    index = {check: number for number, check in enumerate(checks)}
    exchanges = _Exchanges(report.exchanges, most_bodies)
    results = [_result(report, finding, key, index, exchanges) for finding, key in kept]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(report, checks)},
                "automationDetails": {"id": "stripe-audit/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(report, len(found) - len(kept))],
                "results": results,
                **exchanges.members(),
            }
        ],
    }


def _driver(report: Report, checks: Sequence[str]) -> dict[str, Any]:
    worst: dict[str, Severity] = {}
    for finding in report.findings:
        worst.setdefault(finding.check, finding.severity or Severity.INFO)
    return {
        "name": "stripe-audit",
        "version": quoted(report.run.version, 60) or "0",
        "rules": [reporting_descriptor(check, report.checks.get(check), worst.get(check)) for check in checks],
    }


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    code = exit_code(report)
    notifications = [_notification(result) for result in report.results if _is_told(result)][:1000]
    if left_out:
        told = f"{left_out} findings are left out here, the least severe ones; the JSON report has them all"
        notifications.append({"level": "warning", "message": {"text": told}})
    return {
        "executionSuccessful": code in (0, 1),
        "exitCode": code,
        "startTimeUtc": _time(report.run.started_at),
        "endTimeUtc": _time(report.run.finished_at),
        "toolExecutionNotifications": notifications,
    }


def _is_told(result: CheckResult) -> bool:
    return result.outcome not in (Outcome.PASSED, Outcome.FAILED) or result.error is not None


def _notification(result: CheckResult) -> dict[str, Any]:
    level = "error" if result.error is not None else "warning" if result.outcome is Outcome.INCONCLUSIVE else "note"
    text = plain_message(f"{result.check} {result.outcome}: {why_unjudged(result)}")
    return {"level": level, "message": {"text": text}, "associatedRule": {"id": quoted(result.check, 255) or "-"}}


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    except (OverflowError, ValueError, OSError):
        return "1970-01-01T00:00:00.000Z"


def _result(
    report: Report, finding: Finding, key: str, index: Mapping[str, int], exchanges: _Exchanges
) -> dict[str, Any]:
    first, *others = anchors_of(report, finding)
    severity = finding.severity or Severity.INFO
    told = [finding.title.rstrip(". "), finding.detail, *(evidence.summary for evidence in finding.evidence[:5])]
    location: dict[str, Any] = {"physicalLocation": _physical(first)}
    if finding.route:
        role, _, path = quoted(finding.route, 255).partition(" ")
        names = {"name": role or "route", "fullyQualifiedName": quoted(finding.route, 255) or "route"}
        location["logicalLocations"] = [{**names, "kind": "resource", **({"decoratedName": path} if path else {})}]
    members: dict[str, Any] = {
        "ruleId": quoted(finding.check, 255) or "-",
        "level": LEVELS[severity],
        "message": {"text": plain_message(". ".join(dict.fromkeys(text for text in told if text)))},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": key, "stripeAuditFingerprint/v1": finding.fingerprint},
        "properties": {"severity": severity.value, **_task(report.checks.get(finding.check))},
    }
    if decided := report.acceptance(finding):
        told_why = plain_message(f"{decided.owner}: {decided.reason}")
        members["suppressions"] = [{"kind": "external", "status": "accepted", "justification": told_why}]
    if finding.check in index:
        members["ruleIndex"] = index[finding.check]
    if others:
        members["relatedLocations"] = [
            {"id": number, "physicalLocation": _physical(one), "message": {"text": f"also named: {one}"}}
            for number, one in enumerate(others[:_RELATED], 1)
        ]
    shown = (exchanges.place(evidence.exchange) for evidence in finding.evidence if evidence.exchange)
    place = next((one for one in shown if one is not None), None)
    if place is not None:
        members |= {"webRequest": {"index": place}, "webResponse": {"index": place}}
    return members


def _task(facts: CheckFacts | None) -> dict[str, str]:
    try:
        return {"task": facts.task, "phase": phase_of(facts.task).title} if facts else {}
    except (KeyError, ValueError):
        return {}


def _physical(anchor: Anchor) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": quote(anchor.path)},
        "region": {"startLine": anchor.line, "startColumn": 1, "endLine": anchor.line, "endColumn": 2},
    }


class _Exchanges:
    """The requests and responses that results refer to by their place, each once."""

    def __init__(self, exchanges: Sequence[Exchange], most_bodies: int) -> None:
        self._by_id = {exchange.id: exchange for exchange in exchanges}
        self._places: dict[str, int] = {}
        self._left = most_bodies
        self._requests: list[dict[str, Any]] = []
        self._responses: list[dict[str, Any]] = []

    def place(self, identity: str) -> int | None:
        exchange = self._by_id.get(identity)
        if exchange is None:
            return None
        if identity not in self._places:
            self._places[identity] = len(self._requests)
            target = quoted(exchange.url, 1000)
            self._requests.append(
                {"protocol": "HTTP", "version": "1.1", "method": quoted(exchange.method, 40), "target": target}
                | self._message(exchange.request)
            )
            answer = {"statusCode": exchange.status} if exchange.status is not None else {"noResponseReceived": True}
            why = {"reasonPhrase": quoted(exchange.error, 400)} if exchange.error else {}
            self._responses.append({**answer, **why, **self._message(exchange.response or Message())})
        return self._places[identity]

    def members(self) -> dict[str, Any]:
        return {"webRequests": self._requests, "webResponses": self._responses} if self._requests else {}

    def _message(self, message: Message) -> dict[str, Any]:
        body = quoted(message.body, min(_BODY, self._left)) if message.body and self._left > 0 else ""
        self._left -= len(body)
        headers = {quoted(name, 100): quoted(value, 400) for name, value in message.headers[:40]}
        return {"headers": headers, **({"body": {"text": body}} if body else {})}
