"""``{{ … }}`` in a scenario: JMESPath over what earlier steps saved. It reads, and can do nothing else.

A text that is one template alone keeps the value's type. Amounts are whole numbers of minor units; no expression may
yield a binary float.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import jmespath
from jmespath import exceptions, functions

from stripe_audit.money import MoneyError, chargeable_step, from_minor, to_minor

__all__ = ["TemplateError", "check_expression", "check_templates", "evaluated", "filled", "names_in"]

_TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LONGEST = 2000


class TemplateError(ValueError):
    """An expression that cannot be read, names what was not saved, or yields what it must not."""


class _Functions(functions.Functions):
    """What expressions can call besides JMESPath's own functions. All of it is exact."""

    @functions.signature({"types": ["number"]}, {"types": ["number"]})
    def _func_add(self, one: int, other: int) -> int:
        return one + other

    @functions.signature({"types": ["number"]}, {"types": ["number"]})
    def _func_subtract(self, one: int, other: int) -> int:
        return one - other

    @functions.signature({"types": ["number"]}, {"types": ["number"]})
    def _func_times(self, one: int, other: int) -> int:
        return one * other

    @functions.signature({"types": ["number"]}, {"types": ["number"]}, {"types": ["string"]})
    def _func_part(self, amount: int, parts: int, currency: str) -> int:
        step = chargeable_step(currency)
        return max(step, amount // parts // step * step)

    @functions.signature({"types": []}, {"types": ["string"]})
    def _func_minor(self, amount: Any, currency: str) -> int:
        return to_minor(Decimal(str(amount)), currency)

    @functions.signature({"types": ["number"]}, {"types": ["string"]})
    def _func_major(self, amount: int, currency: str) -> str:
        return str(from_minor(amount, currency))


_OPTIONS = jmespath.Options(custom_functions=_Functions())


def check_expression(expression: str) -> str:
    """The expression, if it is JMESPath. Raises ValueError."""
    if len(expression) > _LONGEST:
        raise ValueError(f"an expression of more than {_LONGEST} characters")
    try:
        jmespath.compile(expression)
    except RecursionError:
        raise ValueError("not a JMESPath expression: nested too deeply") from None
    except exceptions.JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {str(error).splitlines()[0]}") from None
    return expression


def check_templates(value: Any) -> Any:
    """The value, whatever its shape, if every template in its texts can be read. Raises ValueError."""
    for text in _texts(value):
        rest = _TEMPLATE.sub("", text)
        if "{{" in rest or "}}" in rest:
            raise ValueError("a template is opened or closed, but not both: {{ name.field }}")
        for match in _TEMPLATE.finditer(text):
            check_expression(match[1].strip())
    return value


def names_in(value: Any) -> set[str]:
    """The saved names that the templates in a value read."""
    expressions = (match[1] for text in _texts(value) for match in _TEMPLATE.finditer(text))
    return {name for expression in expressions for name in _fields(jmespath.compile(expression.strip()).parsed)}


def _fields(node: Mapping[str, Any]) -> set[str]:
    """The names that an expression reads from what was saved, not from what it reached by other names."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return {node["value"]}
    inner = children[:1] if kind in _INTO else children
    return set().union(*(_fields(child) for child in inner if isinstance(child, Mapping)), set())


_INTO = ("subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten", "pipe")


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    return [text for item in value for text in _texts(item)] if isinstance(value, (list, tuple)) else []


def evaluated(expression: str, data: Any) -> Any:
    """The expression's value. Raises TemplateError."""
    try:
        return _exact(jmespath.search(expression, data, options=_OPTIONS), expression)
    except (exceptions.JMESPathError, MoneyError, InvalidOperation, RecursionError, ZeroDivisionError) as error:
        raise TemplateError(f"{expression}: {str(error).splitlines()[0]}") from None


def _exact(value: Any, expression: str) -> Any:
    if isinstance(value, float):
        if not value.is_integer():
            raise TemplateError(f"{expression} is {value!r}, a binary float; amounts are whole minor units or texts")
        return int(value)
    return value


def filled(value: Any, saved: Mapping[str, Any]) -> Any:
    """The value with its templates filled in. Raises TemplateError where a name was not saved or is nothing."""
    if isinstance(value, Mapping):
        return {filled(key, saved): filled(item, saved) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(item, saved) for item in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    if whole := _TEMPLATE.fullmatch(value):
        return _found(whole[1].strip(), saved)
    return _TEMPLATE.sub(lambda match: _written(_found(match[1].strip(), saved)), value)


def _found(expression: str, saved: Mapping[str, Any]) -> Any:
    value = evaluated(expression, saved)
    if value is None:
        raise TemplateError(f"{{{{ {expression} }}}} is nothing; saved are {', '.join(sorted(saved)) or 'no names'}")
    return value


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
