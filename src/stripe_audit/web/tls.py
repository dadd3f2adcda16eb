"""Which old versions of TLS a server still takes, asked with a ClientHello of our own.

Written byte by byte (RFC 2246, RFC 4346), since the TLS library of this machine may refuse to speak them itself.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import struct
import time

__all__ = ["OLD_TLS", "accepts_old_tls", "days_left", "why_distrusted"]

OLD_TLS = {"TLS 1.0": 0x0301, "TLS 1.1": 0x0302}
"""Versions that PCI DSS 4.2.1 and ASVS 5.0, 12.1.1 no longer take for strong, by their numbers on the wire."""

_CIPHERS = (0xC014, 0xC00A, 0xC013, 0xC009, 0x0039, 0x0033, 0x0035, 0x002F, 0xC012, 0x000A, 0x0005)
"""The CBC and RC4 suites that these versions know: ECDHE, DHE and RSA, with RSA and ECDSA certificates."""
_RENEGOTIATION = 0x00FF
_GROUPS = (0x001D, 0x0017, 0x0018, 0x0019)
_HANDSHAKE, _SERVER_HELLO, _ALERT = 22, 2, 21


def accepts_old_tls(host: str, port: int, version: int, *, timeout: float = 5.0) -> bool | None:
    """Whether a server begins a handshake in an old version; None where it answered with no TLS at all.

    Blocks for up to ``timeout`` seconds. A refusal is an alert, a closed or a reset connection. Raises OSError where
    there is no connection.
    """
    with socket.create_connection((host, port), timeout=timeout) as connection:
        connection.sendall(client_hello(host, version))
        try:
            return is_taken(_read(connection, 11), version)
        except (ConnectionError, TimeoutError):
            return False


def _read(connection: socket.socket, size: int) -> bytes:
    """The first bytes of the answer; fewer where the connection was closed."""
    received = b""
    while len(received) < size and (chunk := connection.recv(size - len(received))):
        received += chunk
    return received


def is_taken(answer: bytes, version: int) -> bool | None:
    """Read the first 11 bytes of an answer: a record's header, a handshake's header, the version chosen."""
    if not answer or answer[0] == _ALERT:
        return False
    if len(answer) < 11 or answer[0] != _HANDSHAKE:
        return None
    return answer[5] == _SERVER_HELLO and int.from_bytes(answer[9:11], "big") == version


def client_hello(host: str, version: int) -> bytes:
    """A ClientHello record that offers one version and nothing newer."""
    ciphers = b"".join(struct.pack(">H", suite) for suite in (*_CIPHERS, _RENEGOTIATION))
    groups = _sized(b"".join(struct.pack(">H", group) for group in _GROUPS), 2)
    extensions = _extension(10, groups) + _extension(11, _sized(b"\0", 1))
    if not host.replace(".", "").isdigit() and ":" not in host:  # an address is no server name (RFC 6066)
        extensions = _extension(0, _sized(b"\0" + _sized(host.encode("idna"), 2), 2)) + extensions
    body = struct.pack(">H", version) + secrets.token_bytes(32) + b"\0" + _sized(ciphers, 2) + _sized(b"\0", 1)
    body += _sized(extensions, 2)
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    return struct.pack(">BH", _HANDSHAKE, 0x0301) + _sized(handshake, 2)


def _sized(content: bytes, length_bytes: int) -> bytes:
    return len(content).to_bytes(length_bytes, "big") + content


def _extension(number: int, content: bytes) -> bytes:
    return struct.pack(">H", number) + _sized(content, 2)


def days_left(host: str, port: int, ca_file: str | None = None, *, timeout: float = 5.0) -> float | None:
    """Days until the server's certificate ends; None where it is not trusted, which is told elsewhere.

    Blocks for up to ``timeout`` seconds. Raises OSError where there is no connection.
    """
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    try:
        with (
            socket.create_connection((host, port), timeout=timeout) as connection,
            context.wrap_socket(connection, server_hostname=host) as secured,
        ):
            ends = (secured.getpeercert() or {}).get("notAfter")
    except ssl.SSLError:
        return None
    return None if ends is None else (ssl.cert_time_to_seconds(str(ends)) - time.time()) / 86400


_REASONS = {
    "hostname mismatch": "it is for another name; ask for one with every name that customers use",
    "ip address mismatch": "it is for a name, and an address is declared",
    "has expired": "it has expired; renew it, and let that happen by itself (ACME)",
    "not yet valid": "it is not valid yet; see the clock of the machine that made it",
    "self-signed": "nobody that browsers trust has signed it",
    "self signed": "nobody that browsers trust has signed it",
    "unable to get local issuer": "its chain is not whole: serve the intermediate certificates with it",
}


def why_distrusted(message: str) -> str:
    """What a failed verification means and asks for; the message itself where nothing more is known."""
    told = next((reason for words, reason in _REASONS.items() if words in message.lower()), None)
    return f"{message} ({told})" if told else message
