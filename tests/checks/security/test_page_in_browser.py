"""What is wrong with a page, from what a browser told."""

from __future__ import annotations

import pytest

from stripe_audit.web import Loaded, Requested, Violation
from tests.checks.modules import module_of

TRACKER = Requested("https://cdn.statistics.example/track.js", "Script", "foreign")


@pytest.mark.parametrize(
    ("loaded", "allowed", "ids"),
    [
        (Loaded(), [], []),
        (Loaded(violations=[Violation("frame-src", "https://js.stripe.com", False)]), [], ["stripe"]),
        (Loaded(violations=[Violation("frame-src", "https://js.stripe.com", True)]), [], []),  # report-only
        (Loaded(violations=[Violation("script-src-elem", "inline", False)]), [], ["own"]),
        (Loaded(requests=[TRACKER]), [], ["foreign"]),
        (Loaded(requests=[TRACKER]), ["https://cdn.statistics.example/*"], []),
        (Loaded(requests=[Requested("https://fonts.example/a.woff2", "Font", "foreign")]), [], []),
        (Loaded(requests=[Requested("https://js.stripe.com/clover/stripe.js", "Script", "stripe")]), [], []),
        (Loaded(requests=[Requested("http://[", "Script", "foreign")]), [], ["foreign"]),
    ],
)
def test_what_the_browser_told(loaded, allowed, ids):
    assert [one.id for one in module_of("page-works-in-browser").assess(loaded, allowed)] == ids
