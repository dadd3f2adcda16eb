"""What Stripe's objects and calls look like: derived from the ``stripe`` package by ``scripts/derive_shapes.py``."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

__all__ = ["OBJECTS", "PARAMS", "blank"]


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.files(__name__).joinpath(name).read_text("utf-8"))
    return loaded


OBJECTS = _load("objects.json")
PARAMS = _load("params.json")
PARAMS["retrieve"] = {"p": {"expand": {"l": "s"}}}
PARAMS["any"] = {"p": {}}

_BLANK: dict[str, dict[str, Any]] = {
    name: dict.fromkeys(shape["fields"]) for name, shape in OBJECTS.items() if name != "api_version"
}


def blank(name: str, **values: Any) -> dict[str, Any]:
    """An object of this kind in Stripe's order of fields: ``values``, and null for all others.

    The fields are those of the pinned API version; a value under an unknown name is added at the end.
    """
    return {**_BLANK[name], **values}
