"""What an error answer must not show: stack traces and secrets. Pure."""

from __future__ import annotations

import re

__all__ = ["secret_in", "stack_trace_in"]

_TRACES = {
    "Python": r"Traceback \(most recent call last\)|^[ \t]{0,60}File \"[^\"]+\", line \d+, in ",
    "JavaScript": r"^[ \t]{0,9}at [^\n]{0,200}?(?:file://|node:|webpack|/|[A-Za-z]:\\)[^\n()]{1,300}:\d+:\d+\)?[ \t]*$",
    "Java": r"^[ \t]{0,60}at [\w$.]+\.[\w$<>]+\([\w$]+\.(?:java|kt|scala):\d+\)",
    ".NET": r"^[ \t]{0,60}at [\w.`<>]+\([^)\n]{0,200}\) in [^\n]{1,300}:line \d+",
    "PHP": r"^#\d+ [^\n]{1,300}\.php\(\d+\)|Stack trace:\r?\n?#0",
    "Ruby": r"\.rb:\d+:in [`'\"]",
    "Go": r"goroutine \d+ \[running\]",
    "a framework's debug page": r"Werkzeug Debugger|because you have <code>DEBUG = True|Whoops, looks like something",
}
_PATTERNS = {name: re.compile(pattern, re.MULTILINE) for name, pattern in _TRACES.items()}
_LOOKED_AT = 256 * 1024
"""Characters of a hostile answer that are searched; traces stand at the top."""
_LINE_BREAK = re.compile(r"<br\s*/?>")
_WRITTEN = {
    "\\n": "\n",
    "\\t": "\t",
    '\\"': '"',
    "&nbsp;": " ",
    "&quot;": '"',
    "&#34;": '"',
    "&#39;": "'",
    "&#x27;": "'",
    "&#96;": "`",
}
"""How JSON and HTML write what a trace is known by."""
_SECRET = re.compile(r"\b(?:sk|rk)_(?:test|live)_[A-Za-z0-9]{8,}|\bwhsec_[A-Za-z0-9+/=_-]{8,}")


def stack_trace_in(text: str) -> str | None:
    """Whose stack trace is in an answer (``Python``, ``JavaScript`` …), also one inside JSON or HTML; or None."""
    spelt_out = _LINE_BREAK.sub("\n", text[:_LOOKED_AT])
    for written, character in _WRITTEN.items():
        spelt_out = spelt_out.replace(written, character)
    return next((name for name, pattern in _PATTERNS.items() if pattern.search(spelt_out)), None)


def secret_in(text: str) -> str | None:
    """The first secret key or signing secret in a text, by its shape; or None. Never show it: it is not masked."""
    found = _SECRET.search(text[:_LOOKED_AT])
    return found.group() if found else None
