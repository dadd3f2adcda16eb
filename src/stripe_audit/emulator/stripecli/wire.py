"""What the Stripe CLI and Stripe say to each other on the WebSocket: JSON in text frames.

Source: github.com/stripe/stripe-cli, pkg/websocket; measured with the published 1.52.0 binary.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["SUBPROTOCOL", "log_message", "read_message", "snapshot_message", "thin_message"]

SUBPROTOCOL = "stripecli-devproxy-v1"


def snapshot_message(
    body: bytes, headers: Mapping[str, str], *, api_version: str | None, webhook: str, conversation: str
) -> str:
    """A ``webhook_event``. The body reaches the app byte for byte, with these headers; the signature is among them.

    ``api_version`` is null for a CLI that takes the account's default version, and set for one that runs ``--latest``:
    each drops what is meant for the other.
    """
    return json.dumps(
        {
            "type": "webhook_event",
            "event_payload": body.decode("utf-8"),
            "http_headers": dict(headers),
            "endpoint": {"api_version": api_version},
            "webhook_id": webhook,
            "webhook_conversation_id": conversation,
        }
    )


def thin_message(body: bytes, headers: Mapping[str, str], *, destination: str) -> str:
    """A ``v2_event``."""
    return json.dumps(
        {
            "type": "v2_event",
            "payload": body.decode("utf-8"),
            "http_headers": dict(headers),
            "destination_id": destination,
        }
    )


def log_message(identity: str, payload: Mapping[str, Any]) -> str:
    """A ``request_log_event``: one call to the API."""
    return json.dumps(
        {"type": "request_log_event", "request_log_id": identity, "event_payload": json.dumps(dict(payload))}
    )


def read_message(text: str) -> dict[str, Any] | None:
    """What the CLI says, if it is a JSON object with a type; None for anything else."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return None
    return message
