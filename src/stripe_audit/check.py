"""What a check is: one property of a target, judged.

A check is a class in a file of its own under ``checks/<phase>/``; the file's name is its id with underscores. All that
is said about it elsewhere (``explain``, the docs page, the reports) is drawn from its attributes and its docstring.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from stripe_audit.errors import CheckDefinitionError
from stripe_audit.models import Effect, Finding, Severity
from stripe_audit.phases import TASKS

if TYPE_CHECKING:
    from stripe_audit.context import Context

__all__ = ["NEEDS", "RESOURCES", "Check", "Documentation", "Uses"]

RESOURCES = ("target", "stripe", "faults", "clock", "deliveries", "process", "load")
"""What all checks share; each check declares which it uses, shared or alone."""

NEEDS: dict[str, str] = {
    "launch": "target.launch",
    "stripe": "target.stripe",
    "items": "target.items",
    "held_items": "target.items[].capture",
    "plans": "target.plans",
    "database": "target.database",
    "env_files": "target.env_files",
    "source": "target.root",
    "https": "target.https_url",
    "frontend": "target.frontend_url",
    "page_scripts": "target.page_scripts",
    "page_headers": "target.page_headers",
    "chromium": "audit.browser",
    "webhook_secret": "target.routes.webhook[].secret",
    "route:health": "target.routes.health",
    "route:webhook_health": "target.routes.webhook_health",
    "route:webhook": "target.routes.webhook",
    "route:create_payment": "target.routes.create_payment",
    "route:customer": "target.routes.customer",
    "route:catalogue": "target.routes.catalogue",
    "route:order": "target.routes.order",
    "route:page": "target.routes.page",
    "route:pay_retry": "target.routes.pay_retry",
    "route:checkout": "target.routes.checkout",
    "route:subscribe": "target.routes.subscribe",
    "route:return_page": "target.routes.return_page",
    "route:reconcile": "target.routes.reconcile",
    "observer:order": "observers.order",
    "observer:logs": "observers.logs",
    "observer:mail": "observers.mail",
    "observer:rows": "observers.rows",
    "observer:notifications": "observers.notifications",
    "observer:customers": "observers.mail",
}
"""What a check can need to be declared, and the setting that declares it."""

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_LONGEST_TIMEOUT_S = 3600
_HEADINGS = ("What it checks", "Why it matters", "How to fix")


@dataclass(frozen=True, slots=True)
class Uses:
    """Which of RESOURCES a check uses. What is used *alone* excludes every other check that uses it."""

    shared: tuple[str, ...] = ("target", "stripe", "deliveries")
    alone: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.shared, str) or isinstance(self.alone, str):
            raise CheckDefinitionError("uses takes tuples, not texts", hint='write ("target",)')
        for name in (*self.shared, *self.alone):
            if name not in RESOURCES:
                raise CheckDefinitionError(f"unknown resource {name!r} in uses", hint="one of " + ", ".join(RESOURCES))


@dataclass(frozen=True, slots=True)
class Documentation:
    """A check's docstring, taken apart. Each text is Markdown without indentation."""

    title: str
    what: str
    why: str
    fix: str


