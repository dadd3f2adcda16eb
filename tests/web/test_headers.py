"""Security headers, read as browsers read them."""

from __future__ import annotations

import pytest

from stripe_audit.web.headers import header_problems, hsts_problem

SOUND = {
    "x-content-type-options": ("nosniff",),
    "content-security-policy": ("frame-ancestors 'none'",),
    "referrer-policy": ("strict-origin-when-cross-origin",),
}


def problems(changes: dict[str, tuple[str, ...]], *, is_page: bool = True) -> dict[str, str]:
    headers = {**SOUND, **changes}
    return {one.header: one.severity for one in header_problems(lambda name: headers.get(name, ()), is_page=is_page)}


@pytest.mark.parametrize(
    "value",
    [
        "max-age=31536000",
        "max-age=63072000; includeSubDomains; preload",
        'max-age="31536000"',
        "MAX-AGE = 31536000",
        "includeSubDomains; max-age=31536000",
        "max-age=" + "9" * 50,
        "max-age=" + "9" * 5000,
    ],
)
def test_a_year_of_tls_is_enough(value: str) -> None:
    assert hsts_problem((value,)) is None


@pytest.mark.parametrize(
    "value",
    [
        "max-age=0",
        "max-age=31535999",
        "max-age=",
        "max-age",
        "",
        "includeSubDomains",
        "x-max-age=31536000",
        "max-age=-31536000",
    ],
)
def test_less_than_a_year_is_told(value: str) -> None:
    problem = hsts_problem((value,))
    assert problem is not None
    assert problem.severity == "low"


def test_tls_without_the_header_is_told_and_only_the_first_one_counts() -> None:
    assert hsts_problem(()).severity == "medium"  # type: ignore[union-attr]
    assert hsts_problem(("max-age=0", "max-age=31536000")) is not None


def test_sound_headers_have_no_problem() -> None:
    assert problems({}) == {}
    assert problems({}, is_page=False) == {}


@pytest.mark.parametrize("values", [("nosniff",), (" NoSniff ",), ("nosniff, nosniff",), ("nosniff", "nosniff")])
def test_nosniff_in_every_spelling(values: tuple[str, ...]) -> None:
    assert problems({"x-content-type-options": values}) == {}


@pytest.mark.parametrize("values", [(), ("",), ("sniff",), ("sniff, nosniff",), ("none", "nosniff")])
def test_what_is_not_nosniff(values: tuple[str, ...]) -> None:
    assert problems({"x-content-type-options": values}) == {"X-Content-Type-Options": "medium"}
    assert problems({"x-content-type-options": values}, is_page=False) == {"X-Content-Type-Options": "low"}


@pytest.mark.parametrize(
    ("policies", "options", "is_kept"),
    [
        (("frame-ancestors 'none'",), (), True),
        (("frame-ancestors 'self' https://partner.example",), (), True),
        (("frame-ancestors",), (), True),
        (("default-src 'self'",), (), False),
        (("default-src 'self'",), ("DENY",), True),
        ((), ("sameorigin",), True),
        ((), (" SAMEORIGIN, SAMEORIGIN ",), True),
        ((), ("ALLOW-FROM https://x.example",), False),
        ((), ("nonsense",), False),
        ((), (), False),
        (("frame-ancestors *",), (), False),
        (("frame-ancestors *",), ("DENY",), False),  # frame-ancestors wins where both are there
        (("frame-ancestors https:",), (), False),
        (("frame-ancestors *", "frame-ancestors 'self'"), (), True),
    ],
)
def test_who_may_frame_the_page(policies: tuple[str, ...], options: tuple[str, ...], is_kept: bool) -> None:
    found = problems({"content-security-policy": policies, "x-frame-options": options})
    assert found == ({} if is_kept else {"X-Frame-Options": "medium"})


@pytest.mark.parametrize(
    ("values", "is_sound"),
    [
        (("no-referrer",), True),
        (("unsafe-url, strict-origin",), True),  # the last one that is known counts
        (("strict-origin", "future-word"), True),
        ((), False),
        (("",), False),
        (("unsafe-url",), False),
        ((" Unsafe-URL ",), False),
        (("no-referrer, unsafe-url",), False),
        (("no-referrer", "unsafe-url"), False),
        (("nonsense",), False),
    ],
)
def test_where_the_referrer_goes(values: tuple[str, ...], is_sound: bool) -> None:
    assert problems({"referrer-policy": values}) == ({} if is_sound else {"Referrer-Policy": "low"})


