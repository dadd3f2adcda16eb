"""A page of HTML from a template: what all pages share. No script, nothing from elsewhere, light, dark and paper.

A Content-Security-Policy in the page forbids everything but its own style element, by hash. In the templates whatever
is put in is escaped (autoescape) and made inert, unless a filter has made it safe already.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from stripe_audit.models import Outcome, Severity, Verdict
from stripe_audit.phases import PHASES
from stripe_audit.report import TaskState
from stripe_audit.reporters.diagrams import path_of
from stripe_audit.reporters.html_standards import STATES
from stripe_audit.reporters.html_text import block, finished, inline, linked, prose, with_labels
from stripe_audit.reporters.quoting import plural, quoted
from stripe_audit.reporters.review import shown_duration, shown_time
from stripe_audit.reporters.wording import PARTY_NAMES, TASK_WORDS, counted, facts_of, why_unjudged

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page_of"]

_TEMPLATES = Path(__file__).parent / "templates" / "html"
_VERDICT_KINDS = {
    Verdict.NOT_SAFE: "bad",
    Verdict.WITH_GAPS: "warn",
    Verdict.SECURE: "good",
    Verdict.NOT_PROVEN: "warn",
}
_TASK_ICONS = {
    TaskState.DONE: "passed",
    TaskState.PROBLEM: "failed",
    TaskState.PARTLY: "inconclusive",
    TaskState.OPEN: "skipped",
}
_STATE_ICONS = dict(zip(STATES, ("failed", "passed", "inconclusive", "skipped", "never"), strict=True))


def page_of(name: str, **values: Any) -> str:
    """A template filled in, with one line break at its end."""
    return _environment().get_template(name).render(values).rstrip() + "\n"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        finalize=finished,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
        auto_reload=False,
    )
    style = _style()
    environment.filters.update(
        inline=inline, block=block, prose=prose, linked=linked, path_of=path_of, quoted=quoted, with_labels=with_labels
    )
    environment.globals.update(
        STYLE=Markup(style),  # noqa: S704 - our own
        STYLE_HASH=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        PHASES=PHASES,
        PARTY_NAMES=PARTY_NAMES,
        TASK_ICONS=_TASK_ICONS,
        TASK_WORDS=TASK_WORDS,
        STATE_ICONS=_STATE_ICONS,
        VERDICT_KINDS=_VERDICT_KINDS,
        INCONCLUSIVE=Outcome.INCONCLUSIVE,
        NAMES_CAP=60,  # findings that the contents list by name
        SEVERITIES=tuple(Severity),
        counted=counted,
        facts_of=facts_of,
        plural=plural,
        shown_duration=shown_duration,
        shown_time=shown_time,
        why_unjudged=why_unjudged,
    )
    return environment


def _style() -> str:
    """The style sheet without comments, indentation and line breaks."""
    text = re.sub(r"/\*.*?\*/", "", (_TEMPLATES / "style.css").read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s*([{};])\s*", r"\1", " ".join(text.split()))
