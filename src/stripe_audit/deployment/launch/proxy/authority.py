"""A certificate authority for one run, which can speak for nobody but Stripe (RFC 5280, name constraints).

Its key is made in scratch by the ``openssl`` command and is gone with it. Only the launched app is told to trust it.
"""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.deployment.launch.proxy.hosts import API_HOSTS
from stripe_audit.errors import LaunchError

__all__ = ["Authority", "make_authority", "trusting"]

_NONE_BY_ADDRESS = "excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0"
_CONFIGURATION = f"""\
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = stripe-audit, for one run
[authority]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign
nameConstraints = critical,permitted;DNS:stripe.com,{_NONE_BY_ADDRESS}
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {",".join(f"DNS:{host}" for host in API_HOSTS)}
"""
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_DAYS = "2"
_SYSTEM = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where Debian, Fedora and Alpine, and macOS keep what they trust."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Files in scratch: the authority's certificate, and everything that was trusted before with it added."""

    certificate: Path
    bundle: Path
    context: ssl.SSLContext
    """For the server that answers as Stripe."""


def make_authority(folder: Path, trusted: Path | None) -> Authority:
    """Make one in a new folder. ``trusted`` is the caller's own bundle. Raises LaunchError without ``openssl``."""
    folder.mkdir(mode=0o700)
    (folder / "openssl.cnf").write_text(_CONFIGURATION)
    ca, ca_key, leaf, leaf_key = (folder / name for name in ("ca.pem", "ca.key", "server.pem", "server.key"))
    _openssl(folder, "req", "-x509", *_NEW_KEY, "-keyout", ca_key.name, "-out", ca.name, "-days", _DAYS)
    _openssl(folder, "req", "-new", *_NEW_KEY, "-subj", f"/CN={API_HOSTS[0]}", "-keyout", leaf_key.name, "-out", "csr")
    signing = ("-CA", ca.name, "-CAkey", ca_key.name, "-CAcreateserial", "-days", _DAYS)
    extended = ("-extfile", "openssl.cnf", "-extensions", "server")
    _openssl(folder, "x509", "-req", "-in", "csr", *signing, *extended, "-out", leaf.name, has_config=False)
    ca_key.unlink()  # nothing more will be signed
    bundle = folder / "bundle.pem"
    bundle.write_bytes((trusted.read_bytes() + b"\n" if trusted else b"") + ca.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf, leaf_key)
    context.set_alpn_protocols(["http/1.1"])
    return Authority(ca, bundle, context)


def _openssl(folder: Path, command: str, *arguments: str, has_config: bool = True) -> None:
    config = ("-config", "openssl.cnf") if has_config else ()
    try:
        ended = subprocess.run(
            ["openssl", command, *config, *arguments], cwd=folder, capture_output=True, text=True, timeout=60
        )
    except OSError as error:
        raise LaunchError(
            f"target.stripe: proxy needs the openssl command ({error.strerror})", hint="install openssl"
        ) from None
    if ended.returncode:
        raise LaunchError("no certificate could be made for the proxy", hint=ended.stderr.strip()[-500:])


def trusted_by_caller(env: Mapping[str, str]) -> Path | None:
    """The bundle that the caller's environment names, or else the system's; None where there is none."""
    named = (env.get(name) for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"))
    usual = (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, *_SYSTEM)
    return next((Path(path) for path in (*named, *usual) if path and Path(path).is_file()), None)


def trusting(authority: Authority, env: Mapping[str, str]) -> dict[str, str]:
    """The environment, with the authority trusted by what reads one of the usual variables."""
    bundle = str(authority.bundle)
    names = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return {**env, **dict.fromkeys(names, bundle)}
