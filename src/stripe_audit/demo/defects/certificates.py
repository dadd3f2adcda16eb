"""Defects of phase 4: certificates that end, or have ended, before anybody noticed.

They are signed by an authority of the demo's whose key is public; it may sign for 127.0.0.1 and localhost only, and is
trusted by nobody but the project's own ``ca_file``.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from stripe_audit.demo.app import Shop
from stripe_audit.demo.certificate import TLS
from stripe_audit.demo.defects.model import Defect

__all__ = ["DEFECTS"]

_AUTHORITY = TLS / "public-ca.pem"
_DAYS_LEFT = "5"
_EXTENSIONS = "basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"


def _trusted() -> str:
    """The authority's certificate without its key."""
    return _AUTHORITY.read_text("ascii").split("-----BEGIN PRIVATE KEY-----")[0]


@functools.cache
def _ending() -> Path:
    """A certificate that ends in a few days, made by the ``openssl`` command; the folder is gone with the process."""
    folder = Path(_scratch().name)
    (folder / "extensions").write_text(_EXTENSIONS, "ascii")
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key")
    signing = ("-CA", str(_AUTHORITY), "-CAkey", str(_AUTHORITY), "-set_serial", "2", "-days", _DAYS_LEFT)
    for command in (
        ("req", "-new", *new_key, "-subj", "/CN=localhost", "-out", "request"),
        ("x509", "-req", "-in", "request", *signing, "-extfile", "extensions", "-out", "certificate"),
    ):
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True, timeout=30)
    made = folder / "shop.pem"
    made.write_text((folder / "certificate").read_text("ascii") + (folder / "key").read_text("ascii"), "ascii")
    return made


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="stripe-audit-demo-tls-")


class _Ending(Shop):
    def certificate(self) -> Path:
        return _ending() if shutil.which("openssl") else TLS / "expired.pem"


class _Expired(Shop):
    def certificate(self) -> Path:
        return TLS / "expired.pem"


DEFECTS = (
    Defect(
        "certificate-ending",
        "The certificate ends in five days, and nothing renews it",
        "https-enforced",
        shop=_Ending,
        files={"ca.pem": _trusted()},
    ),
    Defect(
        "certificate-expired",
        "The certificate has ended",
        "https-enforced",
        also=("*",),  # the page cannot be opened
        shop=_Expired,
        files={"ca.pem": _trusted()},
    ),
)
