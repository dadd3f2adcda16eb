"""Derive the list of all of Stripe's endpoints from the installed ``stripe`` package.

    python scripts/derive_endpoints.py [--check]

Reads the package's service classes as text (nothing of it is imported): each of their methods names the method and the
path that it calls. Writes ``src/stripe_audit/emulator/shapes/endpoints.json``, from which the emulator knows what it
does not implement. With ``--check`` nothing is written, and the exit code is 1 if the committed file differs.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from derive_shapes import FOLDER, package_folder, version

FILE = FOLDER / "endpoints.json"
_REQUESTS = {"_request", "_request_stream"}


def calls_in(path: Path) -> Iterator[tuple[str, str]]:
    """Method and path of every request that a service's methods make; the asynchronous ones make the same."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _REQUESTS:
            method, target = node.args[:2]
            if isinstance(target, ast.Call) and isinstance(target.func, ast.Attribute):  # "…{id}…".format(id=…)
                target = target.func.value
            if not (isinstance(method, ast.Constant) and isinstance(target, ast.Constant)):
                raise SystemExit(f"{path.name}:{node.lineno}: a request that is not written as in version 16")
            yield str(method.value).upper(), str(target.value)


def rendered() -> str:
    """The file's text: endpoints by path, in order."""
    package = package_folder()
    found = {call for path in sorted(package.rglob("_*_service.py")) for call in calls_in(path)}
    if len(found) < 500:
        raise SystemExit(f"only {len(found)} endpoints in the stripe package: its services are written differently")
    lines = [f"{method} {path}" for method, path in sorted(found, key=lambda call: (call[1], call[0]))]
    if wrong := [line for line in lines if not re.fullmatch(r"(GET|POST|DELETE) /[\w/{}.]+", line)]:
        raise SystemExit(f"not an endpoint: {wrong[0]}")
    return json.dumps({"api_version": version(package), "endpoints": lines}, indent=0) + "\n"


def main() -> int:
    text = rendered()
    if "--check" not in sys.argv[1:]:
        FILE.write_text(text, "utf-8")
        return 0
    if not FILE.exists() or FILE.read_text("utf-8") != text:
        sys.stderr.write("endpoints.json differs from the stripe package; run scripts/derive_endpoints.py\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
