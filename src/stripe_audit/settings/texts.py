"""Texts in the settings that follow rules of their own: placeholders, paths, URLs, JMESPath expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

import jmespath
from pydantic import AfterValidator, WithJsonSchema

__all__ = ["LAUNCH_PLACEHOLDERS", "PLACEHOLDERS", "Expression", "Path_", "Url", "check_placeholders"]

PLACEHOLDERS = ("order", "item", "quantity", "amount", "currency", "email", "name", "payment_intent", "session")
LAUNCH_PLACEHOLDERS = (
    "port",
    "https_port",
    "frontend_port",
    "stripe_url",
    "secret_key",
    "publishable_key",
    "webhook_secret",
    "smtp_host",
    "smtp_port",
    "notification_url",
    "database_host",
    "database_port",
    "scratch",
    "folder",
)
_EXPRESSION_CAP = 2000
_URL = re.compile(r"https?://[^/\s?#@]+/?")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)(?::[^{}]*)?\}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def check_placeholders(value: Any, known: tuple[str, ...]) -> Any:
    """The value, whatever its shape, if every ``{placeholder}`` in its texts is known. Raises ValueError."""
    for text in _texts(value):
        for match in _PLACEHOLDER.finditer(text):
            if match[1] not in known:
                raise ValueError(
                    f"unknown placeholder {{{match[1]}}}; known are {', '.join(f'{{{k}}}' for k in known)}"
                )
    return value


def _check_jmespath(expression: str) -> str:
    if len(expression) > _EXPRESSION_CAP:
        raise ValueError(f"longer than {_EXPRESSION_CAP} characters")
    try:
        jmespath.compile(expression)
    except RecursionError:
        raise ValueError("not a JMESPath expression: nested too deeply") from None
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {str(error).splitlines()[0]}") from None
    return expression


def _check_path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("a path begins with /")
    return check_placeholders(path, PLACEHOLDERS)  # type: ignore[no-any-return]


def _check_url(url: str) -> str:
    if not _URL.fullmatch(url):
        raise ValueError("must be http:// or https:// and a host, perhaps a port; no path, and no password")
    check_placeholders(url, ("port", "https_port", "frontend_port"))
    try:
        parts = urlsplit(_PLACEHOLDER.sub("1", url))
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("its host or port cannot be used")
    return url


Path_ = Annotated[str, AfterValidator(_check_path)]
Expression = Annotated[str, AfterValidator(_check_jmespath)]
Url = Annotated[str, AfterValidator(_check_url), WithJsonSchema({"type": "string", "pattern": f"^{_URL.pattern}$"})]
