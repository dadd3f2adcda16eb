"""A page's scripts against those that are meant to be there."""

from __future__ import annotations

from stripe_audit.web import parse_page
from stripe_audit.web.inventory import AllowedScript, inventory_of

PAGE = """
<script src="https://js.stripe.com/clover/stripe.js"></script><script src=/static/app.1f2e.js></script>
<script>start()</script><script type="application/ld+json">{}</script><script type=module src=https://cdn.test/x.js></script>
<script src=/static/app.1f2e.js></script>
"""


def test_each_script_is_known_unknown_or_absent():
    allowed = [
        AllowedScript("https://js.stripe.com/*", "payments"),
        AllowedScript("/static/app.*.js", "the shop"),
        AllowedScript("https://old.test/gone.js", "was needed once"),
    ]
    found = inventory_of(parse_page(PAGE, "https://shop.test/checkout"), allowed)
    assert found.known == (
        ("https://js.stripe.com/clover/stripe.js", "payments"),
        ("/static/app.1f2e.js", "the shop"),
    )
    inline, module = found.unknown
    assert inline.startswith("sha256-") and len(inline) == 7 + 44
    assert module == "https://cdn.test/x.js"
    assert found.absent == ("https://old.test/gone.js",)
    again = inventory_of(parse_page(PAGE, "https://shop.test/checkout"), [AllowedScript(inline, "it starts the shop")])
    assert (inline, "it starts the shop") in again.known
