"""Runs first in every Python process of a launched target, from a folder on its ``PYTHONPATH``.

Stripe's library gets the address of the audit's Stripe the moment it is imported; Stripe's own hosts are out of reach;
the audit's keys stay in the environment, whatever the app reads from its files; a server that would listen on all
addresses of the machine stays on the loopback. The file that INJECTED_BY_STRIPE_AUDIT names says what to do, and what
was done is noted beside it, without any value of the app's.

Standard library only, and for any Python from 3.7 on: the app brings its own interpreter. An app that was not started
by the audit, or whose instructions are gone, is left as it is.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, Callable, Dict  # noqa: UP035 - for Python 3.7
from urllib.parse import urlsplit

_VARIABLE = "INJECTED_BY_STRIPE_AUDIT"
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - recognised, so as not to be bound
_KINDS = {
    "sk_test_": "secret_key",
    "sk_live_": "secret_key",
    "rk_test_": "secret_key",
    "rk_live_": "secret_key",
    "pk_test_": "publishable_key",
    "pk_live_": "publishable_key",
    "whsec_": "webhook_secret",
}
_Order = Dict[str, Any]  # noqa: UP006


def _is_stripes(host: Any) -> bool:
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii", "replace")
    name = host.rstrip(".").lower() if isinstance(host, str) else ""
    return name == "stripe.com" or name.endswith(".stripe.com")


def _note(order: _Order, **event: Any) -> None:
    """One line for the audit. Short enough that lines of several processes do not mix."""
    try:
        file = os.open(order["notes"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        return
    try:
        os.write(file, json.dumps({"pid": os.getpid(), **event}).encode() + b"\n")
    finally:
        os.close(file)


# The environment


def _ours(order: _Order, name: str, value: str) -> str | None:
    """What a variable gets that the app sets: the audit's value, if it is one of the audit's or holds a Stripe key.

    None where the audit wants it unset.
    """
    is_pinned = name in order["pinned"]
    kind = next((kind for prefix, kind in _KINDS.items() if value.startswith(prefix)), None)
    own: str | None = order["pinned"][name] if is_pinned else order["keys"].get(kind, value) if kind else value
    if value == own or (not is_pinned and value in order["keys"].values()):
        return value
    if kind:
        _note(order, event="key replaced", variable=name, live="_live_" in value)
    return own


def _keep_variables(order: _Order) -> None:
    environ: Any = type(os.environ)
    put = environ.__setitem__

    def set_variable(self: Any, name: Any, value: Any) -> None:
        is_text = self is os.environ and isinstance(name, str) and isinstance(value, str)
        own = _ours(order, name, value) if is_text else value
        if own is not None:
            put(self, name, own)

    environ.__setitem__ = set_variable
    for name, value in list(os.environ.items()):  # a parent may have set a port of its own for us, but no key
        if any(value.startswith(prefix) for prefix in _KINDS) and _ours(order, name, value) != value:
            del os.environ[name]
            os.environ[name] = value


# Stripe's library


def _moved(order: _Order, address: Any) -> Any:
    """An address of Stripe's as the audit's; any other as it is."""
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        return address
    parts = urlsplit(address)
    return order["stripe"] + parts.path.rstrip("/") if _is_stripes(parts.hostname) else address


def _after_stripe(order: _Order, module: ModuleType) -> None:
    class Redirected(type(module)):  # type: ignore[misc]
        """The library's module: what the app sets its addresses to is redirected too, and no proxy comes between."""

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, None if name == "proxy" else _moved(order, value))

    module.__class__ = Redirected
    _move_constants(order, module)
    _after_client(order, sys.modules.get("stripe._stripe_client"))
    _note(order, event="redirected", library="stripe", version=str(_version_of(module)))


def _version_of(module: ModuleType) -> Any:
    version = getattr(module, "VERSION", None) or getattr(module, "version", "")
    return getattr(version, "VERSION", version)


def _move_constants(order: _Order, module: ModuleType) -> None:
    for name, value in list(vars(module).items()):
        moved = _moved(order, value)
        if moved != value:
            setattr(module, name, moved)


