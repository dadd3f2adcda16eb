"""Where a database server is: a URL as apps have it in ``DATABASE_URL``. No error shows any of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["DRIVERS", "DatabaseAddress", "read_address"]

DRIVERS: Mapping[str, tuple[str, ...]] = {"postgres": ("postgres", "postgresql"), "mysql": ("mysql", "mariadb")}
"""The schemes of each kind; what follows a ``+`` names a driver of the app's."""
_PORTS = {"postgres": 5432, "mysql": 3306}


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """``options`` are what stands behind the question mark, by names in lower case without ``-`` and ``_``."""

    kind: str
    host: str
    port: int
    name: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """Host and name, without user and password."""
        return f"{self.kind} {self.name} at {self.host}"

    @property
    def encryption(self) -> str:
        """What is asked of TLS: ``off``, ``on`` (whoever answers), ``verify``, or nothing."""
        wanted = next(
            (self.options[name] for name in ("sslmode", "ssl", "tls", "sslaccept") if name in self.options), ""
        )
        return _ENCRYPTION.get(wanted.lower().replace("_", "-"), "")


_ENCRYPTION = {
    **dict.fromkeys(("disable", "disabled", "false", "0", "off"), "off"),
    **dict.fromkeys(("require", "required", "true", "1", "on", "accept-invalid-certs"), "on"),
    **dict.fromkeys(("verify-ca", "verify-full", "verify-identity", "strict"), "verify"),
}


def read_address(url: str, kind: str) -> DatabaseAddress:
    """The address in a URL of this kind. Raises ValueError, which shows nothing of the URL."""
    schemes = DRIVERS[kind]
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        options = {name.lower().replace("-", "").replace("_", ""): value for name, value in parse_qsl(parts.query)}
    except ValueError:
        raise ValueError("is no URL that can be read; special characters in a password are written as %40") from None
    if parts.scheme.partition("+")[0] not in schemes:
        raise ValueError(f"must begin with {schemes[-1]}://, for kind {kind}")
    name = unquote(parts.path.strip("/")) or options.get("dbname", "")
    if not name:
        raise ValueError(f"names no database: {schemes[-1]}://user@host/NAME")
    return DatabaseAddress(
        kind,
        parts.hostname or options.get("host", "localhost"),
        port or _PORTS[kind],
        name,
        unquote(parts.username) if parts.username else options.get("user"),
        unquote(parts.password) if parts.password else options.get("password"),
        options,
    )
