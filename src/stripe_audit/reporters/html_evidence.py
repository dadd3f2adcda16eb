"""Evidence for the HTML report: each exchange whole at its first mention, and the commands that repeat it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from stripe_audit.models import Evidence, Exchange, Finding, Message
from stripe_audit.redaction import inert
from stripe_audit.reporters.html_text import data_block
from stripe_audit.reporters.quoting import disarmed
from stripe_audit.reporters.review import Numbered, Review

__all__ = ["Anchors", "Piece", "Shown", "curl", "pieces", "run_command"]

EVIDENCE_CAP = 20
"""Pieces of evidence of one finding; the JSON report has all."""
_COMMAND_CAP = 4096
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_|~-]+")
_LEFT_OUT = frozenset(("host", "content-length", "accept-encoding", "connection"))


@dataclass(frozen=True, slots=True)
class Shown:
    """An exchange where it is shown whole. ``anchor`` is its place in the page."""

    exchange: Exchange
    anchor: str
    command: str | None

    @property
    def answered(self) -> str:
        """How it ended, in words."""
        one = self.exchange
        if one.status is not None:
            return f"{one.status}"
        told = one.error or "no reason was recorded"
        return told if told.startswith("no answer") else f"no answer: {told}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence. ``shown`` the first time that its exchange is told, then ``anchor`` alone.

    ``missing`` is the id of an exchange that the report does not keep.
    """

    summary: str
    source: str
    data: Markup | None
    shown: Shown | None = None
    anchor: str | None = None
    name: str = ""
    missing: str | None = None


class Anchors:
    """Where each exchange is shown. Ids come from files, so that a place in the page has a name of its own."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, identity: str) -> tuple[str, bool]:
        """The anchor of an exchange, and whether this is its first mention."""
        is_first = identity not in self._known
        return self._known.setdefault(identity, f"exchange-{len(self._known) + 1}"), is_first


def pieces(review: Review, finding: Finding, anchors: Anchors) -> Iterator[Piece]:
    """The evidence of a finding, at most ``EVIDENCE_CAP`` pieces; data only where they differ from those before."""
    before = None
    for evidence in finding.evidence[:EVIDENCE_CAP]:
        data = None if evidence.data is None else data_block(evidence.data)
        yield _piece(review, evidence, anchors, None if data == before else data)
        before = data


def _piece(review: Review, evidence: Evidence, anchors: Anchors, data: Markup | None) -> Piece:
    source = str(evidence.source or "")
    exchange = review.exchange(evidence)
    if exchange is None:
        return Piece(evidence.summary, source, data, missing=evidence.exchange)
    anchor, is_first = anchors.of(exchange.id)
    shown = Shown(exchange, anchor, curl(exchange)) if is_first else None
    return Piece(evidence.summary, source, data, shown, anchor, exchange.id)


def run_command(one: Numbered) -> str:
    """The command that looks again."""
    return f"stripe-audit run --check {shlex.quote(_line(one.finding.check))}"


def curl(exchange: Exchange) -> str | None:
    """A command for a POSIX shell that sends the request again; None where the request was not kept whole."""
    url = _line(exchange.url)
    is_sendable = re.match(r"https?://", url) and _TOKEN.fullmatch(exchange.method)
    if not is_sendable or exchange.request.truncated or len(exchange.request.body) > _COMMAND_CAP:
        return None
    parts = [f"curl --include --globoff --request {shlex.quote(exchange.method)} {shlex.quote(url)}"]
    parts += [f"--header {shlex.quote(f'{name}: {value}')}" for name, value in _sent(exchange.request)]
    if exchange.request.body:
        parts.append(f"--data-raw {shlex.quote(disarmed(inert(exchange.request.body).expandtabs(4)))}")
    return " \\\n  ".join(parts)


def _sent(request: Message) -> Iterator[tuple[str, str]]:
    """The headers that matter; what is no header name could be read by curl as something else."""
    for name, value in request.headers:
        if _TOKEN.fullmatch(name) and name.lower() not in _LEFT_OUT:
            yield name, _line(value)


def _line(text: str) -> str:
    return disarmed(" ".join(inert(text, _COMMAND_CAP).split()))