def _after_client(order: _Order, module: ModuleType | None) -> None:
    client: Any = getattr(module, "StripeClient", None)
    if module is None or client is None or hasattr(client, "_is_redirected"):
        return
    _move_constants(order, module)
    begin = client.__init__

    def __init__(self: Any, *given: Any, **options: Any) -> None:  # noqa: N807
        if options.get("base_addresses"):
            addresses = options["base_addresses"]
            options["base_addresses"] = {name: _moved(order, value) for name, value in addresses.items()}
        if options.get("proxy"):
            options["proxy"] = None
        begin(self, *given, **options)

    client.__init__ = __init__
    client._is_redirected = True


# Connections


def _refuse(order: _Order, host: Any) -> None:
    if _is_stripes(host):
        name = host if isinstance(host, str) else bytes(host).decode("ascii", "replace")
        _note(order, event="refused", host=name)
        raise socket.gaierror(socket.EAI_FAIL, f"stripe-audit keeps this process from Stripe's real host {name}")


def _watch_connections(order: _Order) -> None:
    def heard(event: str, arguments: Any) -> None:
        if event in ("socket.getaddrinfo", "socket.gethostbyname"):
            _refuse(order, arguments[0])
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            _refuse(order, arguments[1][0])

    sys.addaudithook(heard)


def _stay_on_loopback(order: _Order) -> None:
    bind = socket.socket.bind

    def bind_nearby(self: socket.socket, address: Any) -> None:
        is_everywhere = isinstance(address, tuple) and len(address) >= 2 and address[0] in _EVERYWHERE
        if is_everywhere and self.family in (socket.AF_INET, socket.AF_INET6) and self.type == socket.SOCK_STREAM:
            _note(order, event="kept on the loopback", port=address[1])
            address = ("127.0.0.1" if self.family == socket.AF_INET else "::1", *address[1:])
        bind(self, address)

    socket.socket.bind = bind_nearby  # type: ignore[method-assign,assignment]


def _after_uvloop(order: _Order, module: ModuleType) -> None:
    """Its loop resolves, connects and listens in C, so that neither audit events nor ``socket`` see it."""
    loop: Any = module.Loop  # type: ignore[attr-defined,unused-ignore]
    look_up, connect, listen = loop.getaddrinfo, loop.create_connection, loop.create_server

    async def getaddrinfo(self: Any, host: Any, port: Any, **options: Any) -> Any:
        _refuse(order, host)
        return await look_up(self, host, port, **options)

    async def create_connection(self: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        _refuse(order, host)
        return await connect(self, factory, host, port, **options)

    async def create_server(self: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if port is not None and order["is_local"] and (host is None or host in _EVERYWHERE):
            _note(order, event="kept on the loopback", port=port)
            host = "127.0.0.1"
        return await listen(self, factory, host, port, **options)

    loop.getaddrinfo, loop.create_connection, loop.create_server = getaddrinfo, create_connection, create_server


# Imports


class _Loader:
    """A module's own loader, and something to do once it has run."""

    def __init__(self, loader: Any, after: Callable[[ModuleType], None]) -> None:
        self.loader = loader
        self.after = after

    def create_module(self, spec: ModuleSpec) -> Any:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        if module.__spec__:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.after(module)


class _Finder:
    """Lets everybody else find a module, and takes part in its loading."""

    def __init__(self, order: _Order) -> None:
        self.order = order
        self.wanted = {"stripe": _after_stripe, "stripe._stripe_client": _after_client, "uvloop": _after_uvloop}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        after: Any = self.wanted.pop(name, None)  # gone while the others search, and a module is loaded but once
        if after is None:
            return None
        spec = find_spec(name)
        if spec is None or not hasattr(spec.loader, "exec_module"):
            self.wanted[name] = after
            return spec
        spec.loader = _Loader(spec.loader, lambda module: after(self.order, module))  # type: ignore[assignment]
        return spec


def _chain() -> None:
    """Run the ``sitecustomize`` that would have been found without this one."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would cost the app its time
    folders = [folder for folder in sys.path if os.path.abspath(folder or ".") != here]  # noqa: PTH100
    spec = PathFinder.find_spec("sitecustomize", folders)
    if spec and spec.loader:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def _begin(path: str) -> None:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            order: _Order = json.load(file)
    except (OSError, ValueError):
        return
    _keep_variables(order)
    _watch_connections(order)
    if order["is_local"]:
        _stay_on_loopback(order)
    sys.meta_path.insert(0, _Finder(order))
    _note(order, event="loaded", runtime="Python " + sys.version.split()[0])


if _VARIABLE in os.environ:
    _begin(os.environ[_VARIABLE])
_chain()
