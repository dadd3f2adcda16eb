"""Metadata and plain fields, changed as Stripe does (docs.stripe.com/api/metadata)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.schema import METADATA_KEYS
from stripe_audit.emulator.store import Obj, snapshot

__all__ = ["change", "merged", "previous_of"]


def merged(known: dict[str, str] | None, given: dict[str, str] | None) -> dict[str, str]:
    """Known metadata with the given ones laid over: an empty value removes a key, None removes all.

    Raises ApiError 400 beyond 50 keys.
    """
    if given is None:
        return {}
    result = {**(known or {}), **given}
    if len(result) > METADATA_KEYS:
        raise invalid(f"Metadata can have at most {METADATA_KEYS} keys", "metadata")
    return {key: value for key, value in result.items() if value != ""}


def change(obj: Obj, params: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Set the named fields that are given, and the metadata; return what the changed fields held before.

    Raises ApiError 400, and changes nothing, where the metadata would exceed 50 keys.
    """
    previous: dict[str, Any] = {}
    metadata = merged(obj["metadata"], params["metadata"]) if "metadata" in params else None
    for name in names:
        if name in params and obj.get(name) != params[name]:
            previous[name] = snapshot(obj.get(name))
            obj[name] = params[name]
    if metadata is not None and metadata != obj["metadata"]:
        previous["metadata"] = previous_of(obj["metadata"], metadata)
        obj["metadata"] = metadata
    return previous


def previous_of(before: dict[str, str], after: dict[str, str]) -> dict[str, str | None]:
    """The keys that differ, as they were; None for those that are new."""
    return {key: before.get(key) for key in {**before, **after} if before.get(key) != after.get(key)}
