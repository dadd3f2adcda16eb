"""What is in a page, as a browser sees it, however broken or hostile the markup is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.web.html import Field, Page, Script, parse_page
from stripe_audit.web.markup import elements

URL = "https://shop.example/pay/now"


def page(html: str) -> Page:
    return parse_page(html, URL)


def sources(html: str) -> list[str | None]:
    return [script.src for script in page(html).scripts]


def test_a_page_s_scripts_are_listed_in_order_with_what_proves_them() -> None:
    found = page(
        """<!doctype html><html><head>
        <script src="https://js.stripe.com/clover/stripe.js" nonce="n1"></script>
        <script src="/assets/app.js" integrity="sha384-x"></script>
        <script nonce=n1>let a = "</p>" < b && "<script src=no>";</script>
        </head></html>"""
    )
    assert found.scripts == [
        Script("https://js.stripe.com/clover/stripe.js", "", "n1", None),
        Script("https://shop.example/assets/app.js", "", None, "sha384-x"),
        Script(None, 'let a = "</p>" < b && "<script src=no>";', "n1", None),
    ]
    assert [script.host for script in found.scripts] == ["js.stripe.com", "shop.example", ""]
    assert found.stripe_scripts == found.scripts[:1]
    assert found.imitated_stripe_scripts == []


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<SCRIPT SRC=a.js></SCRIPT>", ["https://shop.example/pay/a.js"]),
        ("<script src='a.js'></script >", ["https://shop.example/pay/a.js"]),
        ("<script\nsrc\n=\n'a.js'\n></script\n>", ["https://shop.example/pay/a.js"]),
        ("<script src=//cdn.example/a.js></script>", ["https://cdn.example/a.js"]),
        ("<script src='\n https://cdn.example/a\tb.js '></script>", ["https://cdn.example/ab.js"]),
        ("<script src='https://a.example/?x=1&amp;y=2'></script>", ["https://a.example/?x=1&y=2"]),
        ("<script src=a.js/><script src=b.js></script>", ["https://shop.example/pay/a.js/"]),
        ("<script/src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("<script a='>' src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("<script src=one.js src=two.js></script>", ["https://shop.example/pay/one.js"]),
        ("<script src=a.js>", []),
        ("<script src='a.js", []),
        ("<script src=a.js", []),
        ("<!-- <script src=a.js></script> -->", []),
        ("<!-- <script src=a.js></script>", []),
        ("<!--><script src=a.js></script>-->", ["https://shop.example/pay/a.js"]),
        ("<!---><script src=a.js></script>-->", ["https://shop.example/pay/a.js"]),
        ("<!-- x --!><script src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("<![foo[<script src=a.js></script>]]>", []),
        ("<![foo[x]]><script src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("<![CDATA[>]]><script src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("<?php x ?><script src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("</ x><script src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("a < b <<script src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("<title><script src=a.js></script></title>", []),
        ("<textarea><script src=a.js></script></textarea>", []),
        ("<style><script src=a.js></script></style>", []),
        ("<noscript><script src=a.js></script></noscript>", []),
        ("<title></titlex></title><script src=a.js></script>", ["https://shop.example/pay/a.js"]),
        ("<plaintext><script src=a.js></script>", []),
        ("<p title='<script src=a.js></script>'>", []),
        ("<base href=https://cdn.example/x/><script src=a.js></script>", ["https://cdn.example/x/a.js"]),
        ("<base href=/b/><base href=/c/><script src=a.js></script>", ["https://shop.example/b/a.js"]),
        (
            "<script src='http://[bad'></script><script src=b.js></script>",
            ["http://[bad", "https://shop.example/pay/b.js"],
        ),
        ("<base href='http://['><script src=/b.js></script>", ["/b.js"]),
        ("<script src=''></script>", [None]),
        ("", []),
        ("\0<script\0 src=a.js></script>", []),
    ],
)
def test_scripts_are_those_that_a_browser_would_load(html: str, found: list[str | None]) -> None:
    assert sources(html) == found


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ("https://js.stripe.com/v3/", "js.stripe.com"),
        ("https://JS.Stripe.com/v3/", "js.stripe.com"),
        ("https://a.js.stripe.com/x.js", "a.js.stripe.com"),
        (r"https:\\js.stripe.com\v3", "js.stripe.com"),
        (r"https://evil.example\@js.stripe.com/v3/", "evil.example"),
        ("https://js.stripe.com@evil.example/v3/", "evil.example"),
        ("https://js.stripe.com.evil.example/v3/", "js.stripe.com.evil.example"),
        ("https://notjs.stripe.com/v3/", "notjs.stripe.com"),
        ("https://js.stripe.com:8443/v3/", "js.stripe.com"),
        ("http://[", ""),
        ("data:text/javascript,1", ""),
    ],
)
def test_a_script_s_host_is_the_one_that_a_browser_asks(source: str, host: str) -> None:
    found = page(f"<script src='{source}'></script>")
    assert found.scripts[0].host == host
    assert bool(found.stripe_scripts) is (host in ("js.stripe.com", "a.js.stripe.com"))


@pytest.mark.parametrize(
    ("source", "is_imitated"),
    [
        ("/vendor/stripe.js", True),
        ("https://cdn.example/stripe.min.js?v=3#x", True),
        ("https://cdn.example/STRIPE.JS", True),
        ("https://js.stripe.com/clover/stripe.js", False),
        ("/assets/stripe-checkout-page.js", False),
        ("http://[/stripe.js", True),
    ],
)
def test_a_copy_of_stripe_js_is_told_from_stripe_s_own(source: str, is_imitated: bool) -> None:
    assert bool(page(f"<script src='{source}'></script>").imitated_stripe_scripts) is is_imitated


def test_fields_of_every_kind_are_listed() -> None:
    found = page(
        """<form action=/pay><input name=email type=EMAIL autocomplete=email><input id=x>
        <select name=cc-exp-month><option>1</select><textarea name=note autocomplete="off">a <input name=no></textarea>
        <button name=b></form>"""
    )
    assert found.fields == [
        Field("email", "email", "email"),
        Field("x", "text", ""),
        Field("cc-exp-month", "select", ""),
        Field("note", "textarea", "off"),
    ]


@pytest.mark.parametrize(
    "field",
    [
        "autocomplete=cc-number",
        "autocomplete='section-pay billing CC-CSC'",
        *(
            f"name='{name}'"
            for name in (
                "cardNumber",
                "card_number",
                "card[number]",
                "payment.cardNumber",
                "ccnum",
                "credit-card-number",
                "cvc",
                "CVV2",
                "card-cvc",
                "cardCvv",
                "security_code",
                "cc-exp",
                "card_expiry",
                "card[exp_month]",
                "pan",
            )
        ),
    ],
)
def test_a_field_for_card_data_is_known(field: str) -> None:
    assert page(f"<input {field}>").fields[0].takes_card_data


@pytest.mark.parametrize(
    "name", ["email", "card_holder", "cardholderName", "gift_card", "discard", "company", "japan", "postcode", "coupon"]
)
def test_other_fields_are_not_taken_for_card_data(name: str) -> None:
    assert not page(f"<input name='{name}' autocomplete='on'>").fields[0].takes_card_data


def test_policies_and_frames_are_listed() -> None:
    found = page(
        """<meta http-equiv=" Content-Security-Policy" content="script-src &#39;self&#39;">
        <META HTTP-EQUIV=content-security-policy><meta name=csp content=x>
        <meta http-equiv=content-security-policy-report-only content="script-src 'none'">
        <iframe src=/f></iframe><iframe></iframe><iframe src="http://["></iframe>"""
    )
    assert found.policies == ["script-src 'self'", ""]
    assert found.frames == ["https://shop.example/f", "http://["]


@given(st.text(alphabet="<>/!-?\"'= abscriptle\n\0&;[]", max_size=300))
def test_no_markup_breaks_the_reading(html: str) -> None:
    for script in page(html).scripts:
        assert isinstance(script.host, str)
    assert page(html).imitated_stripe_scripts == []


@given(st.lists(st.sampled_from(["<p>", "</p>", "text", "<br/>", "<!-- x -->", "<a href='>'>", "&lt;"]), max_size=20))
def test_whatever_stands_before_it_a_script_is_found(before: list[str]) -> None:
    assert sources("".join(before) + "<script src=/a.js></script>") == ["https://shop.example/a.js"]


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<!--",
        "<!",
        "<![cdata[",
        "<?",
        "</",
        "<script>",
        "<a b='",
        '<a x="',
        "</a ",
        "<script></script",
        "&",
        "<p>",
        "<a a",
        "<a a=",
        "<title>",
        "<title></title",
        "<!-->",
        "<base href=x>",
    ],
)
def test_no_page_makes_the_reading_slow(piece: str) -> None:
    began = time.process_time()
    page(piece * 60_000)
    assert time.process_time() - began < 1.5


def test_of_an_endless_page_the_beginning_is_read() -> None:
    assert sources("<script src=/a.js></script>" + " " * 3_000_000 + "<script src=/b.js></script>") == [
        "https://shop.example/a.js"
    ]


def test_elements_tell_tag_attributes_and_raw_text() -> None:
    found = [(one.tag, one.attributes, one.text) for one in elements("<A HREF=x y>t</A><title> a<b </TITLE ><b =c=d>")]
    assert found == [("a", {"href": "x", "y": ""}, ""), ("title", {}, " a<b "), ("b", {"=c": "d"}, "")]
