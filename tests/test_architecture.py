"""Who may import whom. The source is read as text, so that an import inside a function counts too.

A new module of ``stripe_audit`` must be given a place in LAYERS below; ARCHITECTURE.md says what the layers are for.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import stripe_audit

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "models", "phases"),
    ("money", "keys", "redaction", "safety", "signatures"),
    ("events", "check", "report"),
    ("deployment", "source", "web", "webhooks"),
    ("observers", "ports", "survey"),
    ("stripe_backend",),
    ("payments", "world"),
    ("sight",),
    ("context",),
    ("load",),
    ("trials",),
    ("settings",),
    ("scenario",),
    ("catalog",),
    ("plan",),
    ("describe", "engine", "gating"),
    ("audit",),
    ("reporters",),
    ("bundle",),
    ("demo",),
    ("cli", "testing"),
)
"""A module imports from the lines above its own, never from its own line or from those below."""

APART = {"emulator": {"money", "keys", "redaction", "signatures"}}
"""Modules that stand beside the layers and could be lifted out, with all that they import."""
USERS_OF_APART = {"emulator": {"stripe_backend", "demo", "cli", "testing"}}

LIBRARIES: dict[str, set[str]] = {
    "httpx": {"deployment"},
    "httpcore": {"deployment"},
    "aiohttp": {"emulator", "demo"},
    "stripe": {"demo", "stripe_backend"},
    "pydantic": {"settings", "reporters", "scenario"},
    "yaml": {"settings"},
    "jmespath": {"settings", "deployment", "scenario"},
    "aiosmtpd": {"observers"},
    "pg8000": {"observers"},
    "pymysql": {"observers"},
    "jinja2": {"reporters"},
    "markupsafe": {"reporters"},
    "markdown_it": {"reporters"},
    "rich": {"reporters", "cli"},
    "typer": {"cli"},
    "uvloop": {"emulator"},
    "hypothesis": {"scenario"},
    "locust": {"load"},
    "gevent": {"load"},
}
"""Each library behind as few modules as there are. The engine shows nothing, reporters send nothing."""

LONGEST_FILE = 300
LONGEST_CHECK = 80


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is imported, wherever it stands, but for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from (found for other in node.orelse for found in imports(ast.Module([other], [])))
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            if module == "stripe_audit":
                yield from ((node.lineno, f"stripe_audit.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module
        else:
            yield from imports(node)


def _layer_of(module: str) -> int | None:
    return next((number for number, layer in enumerate(LAYERS) if module in layer), None)


def _may_import(importer: str, imported: str) -> bool:
    if imported in APART:
        return importer in USERS_OF_APART[imported]
    if importer in APART:
        return imported in APART[importer]
    above, own = _layer_of(imported), _layer_of(importer)
    return above is not None and own is not None and above < own


def package_problems(root: Path) -> Iterator[str]:
    """What is wrong with the imports of a ``stripe_audit`` package."""
    modules = {path.stem if path.is_file() else path.name for path in root.iterdir() if _is_module(path)} - {"__init__"}
    for module in sorted(modules):
        if _layer_of(module) is None and module not in APART:
            yield f"{module}: a new module; give it a place in LAYERS in tests/test_architecture.py"
    for path in sorted(root.rglob("*.py")):
        importer = path.relative_to(root).parts[0].removesuffix(".py")
        for line, name in imports(ast.parse(path.read_text("utf-8"))):
            place = f"{path.relative_to(root)}:{line}"
            top, _, rest = name.partition(".")
            if name.startswith("."):
                yield f"{place}: a relative import; write it out"
            elif top == "stripe_audit":
                imported = rest.split(".")[0]
                if imported in ("", "__version__", "API", importer):
                    continue
                if imported not in modules:
                    yield f"{place}: {name} is imported from the package; import it from its own module"
                elif importer == "__init__":
                    yield f"{place}: importing the package imports {imported}; that costs start-up time"
                elif not _may_import(importer, imported):
                    yield f"{place}: {importer} may not import {imported} (LAYERS in tests/test_architecture.py)"
            elif top not in sys.stdlib_module_names and importer not in LIBRARIES.get(top, set()):
                yield f"{place}: {importer} may not import {top} (LIBRARIES in tests/test_architecture.py)"


def _is_module(path: Path) -> bool:
    return path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))


def check_problems(root: Path) -> Iterator[str]:
    """What is wrong with the imports and reach of the checks in a folder."""
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for line, name in imports(tree):
            place, top = f"{path.relative_to(root)}:{line}", name.split(".")[0]
            if top == "stripe_audit":
                public = name.partition(".")[2]
                if public not in stripe_audit.__all__:
                    yield f"{place}: {name} is not public; a check uses what 'from stripe_audit import …' offers"
            elif top not in sys.stdlib_module_names:
                yield f"{place}: a check imports only stripe_audit and the standard library, not {name}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _is_private(node):
                yield f"{path.relative_to(root)}:{node.lineno}: {node.attr} is not the check's to use"


def _is_private(node: ast.Attribute) -> bool:
    """Whether it is a name that is kept from the check; an underscore of a named tuple's method means no such thing."""
    is_own = isinstance(node.value, ast.Name) and node.value.id == "self"
    is_special = node.attr.endswith("__") or node.attr in ("_replace", "_asdict")
    return node.attr.startswith("_") and not is_own and not is_special


def code_lines(text: str) -> int:
    """How many lines hold code: no docstring, no comment, no blank line."""
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in layout:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


# The project as it is


def test_imports_go_one_way(root):
    assert not list(package_problems(root / "src/stripe_audit"))


def test_checks_import_only_the_public_api(root):
    assert not list(check_problems(root / "checks"))


