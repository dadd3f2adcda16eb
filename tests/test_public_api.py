"""What the author of a check can import, with its signatures: a change here is a change for everybody's own checks.

If a change is meant: raise ``API`` in ``stripe_audit/__init__.py`` where it breaks checks, and write the snapshot anew
with ``python -m tests.test_public_api``.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import enum
import importlib
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import stripe_audit
from stripe_audit.check import Documentation
from stripe_audit.context import Project
from stripe_audit.deployment.spec import TargetSpec
from stripe_audit.deployment.target import TargetClient
from stripe_audit.observers.interface import LogObserver, MailObserver
from stripe_audit.observers.notifications import Notification, NotificationSink
from stripe_audit.observers.rows import Rows, RowsObserver
from stripe_audit.payments import Orders, Payments
from stripe_audit.sight import Sight
from stripe_audit.stripe_backend.interface import StripeBackend

SNAPSHOT = Path(__file__).with_name("public_api.txt")


REACHED = (
    *(Documentation, Orders, Payments, Project, Sight, StripeBackend, TargetClient, TargetSpec),
    *(LogObserver, MailObserver, Notification, NotificationSink, Rows, RowsObserver),
)
"""What a check gets from its context, though it does not import it."""


def _described(name: str, value: object) -> Iterator[str]:
    if isinstance(value, ModuleType):
        yield f"module {name}"
        for inner in value.__all__:
            yield from (f"    {line}" for line in _described(inner, getattr(value, inner)))
    elif inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
        yield f"class {name}" + (f"({bases})" if bases else "")
        yield from (f"    {line}" for line in _members(value))
    elif inspect.isroutine(value):
        yield f"{_kind(value)} {name}{_signature(value)}"
    else:
        yield f"{name}: {type(value).__name__}"


def _kind(function: object) -> str:
    return "async def" if inspect.iscoroutinefunction(function) else "def"


def _signature(function: Callable[..., object]) -> str:
    """As written, with every default as an ellipsis, so that no address and no Python version shows."""
    signature = inspect.signature(function)
    shown = [one if one.default is one.empty else one.replace(default=...) for one in signature.parameters.values()]
    return str(signature.replace(parameters=shown)).replace("'", "").replace("Ellipsis", "…").replace("...]", "…]")


def _members(kind: type) -> Iterator[str]:
    is_data, is_enum = dataclasses.is_dataclass(kind), issubclass(kind, enum.Enum)
    if is_enum:
        yield from (f"{member.name} = {member.value!r}" for member in kind)
    elif is_data:
        for field in dataclasses.fields(kind):
            is_optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            yield f"{field.name}: {field.type}{' = …' if is_optional else ''}"
    else:
        own = inspect.get_annotations(kind)
        yield from (f"{name}: {text}" for name, text in sorted(own.items()) if not name.startswith("_"))
    for name, member in sorted(vars(kind).items()):
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"property {name}: {inspect.signature(member.fget).return_annotation}"
        elif inspect.isroutine(member) or isinstance(member, classmethod | staticmethod):
            function = getattr(member, "__func__", member)
            yield f"{_kind(function)} {name}{_signature(function)}"


def described() -> str:
    """The public API, one line for each thing in it."""
    lines = [f"API = {stripe_audit.API}", ""]
    for name in stripe_audit.__all__:
        if name != "API":
            lines += [*_described(name, getattr(stripe_audit, name)), ""]
    lines.append("Reached through a context:")
    for kind in sorted(REACHED, key=lambda kind: kind.__name__):
        lines += ["", *_described(kind.__name__, kind)]
    return "\n".join(lines) + "\n"


def test_the_public_api_is_what_it_was():
    now, before = described().splitlines(), SNAPSHOT.read_text("utf-8").splitlines()
    changes = "\n".join(difflib.unified_diff(before, now, "tests/public_api.txt", "stripe_audit", lineterm="", n=1))
    assert not changes, f"{changes}\n\nIf this is meant, see the docstring of {__file__}."


def _type_checking_imports() -> dict[str, str]:
    """Name → module, as written for type checkers."""
    tree = ast.parse(Path(stripe_audit.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    found = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            is_module = node.module == "stripe_audit"
            found[alias.name] = f"stripe_audit.{alias.name}" if is_module else str(node.module)
    return found


def test_type_checkers_and_the_interpreter_see_the_same():
    imports = _type_checking_imports()
    assert sorted(imports) == sorted(set(stripe_audit.__all__) - {"API"})
    for name, module in imports.items():
        value = getattr(stripe_audit, name)
        loaded = importlib.import_module(module)
        assert value is (loaded if isinstance(value, ModuleType) else getattr(loaded, name))


def test_names_are_listed_once_and_in_order():
    assert len(set(stripe_audit.__all__)) == len(stripe_audit.__all__)
    assert list(stripe_audit.__all__) == sorted(stripe_audit.__all__)


def test_every_public_module_says_what_is_public_in_it():
    for name in stripe_audit.__all__:
        module = getattr(stripe_audit, name)
        if isinstance(module, ModuleType):
            assert module.__all__, name
            for inner in module.__all__:
                assert hasattr(module, inner), f"{name}.{inner}"


def test_everything_public_has_a_docstring():
    for name in stripe_audit.__all__:
        value = getattr(stripe_audit, name)
        if inspect.isclass(value) or inspect.isroutine(value) or isinstance(value, ModuleType):
            assert inspect.getdoc(value), name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Chekc'"):
        stripe_audit.Chekc  # noqa: B018
    with pytest.raises(ImportError):
        from stripe_audit import Chekc  # noqa: F401


def test_dir_shows_what_is_not_loaded_yet():
    assert set(stripe_audit.__all__) <= set(dir(stripe_audit))


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import stripe_audit; "
        "print(sorted(n for n in set(sys.modules) - before if n.split('.')[0] != 'stripe_audit')); "
        "print([n for n in sys.modules if n.startswith('stripe_audit.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    others, ours = done.stdout.splitlines()
    assert ours == "[]"
    assert not [name for name in ("httpx", "aiohttp", "pydantic", "stripe", "rich", "asyncio") if f"'{name}'" in others]


if __name__ == "__main__":
    SNAPSHOT.write_text(described(), encoding="utf-8")
