"""Checks and converts a call's parameters by the derived schemas, with Stripe's errors.

Source: docs.stripe.com/error-codes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.shapes import LEGACY, PARAMS
from stripe_audit.emulator.versions import ACACIA

__all__ = ["check_params", "unknown_params"]

Convert = Callable[[Any, str], Any]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,12})?")
LONGEST = 5000
METADATA_KEYS, METADATA_KEY, METADATA_VALUE = 50, 40, 500
"""docs.stripe.com/api/metadata: 50 keys, names of up to 40 and values of up to 500 characters."""


def check_params(call: str, params: Mapping[str, Any], version: str, *, is_lenient: bool = False) -> dict[str, Any]:
    """The parameters with their Python types. Raises ApiError for missing, unknown and mistyped ones.

    An empty string, which unsets a value in Stripe's API, arrives as None. With ``is_lenient`` unknown parameters, also
    inside hashes, pass as they are: Stripe.js sends many that no reference names. So they do in requests pinned to a
    version before acacia, which are served as acacia and may carry what it dropped.
    """
    takes_more = is_lenient or version < ACACIA
    known, required = _compiled(call, _legacy(call, version[:10]), takes_more)
    result: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in params.items():
        convert = known.get(name)
        if convert is not None:
            result[name] = convert(value, name)
        elif takes_more:
            result[name] = value
        else:
            unknown.append(name)
    if unknown:
        raise _unknown(unknown)
    for name in required:
        if name not in params:
            raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
        if result[name] is None:
            raise _empty(name)
    return result


def unknown_params(call: str, params: Mapping[str, Any], version: str) -> list[str]:
    """The parameters, also inside hashes, that the call does not know at this version."""
    legacy = LEGACY.get(call, {})
    types = {**PARAMS[call]["p"], **{name: legacy[name]["type"] for name in _legacy(call, version[:10])}}
    return _unknown_in(params, types, "")


def _unknown_in(params: Mapping[str, Any], types: Mapping[str, Any], prefix: str) -> list[str]:
    found = []
    for name, value in params.items():
        shown = f"{prefix}[{name}]" if prefix else name
        kind = types.get(name)
        if kind is None:
            found.append(shown)
        elif isinstance(value, Mapping) and isinstance(kind, Mapping):
            inner = kind.get("z", kind)
            if isinstance(inner, Mapping) and "p" in inner:
                found += _unknown_in(value, inner["p"], shown)
    return found


@functools.lru_cache(maxsize=4096)
def _legacy(call: str, day: str) -> tuple[str, ...]:
    """Parameters that a later train removed, and a version of this day still takes."""
    return tuple(name for name, entry in LEGACY.get(call, {}).items() if day < entry["before"])


@functools.cache
def _compiled(call: str, legacy: tuple[str, ...], takes_more: bool) -> tuple[dict[str, Convert], tuple[str, ...]]:
    spec = PARAMS[call]
    types = {**spec["p"], **{name: LEGACY[call][name]["type"] for name in legacy}}
    return {name: _compile(kind, takes_more) for name, kind in types.items()}, tuple(spec.get("r", ()))


def _compile(kind: Any, takes_more: bool) -> Convert:
    if isinstance(kind, str):
        return _ATOMS[kind]
    if "p" in kind:
        return _hash(kind, takes_more)
    if "l" in kind:
        return _list(_compile(kind["l"], takes_more))
    if "e" in kind:
        return _one_of(kind["e"])
    if "z" in kind:
        return _clearable(_compile(kind["z"], takes_more))
    options = [_compile(option, takes_more) for option in kind["o"]]
    return _any_of(options, [isinstance(option, dict) and "p" in option for option in kind["o"]])


def _unknown(names: list[str]) -> ApiError:
    shown = ", ".join(name[:100] for name in names[:10])
    return invalid(f"Received unknown parameter{'s' * (len(names) > 1)}: {shown}", names[0][:100], "parameter_unknown")


def _empty(param: str) -> ApiError:
    return invalid(
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{param}' cannot be unset. You should remove '{param}' from your request "
        "or supply a non-empty value.",
        param,
        "parameter_invalid_empty",
    )


def _integer(value: Any, param: str) -> int:
    if value == "":
        raise _empty(param)
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise invalid(f"Invalid integer: {_shown(value)}", param, "parameter_invalid_integer")
    return int(value)


def _decimal(value: Any, param: str) -> str:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise invalid(f"Invalid decimal: {_shown(value)}", param)
    return value


def _boolean(value: Any, param: str) -> bool:
    if value == "":
        raise _empty(param)
    if value in ("true", "false"):
        return bool(value == "true")
    raise invalid(f"Invalid boolean: {_shown(value)}", param)


def _text(value: Any, param: str) -> str | None:
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {_shown(value)}", param)
    if len(value) > LONGEST:
        raise invalid(f"Invalid string: {_shown(value)}; must be at most {LONGEST} characters", param)
    return value or None


def _map(value: Any, param: str) -> dict[str, str]:
    if isinstance(value, list):
        value = {str(index): item for index, item in enumerate(value)}
    if not isinstance(value, dict):
        raise invalid("Invalid object", param)
    if len(value) > METADATA_KEYS:
        raise invalid(f"{param.capitalize()} can have at most {METADATA_KEYS} keys", param)
    for key, item in value.items():
        if not isinstance(item, str):
            raise invalid(f"Invalid string: {_shown(item)}", f"{param}[{key[:50]}]")
        if len(key) > METADATA_KEY:
            raise invalid(f"{param.capitalize()} keys can have up to {METADATA_KEY} characters", param)
        if len(item) > METADATA_VALUE:
            raise invalid(f"{param.capitalize()} values can have up to {METADATA_VALUE} characters", f"{param}[{key}]")
    return value


def _anything(value: Any, param: str) -> Any:
    return value


def _hash(spec: Mapping[str, Any], takes_more: bool) -> Convert:
    types = {name: _compile(kind, takes_more) for name, kind in spec["p"].items()}
    required = spec.get("r", ())
    is_clearable = {name: isinstance(kind, dict) and "z" in kind for name, kind in spec["p"].items()}

    def convert(value: Any, param: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid("Invalid object", param)
        result = {}
        for name, item in value.items():
            if name in types:
                result[name] = types[name](item, f"{param}[{name}]")
            elif takes_more:
                result[name] = item
            else:
                raise _unknown([f"{param}[{name}]"])
        for name in required:
            if name not in value:
                raise invalid(f"Missing required param: {param}[{name}].", f"{param}[{name}]", "parameter_missing")
            if result[name] is None and not is_clearable[name]:
                raise _empty(f"{param}[{name}]")
        return result

    return convert


def _list(item: Convert) -> Convert:
    def convert(value: Any, param: str) -> list[Any]:
        if isinstance(value, dict) and value and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=lambda key: (len(key), key))]
        if not isinstance(value, list):
            raise invalid("Invalid array", param)
        items = [item(entry, f"{param}[{index}]") for index, entry in enumerate(value)]
        if None in items:
            raise _empty(f"{param}[{items.index(None)}]")
        return items

    return convert


def _one_of(words: list[str]) -> Convert:
    known = frozenset(words)
    shown = f"{', '.join(words[:-1])}, or {words[-1]}" if len(words) > 1 else words[0]

    def convert(value: Any, param: str) -> str:
        if value == "":
            raise _empty(param)
        if not isinstance(value, str) or value not in known:
            choices = f"must be one of {shown}" if len(words) < 60 else f"{_shown(value)} is not known"
            raise invalid(f"Invalid {param}: {choices}", param)
        return value

    return convert


def _clearable(inner: Convert) -> Convert:
    def convert(value: Any, param: str) -> Any:
        return None if value == "" else inner(value, param)

    return convert


def _any_of(options: list[Convert], is_hash: list[bool]) -> Convert:
    def convert(value: Any, param: str) -> Any:
        fitting = [o for o, takes_hash in zip(options, is_hash, strict=True) if takes_hash == isinstance(value, dict)]
        last: ApiError | None = None
        for option in fitting or options:
            try:
                return option(value, param)
            except ApiError as error:
                last = error
        raise last or invalid("Invalid value", param)

    return convert


def _shown(value: Any) -> str:
    return str(value)[:100]


_ATOMS: dict[str, Convert] = {
    "i": _integer,
    "s": _text,
    "b": _boolean,
    "f": _decimal,
    "m": _map,
    "*": _anything,
}
