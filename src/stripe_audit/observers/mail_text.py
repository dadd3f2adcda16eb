"""What stands in a mail, however it is written."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from email.utils import getaddresses

__all__ = ["addresses_in", "decoded"]

_MOST_PARTS = 100
"""A mail that names more boundaries is not taken apart: nested ones cost the parser the square of their number."""


def decoded(content: bytes) -> tuple[str, str]:
    """Subject and text. Of a mail that cannot be taken apart, everything as it came: none is lost for being broken."""
    try:
        if content.lower().count(b"boundary") > _MOST_PARTS:
            raise ValueError("too many parts")
        message = email.message_from_bytes(content, policy=email.policy.default)
        part = message.get_body(preferencelist=("plain", "html"))
        subject = str(message.get("subject", ""))
        return subject, _text_of(part) if isinstance(part, EmailMessage) else ""
    except Exception:  # on hostile mails the standard library's parser raises what it likes
        return "", content.decode("utf-8", "replace")


def _text_of(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # an encoding that nobody knows
        raw = part.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)


def addresses_in(content: bytes, *names: str) -> tuple[str, ...]:
    """The addresses in headers of these names, each once; none where the headers cannot be taken apart."""
    try:
        headers = email.message_from_bytes(content.partition(b"\r\n\r\n")[0], policy=email.policy.compat32)
        given = [str(value) for name in names for value in headers.get_all(name, [])]
        return tuple(dict.fromkeys(address for _, address in getaddresses(given) if "@" in address))
    except Exception:  # as above
        return ()
