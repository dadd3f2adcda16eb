"""How the shop proves itself over TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

__all__ = ["TLS", "Certified"]

TLS = Path(__file__).parent / "tls"
"""Certificates for 127.0.0.1 and localhost."""


class Certified:
    """The part of the shop that browsers trust, or do not."""

    def certificate(self) -> Path:
        """A file with the certificate and its key."""
        return TLS / "shop.pem"

    def harden(self, context: ssl.SSLContext) -> None:
        """TLS 1.2 and up."""
        context.minimum_version = ssl.TLSVersion.TLSv1_2
