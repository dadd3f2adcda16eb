"""A copy of Stripe.js is told from what merely uses it."""

from __future__ import annotations

import pytest

from stripe_audit.web import (
    embeds_checkout,
    fetches_stripe_js,
    holds_stripe_js,
    is_loader,
    makes_card_fields,
    parse_page,
    products_of,
)

COPY = "a='__privateStripeFrame';b='__privateStripeController';c='__PrivateStripeElement'"
TIDY = "document.querySelectorAll('iframe[name^=__privateStripeController],[name^=__privateStripeMetricsController]')"
LOADER = "var V3_URL='https://js.stripe.com/v3';function loadStripe(){}"


def test_a_copy_is_known_by_the_names_that_stripe_js_gives():
    assert holds_stripe_js(COPY)
    assert not holds_stripe_js(TIDY)
    assert holds_stripe_js(TIDY, is_named_like_it=True)
    assert not holds_stripe_js("const stripe = Stripe(key);", is_named_like_it=True)


def test_a_loader_is_known_by_the_address_that_it_fetches():
    assert fetches_stripe_js(LOADER)
    assert not fetches_stripe_js("const stripe = Stripe(key);")
    assert is_loader("https://cdn.jsdelivr.net/npm/@stripe/stripe-js@5/dist/stripe.js")
    assert not is_loader("https://cdn.example/stripe.js")


def test_embedded_checkout_is_known_by_its_calls():
    page = parse_page("<script>stripe.initEmbeddedCheckout({clientSecret})</script>", "https://shop.test/")
    assert embeds_checkout(page, ())
    assert embeds_checkout(parse_page("", "https://shop.test/"), ("r.jsx(EmbeddedCheckoutProvider,{})",))
    assert not embeds_checkout(parse_page("<script>initCheckoutPage()</script>", "https://shop.test/"), ("a()",))


@pytest.mark.parametrize(
    "script",
    [
        'r.jsx("input",{autoComplete:"cc-number"})',
        "'<input autocomplete=\"cc-csc\">'",
        '"<input autocomplete=\\"billing cc-exp\\">"',
        "field.setAttribute('autocomplete', 'cc-number')",
    ],
)
def test_a_script_that_writes_card_fields_is_known(script):
    assert makes_card_fields(script)


@pytest.mark.parametrize(
    "script", ['r.jsx("input",{autoComplete:"email"})', "'cc-number'", "autocomplete: 'cc-name'", "", "a" * 100_000]
)
def test_other_scripts_are_left_alone(script):
    assert not makes_card_fields(script)


def test_a_page_tells_what_it_preloads_and_what_it_loads_in_the_clear():
    page = parse_page(
        """<link rel=modulepreload href=/a.js><link rel="preload" as=SCRIPT href=/b.js>
        <link rel=preload as=style href=c>
        <link rel=stylesheet href=d.css><script src=http://cdn.test/e.js></script><iframe src=HTTP://f.test/></iframe>""",
        "https://shop.test/pay",
    )
    assert page.preloads == ["https://shop.test/a.js", "https://shop.test/b.js"]
    assert [url.lower() for url in page.loads_in_the_clear] == ["http://cdn.test/e.js", "http://f.test/"]


LIBRARY = (
    "c('linkAuthentication');c('cardNumber');c('expressCheckout');e.LinkAuthenticationElement=x;initEmbeddedCheckout("
)


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("stripe.elements()", ()),
        ("elements.create('linkAuthentication')", ("link",)),
        ('e.create( "linkAuthentication", {})', ("link",)),
        ("r.jsx(LinkAuthenticationElement,{})", ("link",)),
        (LIBRARY, ()),  # react-stripe-js has all of them, whatever the page uses
        (LIBRARY + "elements.create('linkAuthentication')", ("link",)),
        ("stripe.initEmbeddedCheckout({})", ("checkout",)),
        ("loadConnectAndInitialize({})", ("connect",)),
    ],
)
def test_which_products_a_page_uses(text: str, products: tuple[str, ...]) -> None:
    assert products_of(parse_page("", "https://shop.test/"), (text,)) == ("elements", *products)
