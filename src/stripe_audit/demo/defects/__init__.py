"""The shop's defects: for every check at least one, each a small class in front of the sound shop's own."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects import (
    arrivals,
    certificates,
    crashes,
    environment,
    errors,
    failures,
    frames,
    integration,
    journeys,
    late_news,
    ledger,
    listening,
    loads,
    notices,
    numbers,
    outcomes,
    payments,
    second_looks,
    secretless,
    secrets,
    security,
    submissions,
    subscriptions,
    tampering,
    webhook_account,
    webhook_code,
    webhook_handling,
    webhook_refusals,
    webhook_signatures,
    webhooks,
    workers,
)
from stripe_audit.demo.defects.model import Defect

__all__ = ["DEFECTS", "Defect", "chosen", "shop_with"]

DEFECTS: dict[str, Defect] = {
    defect.id: defect
    for family in (
        environment,
        secrets,
        secretless,
        webhooks,
        webhook_account,
        webhook_code,
        webhook_handling,
        webhook_refusals,
        webhook_signatures,
        listening,
        payments,
        numbers,
        outcomes,
        subscriptions,
        security,
        frames,
        certificates,
        errors,
        failures,
        notices,
        integration,
        journeys,
        arrivals,
        crashes,
        tampering,
        submissions,
        workers,
        ledger,
        second_looks,
        loads,
        late_news,
    )
    for defect in family.DEFECTS
}


def chosen(names: Sequence[str]) -> list[Defect]:
    """The defects by name. Raises ValueError with suggestions."""
    for name in names:
        if name not in DEFECTS:
            near = difflib.get_close_matches(name, DEFECTS, n=3, cutoff=0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(f"there is no defect {name!r}{hint}")
    return [DEFECTS[name] for name in names]


def shop_with(sound: type[Shop], names: Sequence[str]) -> type[Shop]:
    """A shop of a sound kind with these defects in front of it. Raises ValueError."""
    defects = chosen(names)

    def with_parts(part: str, base: type) -> type:
        parts = tuple(getattr(defect, part) for defect in defects if getattr(defect, part))
        return type(base.__name__, (*parts, base), {}) if parts else base

    members: dict[str, Any] = {
        "orders_type": with_parts("orders", sound.orders_type),
        "receipts_type": with_parts("receipts", sound.receipts_type),
        "pages_type": with_parts("pages", sound.pages_type),
        "stripe_side": with_parts("stripe", sound.stripe_side),
    }
    mixed: type[Shop] = type(sound.__name__, (with_parts("shop", sound),), members)
    return mixed
