"""Which secrets the settings, the target's env files and the environment hold, so that none of them is ever shown.

What is declared as a secret is one. Else the name decides: a header ``Authorization``, a variable ``DB_PASSWORD``, a
member ``token`` of a body. Keys of known shapes need no name (``redaction.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from stripe_audit.redaction import Redactor
from stripe_audit.settings.loading import Settings
from stripe_audit.settings.model import SecretSource
from stripe_audit.source.env_files import read_env_file

__all__ = ["held_secrets", "shown_settings"]

_NAMED = re.compile(
    r"secret|token|passw|passphrase|pwd|private[_-]?key|credential|api[_-]?key|access[_-]?key|signing[_-]?key|authori[sz]ation"
    r"|cookie|(?:^|_)(?:pass|salt|pepper|dsn)$",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"publi(?:c|shable)|_(?:name|domain|path|file|url|uri|ttl|age|expir\w*|type|mode|alg\w*|header|length|enabled|issuer"
    r"|audience|prefix|id)$",
    re.IGNORECASE,
)
_TEMPLATES = ("headers", "body", "env")
"""Where settings hold what is sent or given; elsewhere ``token: access_token`` only says where something is found."""
_PLACEHOLDER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_:.-]*\}")
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey)\s+(?=\S)", re.IGNORECASE)
_ORDINARY = re.compile(
    r"[a-z]{1,11}|[0-9]{1,7}|[A-Z_]{1,11}|https?://[^@]*|[./~][^=]*|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}"
)
"""Words, small numbers, addresses, hosts and paths under a secret's name: modes, lifetimes, places of files."""
_SHORTEST = 6
_HIDDEN = "[hidden]"


def held_secrets(settings: Settings) -> tuple[str, ...]:
    """Every secret that is known from settings, env files and environment, each once."""
    found = [
        *_declared(settings, settings.model),
        *_in_value(settings.model.model_dump(mode="python", exclude_none=True)),
        *(secret for name, value in settings.environ.items() for secret in _of_variable(name, value)),
        *_in_env_files(settings),
    ]
    return tuple(dict.fromkeys(secret for secret in found if len(secret) >= _SHORTEST))


def shown_settings(settings: Settings, redactor: Redactor) -> dict[str, Any]:
    """The settings in force as JSON knows them, without secrets and without what stands under a secret's name."""
    dumped = settings.model.model_dump(mode="json", exclude_none=True)
    return dict(redactor.redact_value(_hidden(dumped)))


def _declared(settings: Settings, value: object) -> Iterator[str]:
    """What is declared as a secret, in the file or by the name of a variable."""
    if isinstance(value, (SecretStr, SecretSource)):
        secret = settings.secret(value) or ""
        yield secret
        yield from _url_password(secret)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _declared(settings, getattr(value, name))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _declared(settings, item)


def _in_value(value: Any, *, is_template: bool = False, is_secret: bool = False) -> Iterator[str]:
    """Texts that stand under a secret's name in a template, however deep."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _in_value(item, **_within(str(key), is_template, is_secret))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _in_value(item, is_template=is_template, is_secret=is_secret)
    elif isinstance(value, str):
        yield from _url_password(value)
        if is_secret:
            yield from _values(value)


def _in_env_files(settings: Settings) -> Iterator[str]:
    for name in settings.model.target.env_files:
        path = settings.path(name)
        try:
            variables = read_env_file(path).variables if path.is_file() else {}
        except (OSError, ValueError):  # a check says what is wrong with it
            continue
        for variable, entry in variables.items():
            yield from _of_variable(variable, entry.value or "")


def _of_variable(name: str, value: str) -> Iterator[str]:
    yield from _url_password(value)
    if _is_secret_name(name):
        yield from _values(value)


def _within(key: str, is_template: bool, is_secret: bool) -> dict[str, bool]:
    is_named = is_template and _is_secret_name(key)
    return {"is_template": is_template or key in _TEMPLATES, "is_secret": is_secret or is_named}


def _is_secret_name(name: str) -> bool:
    return bool(_NAMED.search(name)) and not _OPEN.search(name)


def _values(text: str) -> Iterator[str]:
    """The text, and without the scheme before it; nothing where it is a placeholder or an ordinary word."""
    rest = _PLACEHOLDER.sub("", text).strip()
    bare = _SCHEME.sub("", rest)
    for value in dict.fromkeys((rest, bare)):
        if value and not _ORDINARY.fullmatch(value):
            yield value


def _url_password(text: str) -> Iterator[str]:
    if "://" not in text or "@" not in text:
        return
    try:
        password = urlsplit(text).password
    except ValueError:
        return
    if password and not _PLACEHOLDER.search(password):
        yield from dict.fromkeys((password, unquote(password)))


def _hidden(value: Any, *, is_template: bool = False, is_secret: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {key: _hidden(item, **_within(str(key), is_template, is_secret)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hidden(item, is_template=is_template, is_secret=is_secret) for item in value]
    is_shown = not isinstance(value, str) or not is_secret or not any(True for _ in _values(value))
    return value if is_shown else _HIDDEN