class Check:
    """Judges one property. Subclass it, fill in the attributes, write ``run``.

    ``run`` is an async generator: each finding yielded is a proven defect, none is a pass. ``ctx.skip()`` and
    ``ctx.inconclusive()`` end it without a verdict. Any other exception makes the outcome *errored*, and what was
    yielded before stands.
    """

    id: ClassVar[str]
    """Permanent, kebab case, at least two words."""
    formerly: ClassVar[tuple[str, ...]] = ()
    """Earlier ids, so that baselines stay valid."""
    task: ClassVar[str]
    """``"2.2"``; its phase's folder is the check's folder."""
    severity: ClassVar[Severity]
    """For findings that name none."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Keys of NEEDS; where one is not declared the check is skipped, and says which setting enables it."""
    effect: ClassVar[Effect]
    uses: ClassVar[Uses] = Uses()
    requires: ClassVar[tuple[str, ...]] = ()
    """Ids of checks that must have passed."""
    references: ClassVar[tuple[str, ...]] = ()
    """Stripe pages, PCI DSS, OWASP ASVS, CWE."""
    tags: ClassVar[tuple[str, ...]] = ()
    timeout: ClassVar[float | None] = None
    """Seconds; None takes the settings' value."""
    max_requests: ClassVar[int] = 20
    """Upper bound of requests to the target, for the plan."""
    max_objects: ClassVar[int] = 0
    """Upper bound of objects (payments, customers) that it makes the target create."""
    documentation: ClassVar[Documentation]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        problems = list(_problems(cls))
        if problems:
            raise CheckDefinitionError(f"check {cls.__name__}: " + "; ".join(problems), hint="see CONTRIBUTING.md")
        cls.documentation = _documentation(inspect.getdoc(cls) or "")

    def run(self, ctx: Context) -> AsyncIterator[Finding]:
        """Look, and yield what is proved to be wrong."""
        raise TypeError(f"{type(self).__name__} does not define run")


def _problems(cls: type[Check]) -> Iterable[str]:
    missing = [name for name in ("id", "task", "severity", "effect") if not hasattr(cls, name)]
    yield from (f"{name} is missing" for name in missing)
    malformed = [
        f"{name} must be {expected}"
        for name, (expected, is_right) in _SHAPES.items()
        if name not in missing and not is_right(getattr(cls, name))
    ]
    yield from malformed
    if not malformed:
        yield from (f"unknown need {need!r}" for need in cls.needs if need not in NEEDS)
    if "run" not in vars(cls) or not inspect.isasyncgenfunction(vars(cls)["run"]):
        yield "run must be an async generator (async def with a yield)"
    text = inspect.getdoc(cls) if cls.__doc__ else ""
    sections = _sections(text or "")
    if not sections.get("", ""):
        yield "the docstring has no title"
    yield from (f"the docstring lacks {heading!r}" for heading in _HEADINGS if not sections.get(heading))


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, str) for one in value)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= _LONGEST_TIMEOUT_S


_SHAPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "id": ("kebab case of two words or more", _is_id),
    "formerly": ("a tuple of ids", lambda value: isinstance(value, tuple) and all(map(_is_id, value))),
    "task": ("one of 1.1 to 6.4", lambda value: isinstance(value, str) and value in TASKS),
    "severity": ("a Severity", lambda value: isinstance(value, Severity)),
    "needs": ("a tuple of keys of NEEDS", _is_texts),
    "effect": ("an Effect", lambda value: isinstance(value, Effect)),
    "uses": ("a Uses", lambda value: isinstance(value, Uses)),
    "requires": ("a tuple of ids", lambda value: isinstance(value, tuple) and all(map(_is_id, value))),
    "references": ("a tuple of texts", _is_texts),
    "tags": ("a tuple of texts", _is_texts),
    "timeout": ("seconds up to an hour, or None", lambda value: value is None or _is_seconds(value)),
    "max_requests": ("a whole number", _is_count),
    "max_objects": ("a whole number", _is_count),
}
"""A text where a tuple is meant would be taken letter by letter, and a text for an Effect has no rank."""


def _sections(text: str) -> dict[str, str]:
    """The docstring by heading; the title under ``""``. A heading stands alone on its line and ends with a colon."""
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in text.splitlines():
        heading = line.strip().removesuffix(":")
        if heading in _HEADINGS and line.strip().endswith(":") and not line.startswith(" "):
            current = heading
            sections[current] = []
        else:
            sections[current].append(line)
    return {name: inspect.cleandoc("\n".join(lines)).strip() for name, lines in sections.items()}


def _documentation(text: str) -> Documentation:
    sections = _sections(text)
    title = sections[""].splitlines()[0].rstrip(".")
    what, why, fix = (sections[heading] for heading in _HEADINGS)
    return Documentation(title=title, what=what, why=why, fix=fix)
