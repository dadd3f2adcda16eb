"""The actions that a step can name, and what each of them takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from stripe_audit.scenario.templates import check_templates
from stripe_audit.webhooks.forgeries import FORGERIES

__all__ = [
    "CARDS",
    "DEBITS",
    "Action",
    "Advance",
    "Authenticate",
    "Cancel",
    "Capture",
    "CreateCheckout",
    "CreateCustomer",
    "CreatePayment",
    "CreateSubscription",
    "Deliver",
    "Dispute",
    "FaultStep",
    "Fixture",
    "Hold",
    "Kill",
    "Name",
    "NotificationsStep",
    "Pay",
    "Refund",
    "Request",
    "Restart",
    "RowsStep",
    "Seconds",
    "StripeCall",
    "Template",
    "Value",
]

CARDS: dict[str, str] = {
    "visa": "pm_card_visa",
    "mastercard": "pm_card_mastercard",
    "amex": "pm_card_amex",
    "declined": "pm_card_visa_chargeDeclined",
    "insufficient_funds": "pm_card_visa_chargeDeclinedInsufficientFunds",
    "lost": "pm_card_visa_chargeDeclinedLostCard",
    "stolen": "pm_card_visa_chargeDeclinedStolenCard",
    "expired": "pm_card_chargeDeclinedExpiredCard",
    "incorrect_cvc": "pm_card_chargeDeclinedIncorrectCvc",
    "processing_error": "pm_card_chargeDeclinedProcessingError",
    "3ds": "pm_card_authenticationRequired",
    "disputed": "pm_card_createDispute",
}
"""Words for test payment methods (docs.stripe.com/testing); any ``pm_…`` can be named as it is."""
DEBITS: dict[str, str] = {
    "sepa": "DE89370400440532013000",
    "sepa_late": "DE08370400440532013003",
    "sepa_fails": "DE62370400440532013001",
}
"""Words for bank accounts debited in euro; the outcome comes later (docs.stripe.com/payments/sepa-debit#test)."""


def _is_forgery(value: str) -> str:
    known = [forgery.id for forgery in FORGERIES]
    if value not in known:
        raise ValueError(f"no way to sign wrongly is named {value!r}; known are {', '.join(known)}")
    return value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Template = Annotated[str, AfterValidator(check_templates)]
Value = Annotated[Any, AfterValidator(check_templates)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Count = Annotated[int, Field(ge=1, le=100)]
Money = Annotated[int, Field(ge=0)] | Decimal | Template
Outcome = Literal["succeed", "fail"]


class Action(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Request(Action):
    """An HTTP request of the customer's to a named route of the target, or to any path of it."""

    route: str | None = Field(None, description="a role, such as health or order")
    path: Template | None = None
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] | None = None
    body: Value = Field(None, description="in the place of the declared one")
    headers: dict[str, Template] = Field(default_factory=dict)
    values: dict[str, Value] = Field(default_factory=dict, description="for the route's placeholders")
    payment: Name | None = Field(None, description="a saved payment whose values fill the route's placeholders")
    timeout: Seconds | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Request:
        if bool(self.route) == bool(self.path):
            raise ValueError("give a route or a path")
        return self


class CreatePayment(Action):
    """A payment with a fresh order, made by the target; saved as ``payment`` unless ``save`` names it otherwise."""

    item: Template | None = Field(None, description="an id of target.items")
    currency: Template | None = Field(None, description="an item in this currency")
    quantity: Annotated[int, Field(ge=1, le=1000)] | Template = 1
    capture: Literal["automatic", "manual"] = Field("automatic", description="manual: an item that is captured later")
    order: Template | None = Field(None, description="an earlier order's reference, to submit it again")
    hold: bool = Field(False, description="its webhook events are kept back until they are delivered")


class CreateCustomer(Action):
    """A customer, made by the target's route ``customer``."""

    email: Template | None = None
    name: Template | None = None


class CreateCheckout(Action):
    """A Checkout Session with a fresh order, made by the target's route ``checkout``; saved as ``checkout``."""

    item: Template | None = None
    currency: Template | None = None
    quantity: Annotated[int, Field(ge=1, le=1000)] | Template = 1
    hold: bool = False


class CreateSubscription(Action):
    """A subscription of a fresh customer, made by the target's route ``subscribe``; saved as ``subscription``."""

    item: Template | None = Field(None, description="an id of target.plans")
    currency: Template | None = None
    trial: bool = Field(False, description="a plan that begins with a trial")
    hold: bool = False


class _OfPayment(Action):
    payment: Name = "payment"


class Pay(_OfPayment):
    """The customer pays with a test payment method."""

    with_: Template = Field("visa", alias="with", description="visa, declined, 3ds, sepa … or any pm_…")
    becomes: str | None = Field(None, description="how it must stand at Stripe then, else nothing can be judged")
    after: Seconds = Field(0.0, description="seconds to wait first")


class Authenticate(_OfPayment):
    """The customer completes, or fails, 3D Secure."""

    outcome: Outcome = "succeed"


class Capture(_OfPayment):
    """The shop's owner captures an authorised payment in the Dashboard."""

    amount: Money | None = Field(None, description="minor units; a decimal or a text is major units")


class Cancel(_OfPayment):
    """The shop's owner cancels the payment at Stripe; of a Checkout Session, lets it expire."""


class Refund(_OfPayment):
    """The shop's owner refunds in the Dashboard."""

    amount: Money | None = Field(None, description="minor units; a decimal or a text is major units")
    parts: Count = Field(1, description="give back one of so many parts, when no amount is given")


class Dispute(_OfPayment):
    """The customer's bank disputes: the payment is paid with the card that does, or an open dispute is decided."""

    close: Literal["won", "lost"] | None = None


class StripeCall(Action):
    """A call to Stripe's API with the audit's own key."""

    get: Template | None = None
    post: Template | None = None
    params: dict[str, Value] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> StripeCall:
        if bool(self.get) == bool(self.post):
            raise ValueError("give get or post, with a path such as /v1/refunds")
        return self


class Advance(Action):
    """Stripe's clock goes forward. Signatures keep the true time.

    ``of`` a saved subscription: for its customer alone, so that everybody else may run meanwhile.
    """

    days: Annotated[int, Field(ge=0, le=3650)] = 0
    hours: Annotated[int, Field(ge=0, le=1000)] = 0
    seconds: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    of: Name | None = None


class Hold(Action):
    """From now on the webhook events of an object are kept back."""

    of: Name = "payment"


class Synthetic(Action):
    """A webhook event that Stripe did not emit."""

    type: Template
    object: dict[str, Value] | Name | None = Field(
        None, description="the object, or the name of a saved one; else a sample of its kind"
    )
    set: dict[str, Value] = Field(default_factory=dict, description="dotted paths in the event, and their values")
    api_version: Template | None = None


class Deliver(Action):
    """Webhook events go to the target: those kept back, or again, or made up; in this order, so often, this way."""

    of: Name = "payment"
    types: list[Template] | None = Field(None, description="only these; with order: listed, in this order")
    but: list[Template] = Field(default_factory=list, description="withhold these")
    positions: list[Count] | None = Field(
        None, description="only these, counted from 1 in the order sent; in this order"
    )
    order: Literal["sent", "reversed", "shuffled", "listed"] = "sent"
    seed: int = Field(0, description="for shuffled")
    again: bool = Field(False, description="also what has been delivered before")
    copies: Count = 1
    at_once: bool = Field(False, description="all at the same moment, copies too")
    after: Seconds = Field(0.0, description="seconds to wait before each")
    tamper: Annotated[str, AfterValidator(_is_forgery)] | None = Field(
        None, description="sign wrongly; a sound endpoint refuses"
    )
    event: Synthetic | None = Field(None, description="a made-up event in the place of Stripe's own")
    to: str | None = Field(None, description="a webhook's name; for tampered and made-up events")
    once: bool = Field(False, description="do not send again what was refused")


class FaultStep(Action):
    """The target's calls to Stripe fail until the fault is lifted, or the scenario ends."""

    kind: Literal["status", "rate_limit", "slow", "timeout", "reset_before", "reset_after", "truncate", "malformed"]
    status: int | None = None
    seconds: Seconds | None = None
    code: str | None = None
    method: Literal["GET", "POST", "DELETE"] | None = None
    path: Template | None = None
    of: Name | None = Field(None, description="only calls about this saved payment; else all, and nobody else runs")
    times: Count | None = None


class Restart(Action):
    """The launched target is stopped and started again."""


class Kill(Action):
    """The launched target is killed (SIGKILL), and started again unless ``start`` is false."""

    start: bool = True


class RowsStep(Action):
    """The rows of one payment in another table, as they are now: ``count`` and ``rows``, to be compared with later."""

    table: Name = Field(description="a name in observers.rows")
    of: Name = "payment"


class NotificationsStep(Action):
    """What the target has posted to {notification_url} so far: ``count``, ``paths``, ``texts``, ``fields``."""

    with_: list[Template] = Field(default_factory=list, alias="with", description="only those with all these texts")
    of: Name | None = Field(None, description="only those that name this saved payment")
    at: Template | None = Field(None, description="only those to paths that begin so")


class Fixture(Action):
    """A fixture file of the Stripe CLI. ``strict`` refuses the CLI's own quirks instead of copying them."""

    file: str
    strict: bool = False