def test_every_layer_is_there_and_named_once(root):
    named = [module for layer in LAYERS for module in layer] + list(APART)
    assert len(named) == len(set(named))
    gone = [module for module in named if not _is_module(root / "src/stripe_audit" / module)]
    gone = [module for module in gone if not (root / "src/stripe_audit" / f"{module}.py").is_file()]
    assert not gone, f"LAYERS in tests/test_architecture.py names modules that are gone: {gone}"


def test_no_file_is_longer_than_can_be_held_in_the_head(root):
    files = [path for folder in ("src", "checks") for path in (root / folder).rglob("*.py")]
    counts = {str(path.relative_to(root)): len(path.read_text("utf-8").splitlines()) for path in files}
    assert len(files) > 100
    assert not {name: count for name, count in counts.items() if count > LONGEST_FILE}


def test_a_check_is_short(root):
    counts = {path.name: code_lines(path.read_text("utf-8")) for path in (root / "checks").rglob("*.py")}
    assert counts and not {name: count for name, count in counts.items() if count >= LONGEST_CHECK}


def test_every_module_says_what_it_is_for(root):
    for folder in ("src", "checks"):
        for path in (root / folder).rglob("*.py"):
            assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


# That the rules above can fail


@pytest.fixture
def package(tmp_path):
    def write(files):
        for name, text in {"errors.py": "", "engine/__init__.py": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("engine/x.py", "import rich.live", "engine/x.py:1: engine may not import rich (LIBRARIES"),
        ("reporters/x.py", "\nfrom httpx import Client", "reporters/x.py:2: reporters may not import httpx"),
        ("engine/x.py", "from stripe_audit.cli import main", "engine may not import cli (LAYERS"),
        ("engine/x.py", "from stripe_audit import cli", "engine may not import cli (LAYERS"),
        ("engine/x.py", "import stripe_audit.cli.app", "engine may not import cli (LAYERS"),
        ("engine/x.py", "def f():\n    from stripe_audit.cli import app", "engine/x.py:2: engine may not import cli"),
        (
            "engine/x.py",
            "try:\n    import stripe_audit.cli\nexcept ImportError:\n    pass",
            "engine may not import cli",
        ),
        ("plan.py", "from stripe_audit import engine", "plan.py:1: plan may not import engine"),
        ("context.py", "from stripe_audit.settings import x", "context may not import settings"),
        ("emulator/x.py", "from stripe_audit.errors import x", "emulator may not import errors"),
        ("engine/x.py", "from stripe_audit.emulator import x", "engine may not import emulator"),
        ("context.py", "from stripe_audit.emulator import x", "context may not import emulator"),
        ("engine/x.py", "from . import y", "engine/x.py:1: a relative import"),
        ("engine/x.py", "from stripe_audit import Check", "stripe_audit.Check is imported from the package"),
        ("engine/x.py", "import requests", "engine may not import requests (LIBRARIES"),
        ("__init__.py", "from stripe_audit.engine import x", "__init__.py:1: importing the package imports engine"),
        ("novelty.py", "", "novelty: a new module; give it a place in LAYERS in tests/test_architecture.py"),
        ("novelty/x.py", "", "novelty: a new module; give it a place in LAYERS in tests/test_architecture.py"),
        (
            "engine/x.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import rich",
            "engine may not import rich",
        ),
    ],
)
def test_a_wrong_import_is_found(package, name, text, told):
    known = {"cli/app.py": "", "settings/x.py": "", "emulator/y.py": "", "demo/x.py": "", "context.py": ""}
    problems = list(package_problems(package({**known, name: text})))
    assert len(problems) == 1 and told in problems[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "engine/x.py",
            "from stripe_audit.errors import AuditError\nimport json, os.path\nfrom stripe_audit.engine import x",
        ),
        ("engine/x.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from stripe_audit.cli import app"),
        ("cli/x.py", "from stripe_audit import __version__\nfrom stripe_audit.emulator import x\nimport rich, typer"),
        ("stripe_backend/x.py", "from stripe_audit.emulator import x"),
        ("emulator/x.py", "from stripe_audit.keys import x\nimport aiohttp"),
    ],
)
def test_a_right_import_is_let_pass(package, name, text):
    assert not list(package_problems(package({"cli/app.py": "", "emulator/y.py": "", "keys.py": "", name: text})))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from stripe_audit.context import Context", "x.py:1: stripe_audit.context is not public"),
        ("import stripe_audit.context", "stripe_audit.context is not public"),
        ("from stripe_audit import AuditError", "stripe_audit.AuditError is not public"),
        ("from stripe_audit import context", "stripe_audit.context is not public"),
        ("import httpx", "a check imports only stripe_audit and the standard library, not httpx"),
        ("from checks.webhooks import other", "and the standard library, not checks.webhooks"),
        ("from . import other", "and the standard library, not ."),
        ("def f(ctx):\n    return ctx._world", "x.py:2: _world is not the check's to use"),
    ],
)
def test_a_checks_wrong_reach_is_found(tmp_path, text, told):
    (tmp_path / "x.py").write_text(text)
    problems = list(check_problems(tmp_path))
    assert len(problems) == 1 and told in problems[0]


def test_a_checks_right_reach_is_let_pass(tmp_path):
    (tmp_path / "x.py").write_text("import json\nfrom stripe_audit import Check, keys\nx = keys.__name__\n")
    assert not list(check_problems(tmp_path))


def test_only_code_counts():
    text = '"""Doc.\n\nMore."""\n\n# why\nx = (\n    1,\n)\n\n\ndef f():\n    """Doc."""\n    return """a\nb"""\n'
    assert code_lines(text) == 3 + 1 + 2
