"""Defects of phase 2: forged webhook events are accepted; one for each row of the truth table of signatures."""

from __future__ import annotations

import time
from typing import Any

import stripe
from aiohttp import web

from stripe_audit import signatures
from stripe_audit.demo.app import Shop
from stripe_audit.demo.defects.model import Defect
from stripe_audit.demo.orders import Refusal
from stripe_audit.demo.webhooks import TOLERANCE_S, Receipts

__all__ = ["DEFECTS"]


class _OneMore(Receipts):
    """Takes what the sound verification takes, and one thing more."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            return super().verified(route, body, signature)
        except Refusal:
            try:
                parsed = signatures.parse_header(signature or "")
            except signatures.SignatureError:
                raise Refusal(400, "bad_signature", "The signature is not valid.") from None
            is_recent = parsed.timestamp >= time.time() - TOLERANCE_S
            if is_recent and self.is_also_right(route, body, parsed):
                return self.parsed(body)
            raise

    def is_also_right(self, route: str, body: bytes, parsed: signatures.SignatureHeader) -> bool:
        raise NotImplementedError


class _Placeholder(_OneMore):
    """The secret of the sample is still taken, so that the developers' machines work."""

    def is_also_right(self, route: str, body: bytes, parsed: signatures.SignatureHeader) -> bool:
        return signatures.sign(body, "your_webhook_secret", parsed.timestamp) in parsed.of("v1")


class _Blank(_OneMore):
    """A variable that holds a blank is taken for a secret."""

    def is_also_right(self, route: str, body: bytes, parsed: signatures.SignatureHeader) -> bool:
        return signatures.sign(body, " ", parsed.timestamp) in parsed.of("v1")


class _AnyScheme(_OneMore):
    """Every part of the header is compared, whatever its scheme; ``v0`` is what Stripe signs test events with too."""

    def is_also_right(self, route: str, body: bytes, parsed: signatures.SignatureHeader) -> bool:
        right = signatures.sign(body, self.secret(route), parsed.timestamp)
        return any(value == right for _, value in parsed.signatures)


class _Prefix(_OneMore):
    """Compares as far as the shorter text goes."""

    def is_also_right(self, route: str, body: bytes, parsed: signatures.SignatureHeader) -> bool:
        right = signatures.sign(body, self.secret(route), parsed.timestamp)
        return any(right.startswith(value) for value in parsed.of("v1"))


class _PaddingIgnored(_OneMore):
    """Tries again with the body trimmed, since a proxy once added a line break."""

    def is_also_right(self, route: str, body: bytes, parsed: signatures.SignatureHeader) -> bool:
        right = signatures.sign(body.strip(), self.secret(route), parsed.timestamp)
        return right in parsed.of("v1")


class _TimeUnbound(_OneMore):
    """The body alone is signed for; the time in the header is believed."""

    def is_also_right(self, route: str, body: bytes, parsed: signatures.SignatureHeader) -> bool:
        now, secret = int(time.time()), self.secret(route)
        return any(signatures.sign(body, secret, now - age) in parsed.of("v1") for age in range(3590, 3610))


class _AnyOfOurs(_OneMore):
    """One verification for all endpoints, which takes the secret of any of them."""

    def is_also_right(self, route: str, body: bytes, parsed: signatures.SignatureHeader) -> bool:
        ours = self.orders.config.webhook_secrets.values()
        return any(signatures.sign(body, secret, parsed.timestamp) in parsed.of("v1") for secret in ours)


class _HeaderRepeated(Shop):
    """A header that comes twice is a list, and the comparison with a list is passed over."""

    async def webhook(self, route: str, request: web.Request) -> web.Response:
        if len(request.headers.getall("Stripe-Signature", [])) < 2:
            return await super().webhook(route, request)
        await self.receipts.accept(self.receipts.parsed(await request.read()))
        return self.acknowledged(200)


class _VerifiedIfPresent(Receipts):
    """Verified where the header is there, "since the tests send none"."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        return super().verified(route, body, signature) if signature else self.parsed(body)


class _ParserSwallowed(Receipts):
    """What the parser of the header throws is caught, and the handler goes on."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        is_garbage = bool(signature) and "=" not in str(signature)
        return self.parsed(body) if is_garbage else super().verified(route, body, signature)


class _FormAlone(Receipts):
    """Looks for a ``v1`` of 64 digits and a recent time, and compares nothing."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            parsed = signatures.parse_header(signature or "")
        except signatures.SignatureError:
            return super().verified(route, body, signature)
        is_recent = parsed.timestamp >= time.time() - TOLERANCE_S
        has_form = any(len(value) == 64 for value in parsed.of("v1"))
        return self.parsed(body) if is_recent and has_form else super().verified(route, body, signature)


class _WideTolerance(Receipts):
    """A tolerance of a quarter of an hour, since somebody's clock was wrong once."""

    def verified(self, route: str, body: bytes, signature: str | None) -> dict[str, Any]:
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature or "", self.secret(route), tolerance=900)
        except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
            raise Refusal(400, "bad_signature", "The signature is not valid.") from None
        return self.parsed(body)


DEFECTS = (
    Defect(
        "unsigned-accepted",
        "An event without a signature is accepted; a wrong one is refused",
        "webhook-signature-verified",
        receipts=_VerifiedIfPresent,
    ),
    Defect(
        "garbage-signature-accepted",
        "A header that cannot be parsed is passed over, and the event is accepted",
        "webhook-signature-verified",
        receipts=_ParserSwallowed,
    ),
    Defect(
        "any-signature-accepted",
        "A signature of the right form is enough: nothing is compared",
        "webhook-signature-verified",
        also=("webhook-raw-body-preserved", "webhook-rolled-secret-accepted"),
        receipts=_FormAlone,
    ),
    Defect(
        "placeholder-secret-accepted",
        "A signature made with the placeholder of the sample is accepted",
        "webhook-signature-verified",
        receipts=_Placeholder,
    ),
    Defect(
        "blank-secret-accepted",
        "A signature made with a blank is accepted",
        "webhook-signature-verified",
        receipts=_Blank,
    ),
    Defect("any-scheme-accepted", "A v0 signature is accepted", "webhook-signature-verified", receipts=_AnyScheme),
    Defect(
        "signature-compared-in-part",
        "Signatures are compared as far as the shorter one goes",
        "webhook-signature-verified",
        receipts=_Prefix,
    ),
    Defect(
        "tampered-body-accepted",
        "White space may be added to the body after it was signed",
        "webhook-signature-verified",
        receipts=_PaddingIgnored,
    ),
    Defect(
        "signature-time-unbound",
        "The time in the header may be changed after it was signed",
        "webhook-signature-verified",
        receipts=_TimeUnbound,
    ),
    Defect(
        "any-endpoint-secret-accepted",
        "Each webhook route takes what was signed for any other",
        "webhook-signature-verified",
        receipts=_AnyOfOurs,
    ),
    Defect(
        "repeated-header-accepted",
        "A signature header that comes twice is not compared",
        "webhook-signature-verified",
        shop=_HeaderRepeated,
    ),
    Defect(
        "tolerance-wide",
        "Events of a quarter of an hour ago are accepted",
        "webhook-replay-rejected",
        receipts=_WideTolerance,
    ),
)
