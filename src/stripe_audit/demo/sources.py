"""The shop's own source as files of the demo's project, for the checks that read source."""

from __future__ import annotations

from importlib import resources

__all__ = ["MAIN", "shop_sources"]

_NOT_THE_SHOP = frozenset(
    (
        *("__init__.py", "serve.py", "serving.py", "staging.py", "variants.py"),
        *("project.py", "repository.py", "sources.py"),
    )
)
"""What starts the demo and writes its project."""

MAIN = '''"""``python -m shop``: the shop as a process, configured by its environment."""

import os

from aiohttp import web

from shop.app import Shop
from shop.journal import Journal

shop = Shop(Shop.configured(os.environ), Journal())
web.run_app(shop.application(), port=shop.port)
'''


def shop_sources() -> dict[str, str]:
    """The shop's modules by their paths, as a package of the name ``shop``."""
    folder = resources.files("stripe_audit.demo")
    modules = [one for one in folder.iterdir() if one.name.endswith(".py") and one.name not in _NOT_THE_SHOP]
    renamed = {f"shop/{one.name}": one.read_text("utf-8").replace("stripe_audit.demo", "shop") for one in modules}
    return {"shop/__init__.py": "", "shop/__main__.py": MAIN, **renamed}