@pytest.mark.parametrize(
    ("value", "is_sound"),
    [
        ("payment=()", False),
        ("camera=(), payment = ( )", False),
        ("geolocation=(),payment=()", False),
        ("payment=(self)", True),
        ('payment=(self "https://js.stripe.com")', True),
        ("camera=()", True),
        ("web-payment=()", True),
    ],
)
def test_whether_wallets_are_switched_off(value: str, is_sound: bool) -> None:
    assert problems({"permissions-policy": (value,)}) == ({} if is_sound else {"Permissions-Policy": "info"})


@pytest.mark.parametrize(
    ("value", "is_sound"),
    [
        ("require-corp", False),
        (' Credentialless; report-to="x"', False),
        ("unsafe-none", True),
        ('unsafe-none; report-to="require-corp"', True),
    ],
)
def test_isolation_breaks_stripe_s_frames(value: str, is_sound: bool) -> None:
    found = problems({"cross-origin-embedder-policy": (value,)})
    assert found == ({} if is_sound else {"Cross-Origin-Embedder-Policy": "medium"})


@pytest.mark.parametrize(("value", "is_told"), [("1; mode=block", True), ("0", False), ("1", False)])
def test_an_obsolete_header_is_a_remark(value: str, is_told: bool) -> None:
    assert problems({"x-xss-protection": (value,)}) == ({"X-XSS-Protection": "info"} if is_told else {})


def test_an_api_answer_needs_no_page_headers() -> None:
    assert header_problems(lambda _: (), is_page=False)[0].header == "X-Content-Type-Options"
    assert len(header_problems(lambda _: (), is_page=False)) == 1
    assert {one.header for one in header_problems(lambda _: (), is_page=True)} == {
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
    }


@pytest.mark.parametrize(
    ("headers", "severity"),
    [
        ({"server": ("nginx",)}, None),
        ({"server": ("shop",), "x-powered-by": ("Express",)}, "info"),
        ({"server": ("nginx/1.18.0 (Ubuntu)",)}, "low"),
        ({"server": ("Apache/2.4.57 (Debian) OpenSSL/3.0",)}, "low"),
        ({"x-powered-by": ("PHP/8.1.2",)}, "low"),
        ({"x-powered-by": ("Next.js 15.1",)}, "low"),
        ({"x-aspnet-version": ("4.0.30319",)}, "low"),
        ({"server": ("AmazonS3",)}, None),
        ({"server": ("Microsoft-IIS/10.0",)}, "low"),
        ({"server": ("cloudflare",)}, None),
    ],
)
def test_what_a_server_tells_of_itself(headers, severity):
    sound = {"x-content-type-options": ("nosniff",), **headers}
    problems = header_problems(lambda name: sound.get(name, ()), is_page=False)
    assert [problem.severity for problem in problems] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("headers", "products", "found"),
    [
        ({}, ("elements",), {}),
        ({"opener": "same-origin-allow-popups"}, ("elements",), {}),
        ({"opener": "unsafe-none"}, ("elements", "connect"), {}),
        ({"opener": "same-origin"}, ("elements",), {"Cross-Origin-Opener-Policy": "info"}),
        ({"opener": "same-origin"}, ("elements", "connect"), {"Cross-Origin-Opener-Policy": "medium"}),
        ({"opener": "Same-Origin; report-to=x"}, ("elements", "connect"), {"Cross-Origin-Opener-Policy": "medium"}),
        ({"opener": "noopener-allow-popups"}, ("connect",), {"Cross-Origin-Opener-Policy": "medium"}),
        ({"opener": "same-origin-allow-popups"}, ("connect",), {"Cross-Origin-Opener-Policy": "info"}),
        ({"opener": "same-origin, same-origin"}, ("connect",), {}),  # no item: browsers pass it over
        ({"opener-policy-report-only": "same-origin"}, ("connect",), {}),
        ({"embedder": "require-corp"}, ("elements",), {"Cross-Origin-Embedder-Policy": "medium"}),
        ({"embedder": "credentialless; report-to=x"}, (), {"Cross-Origin-Embedder-Policy": "medium"}),
        ({"embedder": "unsafe-none"}, (), {}),
    ],
)
def test_isolation_against_stripe_s_frames_and_windows(headers, products, found) -> None:
    names = {"opener": "cross-origin-opener-policy", "embedder": "cross-origin-embedder-policy"}
    sent = {**SOUND, **{names.get(name, name): (value,) for name, value in headers.items()}}
    told = header_problems(lambda name: sent.get(name, ()), is_page=True, products=products)
    assert {one.header: one.severity for one in told} == found
