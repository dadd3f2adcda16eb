"""Card fields, echoed numbers and secrets in what visitors can fetch; headers of page and API."""

from __future__ import annotations

import pytest

from stripe_audit.keys import make_test_keys
from stripe_audit.testing import demo_stage, run_checks
from stripe_audit.web import parse_page
from tests.checks.modules import answered, module_of

KEYS = make_test_keys(seed=2)
CLIENT_SECRET = "pi_3OxYzQ7mLw2KpVn_secret_a1B2c3D4e5F6g7H8i9J0"
LIVE = KEYS.publishable.replace("_test_", "_live_")


@pytest.mark.parametrize(
    ("html", "scripts", "places"),
    [
        ("<div id=payment-element></div><input name=email>", {}, 0),
        ("<input name=cardnumber><input name=cvc>", {}, 2),
        ("<script>field('autocomplete', 'cc-number')</script>", {}, 1),
        ("", {"https://shop.test/a.js": 'autoComplete:"cc-csc"'}, 1),
        ("<script>a()</script>", {"https://shop.test/a.js": 'autoComplete:"email"'}, 0),
    ],
)
def test_places_where_card_data_is_typed(html, scripts, places):
    found = module_of("card-data-never-handled").assess_page([parse_page(html, "https://shop.test/")], scripts)
    assert len(found) == places


def test_a_number_is_known_however_it_is_grouped():
    is_echoed = module_of("card-data-never-handled").is_echoed
    assert is_echoed('{"input":"4000056655665556"}')
    assert is_echoed("4000 0566 5566 5556")
    assert not is_echoed("400005…5556")
    assert not is_echoed("4242424242424242")


@pytest.mark.parametrize(
    ("text", "is_shared", "is_test", "kinds"),
    [
        (f"key = '{KEYS.publishable}'", True, True, {}),
        (f"key = '{KEYS.secret}'", True, True, {"secret": "critical"}),
        (f"key = '{KEYS.secret}'", False, False, {"secret": "critical"}),
        (KEYS.webhook_secret, False, True, {"webhook_secret": "critical"}),
        (CLIENT_SECRET, False, True, {}),
        (CLIENT_SECRET, True, True, {"client_secret": "high"}),
        (LIVE, False, True, {"publishable": "high"}),
        (LIVE, False, False, {}),
        (f"{KEYS.secret} {LIVE}", True, True, {"secret": "critical", "publishable": "high"}),
    ],
)
def test_what_lies_open(text, is_shared, is_test, kinds):
    judging = module_of("secrets-not-in-frontend")
    source = judging.Source("a place", answered(200, text), is_shared=is_shared)
    problems = judging.assess([source, source], is_test=is_test)
    assert {kind: str(problem.severity) for kind, problem in problems.items()} == kinds
    assert all(len(problem.places) == 2 and "…" in problem.places[0][0] for problem in problems.values())


def test_an_env_file_that_can_be_fetched_is_told_beside_the_keys_in_it():
    with demo_stage(defects=["env-file-served"]) as stage:
        (result,) = run_checks(["secrets-not-in-frontend"], stage).values()
    assert {finding.discriminator for finding in result.findings} == {"secret", "env"}
    told = str(result.findings)
    assert "STRIPE_SECRET_KEY" in told
    assert stage.keys.secret not in told


def test_headers_are_told_once_for_all_answers_that_lack_them():
    judging = module_of("security-headers-set")
    sound = {
        "x_content_type_options": "nosniff",
        "x_frame_options": "DENY",
        "referrer_policy": "same-origin",
    }
    samples = [
        judging.Sample("page", answered(200, "", "text/html", **sound), True),
        judging.Sample("catalogue", answered(200), False),
        judging.Sample("health", answered(200), False),
    ]
    found = judging.assess(samples)
    assert {header: [sample.label for sample, _ in wrong] for header, wrong in found.items()} == {
        "X-Content-Type-Options": ["catalogue", "health"]
    }
    assert judging.assess(samples[:1]) == {}
    assert set(judging.assess([judging.Sample("page", answered(200), True)])) == {
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
    }


@pytest.mark.parametrize(
    ("texts", "is_so"),
    [
        ([KEYS.publishable], True),
        ([LIVE], False),
        ([KEYS.publishable, LIVE], False),
        (["pk_test_your_key_goes_right_here"], False),
        ([], False),
    ],
)
def test_a_live_page_with_test_keys_alone(texts, is_so):
    assert module_of("secrets-not-in-frontend").only_test_keys(texts) is is_so


def test_the_page_of_a_live_shop_with_keys_of_test_mode_takes_no_money():
    with demo_stage(flags={"target": {"environment": "live"}}) as stage:
        (result,) = run_checks(["secrets-not-in-frontend"], stage).values()
    assert [finding.title for finding in result.findings] == ["The page of a live shop takes no money"]
