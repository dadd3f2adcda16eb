"""How results and evidence are told, in plain text: the words that Markdown and the terminal share."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from stripe_audit.models import CheckResult, Evidence, Exchange, Message, Outcome, Party
from stripe_audit.report import Report, TargetFacts, TaskState
from stripe_audit.reporters.json_format import plain
from stripe_audit.reporters.quoting import quoted
from stripe_audit.reporters.review import Review, shown_duration, shown_time

__all__ = [
    "OUTCOME_SIGNS",
    "PARTY_NAMES",
    "TASK_SIGNS",
    "TASK_WORDS",
    "counted",
    "data_text",
    "evidence_lines",
    "facts_of",
    "why_unjudged",
]

OUTCOME_SIGNS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.SKIPPED: "-",
    Outcome.INCONCLUSIVE: "?",
    Outcome.ERRORED: "!",
}
TASK_SIGNS = {TaskState.DONE: "✓", TaskState.PROBLEM: "✗", TaskState.PARTLY: "◐", TaskState.OPEN: "○"}
TASK_WORDS = {
    TaskState.DONE: "done",
    TaskState.PROBLEM: "problem",
    TaskState.PARTLY: "partly judged",
    TaskState.OPEN: "open, nothing was judged",
}
PARTY_NAMES = {
    Party.AUDIT: "Audit",
    Party.CUSTOMER: "Customer",
    Party.APP: "App",
    Party.STRIPE: "Stripe",
    Party.WEBHOOK: "Webhooks",
    Party.DATABASE: "Database",
    Party.MAIL: "Mail",
}
_EXCERPT = 240


def counted(review: Review) -> str:
    """The outcomes in one line; those that did not occur are left out."""
    return ", ".join(f"{count} {outcome}" for outcome, count in review.outcomes.items() if count) or "no checks"


def why_unjudged(result: CheckResult) -> str:
    """Why there is no verdict, or none that is whole, and what would give one."""
    told = [result.reason] if result.reason else []
    if result.error:
        told.append(result.error if result.outcome is Outcome.ERRORED else f"error: {result.error}")
    if result.setting:
        told.append(f"needs: {result.setting}" if result.outcome is Outcome.INCONCLUSIVE else f"set: {result.setting}")
    return "; ".join(told) or "no reason was given"


def facts_of(report: Report) -> tuple[tuple[str, str], ...]:
    """Whom the audit met, when and how, as names and values."""
    target, run = report.target, report.run
    facts = [
        ("Target", f"{target.name} at {target.url}" if target.url else target.name),
        ("Environment", _environment(target)),
        *([("Framework", target.framework)] if target.framework else []),
        ("Stripe", f"{target.stripe}, API version {target.api_version or 'not known'}"),
        ("Test mode", target.proof),
        ("Strongest effect allowed", target.allowed),
        ("Run", f"{run.tag}, {shown_time(run.started_at)}, {shown_duration(run.duration_s)}"),
        ("Made by", f"stripe-audit {run.version}" + (f", seed {run.seed}" if run.seed is not None else "")),
    ]
    if run.folder:
        facts.append(("All exchanges", run.folder))
    if run.interrupted:
        facts.append(("Interrupted", "yes: the report is partial"))
    return tuple(facts)


def _environment(target: TargetFacts) -> str:
    origin = "launched by the audit" if target.launched else "not launched by the audit"
    return f"{target.environment}, {origin}{'' if target.reached else '; not reached'}"


def evidence_lines(review: Review, evidence: Evidence) -> Iterator[str]:
    """The exchange and the data of a piece of evidence, a line each; its summary is not among them."""
    exchange = review.exchange(evidence)
    if exchange:
        yield from _exchange_lines(exchange)
    elif evidence.exchange:
        yield f"{evidence.exchange}: this exchange is not in the report"
    if evidence.data is not None:
        yield f"data: {data_text(evidence.data)}"


def _exchange_lines(exchange: Exchange) -> Iterator[str]:
    marks = [
        exchange.route or "",
        f"fault: {exchange.fault}" if exchange.fault else "",
        "duplicate" * exchange.duplicate,
    ]
    told = ", ".join(filter(None, marks))
    yield (
        f"{exchange.id} {exchange.source} → {exchange.destination}: {quoted(exchange.method, 20)} "
        f"{quoted(exchange.url, 200)}" + (f" ({quoted(told, 120)})" if told else "")
    )
    if exchange.request.body:
        yield f"request: {_excerpt(exchange.request)}"
    if exchange.status is None:
        why = quoted(exchange.error or "no reason was recorded", 200)
        yield f"no answer after {exchange.duration_ms:.1f} ms: {why}"
    else:
        body = f": {_excerpt(exchange.response)}" if exchange.response and exchange.response.body else ", empty body"
        yield f"answer {exchange.status} after {exchange.duration_ms:.1f} ms{body}"


def _excerpt(message: Message) -> str:
    """The beginning of a body; what was cut when it was recorded is told too."""
    shown = quoted(message.body, _EXCERPT)
    is_whole_record = len(message.body) <= _EXCERPT
    return f"{shown} (cut when it was recorded)" if message.truncated and is_whole_record else shown


def data_text(data: Mapping[str, Any], limit: int = 400) -> str:
    """Data as JSON on one line, the same before a report was saved and after."""
    return quoted(json.dumps(plain({"data": data})["data"], ensure_ascii=False), limit)
