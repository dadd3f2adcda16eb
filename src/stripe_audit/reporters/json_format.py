"""The canonical report: JSON, schema ``stripe-audit/v1``. Every other format renders from what this one keeps.

The members are the fields of the values in ``report.py`` and ``models.py``, by their own names. Within v1 members are
only added. Two conveniences are derived and ignored on reading: ``summary``, and each finding's ``fingerprint``.

``summary``
    ``headline``, ``verdict``, ``exit_code``, ``exit_reasons``; ``judged`` and ``total`` checks; ``outcomes`` and
    ``severities``, each a count by name; ``phases``, each with ``number``, ``title``, ``judged``, ``total``, counts of
    ``outcomes``, and ``tasks``: ``id``, ``title``, ``state``; ``fingerprints`` of all findings, the worst first.

The text is ASCII-safe where it matters: characters that act in a terminal or a CI log are written as ``\\uXXXX``, which
also keeps lone surrogates, so that what is read back is what was there.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from stripe_audit.errors import UsageError
from stripe_audit.models import CheckResult, Finding, Outcome
from stripe_audit.phases import PHASES
from stripe_audit.report import SCHEMA, Report
from stripe_audit.reporters.interface import Reporter
from stripe_audit.reporters.quoting import quoted
from stripe_audit.reporters.review import Review, review_of

__all__ = ["SIZE_CAP", "JsonReporter", "from_json", "json_text", "plain", "read_report", "to_json"]

SIZE_CAP = 256 * 1024 * 1024
"""Characters of a report that are read."""

_DEPTH_CAP = 40
# Controls, soft hyphen, bidirectional and invisible marks, surrogates, tags; one class alone, which is found fastest.
_ACTING = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_COMMAND = re.compile(r"(?<=#)#(?=(?:vso)?\[)")
"""What a CI runner takes for a command."""


class JsonReporter(Reporter):
    """Canonical JSON."""

    name: ClassVar[str] = "json"
    suffix: ClassVar[str] = ".json"

    def render(self, report: Report) -> str:
        """See ``to_json``."""
        return to_json(report)


def to_json(report: Report) -> str:
    """The report as JSON. Stable: equal reports give equal texts, whatever the order of their mappings."""
    document = {
        "schema": report.schema,
        "summary": _summary(review_of(report)),
        **{field.name: getattr(report, field.name) for field in dataclasses.fields(report) if field.name != "schema"},
    }
    return json_text(plain(document))


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """What JSON knows, as text that ends with a newline: nothing in it acts in a terminal or a CI log."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    if not text.isascii() or "\x7f" in text:
        text = _ACTING.sub(_escaped, text)
    return (_COMMAND.sub(_escaped, text) if "##" in text else text) + "\n"


def from_json(text: str, source: str) -> Report:
    """The report that a text holds. ``source`` names it in errors. Raises UsageError where it is not such a report."""
    if len(text) > SIZE_CAP:
        _refuse(source, f"larger than {SIZE_CAP // 1024 // 1024} MiB", "is this the right file?")
    try:
        document = json.loads(text, parse_constant=_no_number, parse_float=_number)
    except json.JSONDecodeError as error:
        _refuse(source, f"not JSON (line {error.lineno}, column {error.colno}: {error.msg})", _WRITE)
    except (ValueError, RecursionError) as error:
        _refuse(source, f"not JSON that can be read ({quoted(str(error), 120)})", _WRITE)
    if not isinstance(document, dict):
        _refuse(source, f"a JSON {_KINDS.get(type(document), 'value')}, not an object", _WRITE)
    schema = document.get("schema")
    if schema != SCHEMA:
        told = "no schema" if schema is None else f"schema {quoted(str(schema), 60)!r}"
        is_ours = isinstance(schema, str) and schema.startswith("stripe-audit/")
        _refuse(
            source, f"{told}, not {SCHEMA!r}", "it was made by another release of stripe-audit" if is_ours else _WRITE
        )
    return _validated(document, source)


def read_report(path: Path) -> Report:
    """The report in a file. Raises UsageError that names the file."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_CAP + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be read: {reason}", hint=_WRITE) from None
    if len(data) > SIZE_CAP:
        _refuse(str(path), f"larger than {SIZE_CAP // 1024 // 1024} MiB", "is this the right file?")
    try:
        return from_json(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        _refuse(str(path), f"not UTF-8 (byte {error.start})", _WRITE)


_WRITE = "'stripe-audit run --format json=FILE' writes one"
_KINDS: dict[type, str] = {list: "array", str: "string", int: "number", float: "number", bool: "value"}


def _refuse(source: str, why: str, hint: str) -> NoReturn:
    raise UsageError(f"{source} is not a report of stripe-audit: {why}", hint=hint)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _number(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_number(digits[:20])


def _validated(document: dict[str, Any], source: str) -> Report:
    from pydantic import TypeAdapter, ValidationError  # 100 ms, and only reading needs it

    try:
        return TypeAdapter(Report).validate_python(document)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        first = "; ".join(
            f"{quoted('.'.join(str(part) for part in problem['loc']), 120)}: {quoted(problem['msg'], 120)}"
            for problem in problems[:3]
        )
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        _refuse(source, f"{first}{more}", _WRITE)


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON knows it: text, number, list, object with sorted members. What JSON does not know becomes text.

    The outermost mapping keeps its order. Past a depth of 40 there is only "…".
    """
    if depth > _DEPTH_CAP:
        return "…"
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return value if value.bit_length() <= 1024 else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = _members(value)
    if isinstance(value, Mapping):
        members = {str(plain(key, depth + 1)): plain(item, depth + 1) for key, item in value.items()}
        return members if depth == 0 else {key: members[key] for key in sorted(members)}
    if isinstance(value, Iterable):
        items = [plain(item, depth + 1) for item in value]
        return sorted(items, key=repr) if isinstance(value, (set, frozenset)) else items
    return str(value)


def _members(value: Any) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        given = getattr(value, field.name)
        if field.type == "float":  # an int in a float's place is read back as a float, so it is written as one
            given = float(given) if math.isfinite(given) else 0.0
        members[field.name] = given
    if isinstance(value, Finding):
        members["fingerprint"] = value.fingerprint
    return members


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _summary(review: Review) -> dict[str, Any]:
    report = review.report
    return {
        "headline": report.headline,
        "verdict": review.verdict,
        "exit_code": review.exit_code,
        "exit_reasons": review.exit_reasons,
        "judged": report.judged,
        "total": len(report.results),
        "outcomes": review.outcomes,
        "severities": review.severities,
        "phases": [
            {
                "number": phase.number,
                "title": phase.title,
                "judged": sum(result.outcome.is_judged for result in report.of_phase(phase)),
                "total": len(report.of_phase(phase)),
                "outcomes": _counts(report.of_phase(phase)),
                "tasks": [
                    {"id": task.id, "title": task.title, "state": review.task_states[task.id]} for task in phase.tasks
                ],
            }
            for phase in PHASES
        ],
        "fingerprints": [one.finding.fingerprint for one in review.findings],
    }


def _counts(results: Iterable[CheckResult]) -> dict[Outcome, int]:
    outcomes = [result.outcome for result in results]
    return {outcome: outcomes.count(outcome) for outcome in Outcome}
