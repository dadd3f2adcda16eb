"""The payment page's headers against those that were approved."""

from __future__ import annotations

import pytest
from tests.checks.modules import module_of

from stripe_audit.web import Deviation, deviations, recorded

SENT = {
    "content-security-policy": ("script-src 'nonce-abc' https://js.stripe.com",),
    "referrer-policy": ("no-referrer",),
    "strict-transport-security": ("max-age=1",),
    "cache-control": ("no-store",),
    "content-type": ("text/html",),
}
APPROVED = {
    "Content-Security-Policy": "script-src 'nonce-*' https://js.stripe.com",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=*",
}


def found(sent, approved, *, is_secure=True):
    headers = {**SENT, **sent}
    return deviations(lambda name: headers.get(name, ()), {**APPROVED, **approved}, is_secure=is_secure)


@pytest.mark.parametrize(
    ("sent", "approved", "is_secure"),
    [
        ({}, {}, True),
        ({"referrer-policy": (" no-referrer ",)}, {}, True),
        ({"content-security-policy": ("script-src  'nonce-xyz'\thttps://js.stripe.com",)}, {}, True),
        ({"permissions-policy": ("camera=()", "usb=()")}, {"PERMISSIONS-POLICY": "camera=(), usb=()"}, True),
        ({"strict-transport-security": ()}, {}, False),  # means nothing in plain HTTP
        ({"x-frame-options": ("a[b]c",)}, {"x-frame-options": "a[b]c"}, True),
    ],
)  # fmt: skip
def test_what_is_as_approved(sent, approved, is_secure) -> None:
    assert found(sent, approved, is_secure=is_secure) == ()


@pytest.mark.parametrize(
    ("sent", "approved", "deviation"),
    [
        ({"referrer-policy": ()}, {}, Deviation("referrer-policy", "no-referrer", None)),
        ({"referrer-policy": ("origin",)}, {}, Deviation("referrer-policy", "no-referrer", "origin")),
        ({"x-frame-options": ("DENY",)}, {}, Deviation("x-frame-options", None, "DENY")),
        ({}, {"X-Shop": "1"}, Deviation("x-shop", "1", None)),
        ({"strict-transport-security": ()}, {}, Deviation("strict-transport-security", "max-age=*", None)),
        (
            {"content-security-policy": (*SENT["content-security-policy"], "script-src *")},  # sent twice
            {},
            Deviation(
                "content-security-policy",
                APPROVED["Content-Security-Policy"],
                "script-src 'nonce-abc' https://js.stripe.com, script-src *",
            ),
        ),
    ],
)
def test_what_has_changed_is_gone_or_was_never_approved(sent, approved, deviation) -> None:
    assert found(sent, approved) == (deviation,)


def test_what_is_recorded_can_be_approved_as_it_stands() -> None:
    now = recorded(lambda name: SENT.get(name, ()))
    assert now["content-security-policy"] == "script-src 'nonce-*' https://js.stripe.com"
    assert set(now) == {"content-security-policy", "referrer-policy", "strict-transport-security"}
    assert deviations(lambda name: SENT.get(name, ()), now, is_secure=True) == ()


@pytest.mark.parametrize(
    ("approved", "sent", "detail"),
    [
        ("DENY", None, "Approved: DENY. Sent: none."),
        (None, "DENY", "Approved: none. Sent: DENY."),
        ("a b", "a c", "Approved: a b. Sent: a c."),
        ("a b c d e f g h", "a b c d e f g h evil", "Added: evil. Gone: nothing."),
        ("a b c d e f g h", "h b c d e f g a", "Approved: a b c d e f g h. Sent: h b c d e f g a."),
    ],
)
def test_what_is_told_of_it(approved, sent, detail) -> None:
    assert module_of("page-headers-as-recorded").detail_of(Deviation("x", approved, sent)) == detail
