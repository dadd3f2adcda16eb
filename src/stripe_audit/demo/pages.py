"""The checkout page: Stripe.js from Stripe, a Content-Security-Policy that lets Stripe in and nobody else.

The policy's sources are those of docs.stripe.com/security/guide for Stripe.js and Elements.
"""

from __future__ import annotations

import secrets
from html import escape

__all__ = ["SCRIPT", "STYLE", "Pages"]

STRIPE_JS = "https://js.stripe.com/clover/stripe.js"

SCRIPT = """\
const { key, secretFrom } = document.querySelector('#payment').dataset;
const stripe = Stripe(key);
async function start() {
  const response = await fetch(secretFrom, { method: 'POST' });
  const { clientSecret } = await response.json();
  const elements = stripe.elements({ clientSecret });
  elements.create('payment').mount('#payment-element');
  document.querySelector('#pay').addEventListener('click', () => stripe.confirmPayment({
    elements, confirmParams: { return_url: location.href },
  }));
}
start();
"""
STYLE = "body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }\n"


class Pages:
    """The part of the shop that customers look at."""

    def policy(self) -> str:
        """The Content-Security-Policy of a page."""
        sources = {
            "default-src": "'none'",
            "script-src": "'self' https://js.stripe.com https://*.js.stripe.com",
            "connect-src": "'self' https://api.stripe.com",
            "frame-src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
            "img-src": "'self' https://*.stripe.com",
            "style-src": "'self'",
            "object-src": "'none'",
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        }
        return "; ".join(f"{directive} {values}" for directive, values in sources.items())

    def headers(self, *, is_secure: bool) -> dict[str, str]:
        """The security headers of a page."""
        secure = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if is_secure else {}
        return {
            **secure,
            "Content-Security-Policy": self.policy(),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
            "Cache-Control": "no-store",
            "Set-Cookie": self.cookie(is_secure=is_secure),
        }

    def cookie(self, *, is_secure: bool) -> str:
        """The visitor's cookie: for the server alone, for this host alone, over TLS alone where there is TLS."""
        name, over_tls = ("__Host-visit", "; Secure") if is_secure else ("visit", "")
        return f"{name}={secrets.token_hex(16)}; Path=/; HttpOnly; SameSite=Lax{over_tls}"

    def stripe_script(self) -> str:
        """Where Stripe.js comes from: from Stripe, always."""
        return STRIPE_JS

    def form(self) -> str:
        """What the customer fills in: Stripe's own frame, no field of ours."""
        return '<div id="payment-element"></div>'

    def checkout(self, order: str, publishable_key: str) -> str:
        """The page for an order."""
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Checkout</title>
<link rel="stylesheet" href="/static/shop.css">
<script src="{self.stripe_script()}"></script>
<script src="/static/checkout.js" defer></script>
</head>
<body>
<h1>Order {escape(order)}</h1>
<main id="payment" data-key="{escape(publishable_key)}" data-secret-from="/api/orders/{escape(order)}/retry">
{self.form()}
<button id="pay" type="button">Pay now</button>
</main>
</body>
</html>
"""
