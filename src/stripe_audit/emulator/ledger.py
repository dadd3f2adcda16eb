"""What billing remembers and no object shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stripe_audit.emulator.store import Obj

if TYPE_CHECKING:
    from stripe_audit.emulator.resources.billing.pending_updates import PendingUpdate

__all__ = ["BillingLedger"]


@dataclass(slots=True)
class BillingLedger:
    """One account's. Ids are Stripe's, times Unix seconds."""

    invoice_of: dict[str, str] = field(default_factory=dict)
    """The invoice that a PaymentIntent pays."""
    coupon_of: dict[str, Obj] = field(default_factory=dict)
    """The coupon behind a discount: deleted coupons go on in the discounts that they gave."""
    quote_lines: dict[str, Any] = field(default_factory=dict)
    """A quote's items with their tax rates and discounts."""
    starting: set[str] = field(default_factory=set)
    """Subscriptions that a call is just creating: what becomes of their first payment decides how they are told of."""
    subscription_of: dict[str, str] = field(default_factory=dict)
    """The subscription that waits for a SetupIntent."""
    pending_updates: dict[str, PendingUpdate] = field(default_factory=dict)
    """The change of a subscription that waits for its invoice to be paid."""
    prepaid: set[str] = field(default_factory=set)
    """Invoices over what was paid before they were made: the customer's balance has no part in them."""
    tentative: set[str] = field(default_factory=set)
    """Invoices of changes that wait for them: while they are not paid, the subscription owes nothing."""
    told: set[tuple[str, str, int]] = field(default_factory=set)
    """Events that come once per object and date: type, object, date."""
    wakes: dict[str, int] = field(default_factory=dict)
    """When the emulator's clock will next look at an object."""
