from __future__ import annotations

import pytest

from tests.checks.modules import answered, module_of

PAGE = "<!doctype html><title>Shop</title>"
NOTHING = answered(404, PAGE, "text/html")


@pytest.mark.parametrize(
    ("answer", "beside", "title"),
    [
        (answered(200, '{"status": "ok"}'), NOTHING, None),
        (answered(204), NOTHING, None),
        (answered(200, "OK", "text/plain"), NOTHING, None),
        (answered(200, PAGE, "text/html"), NOTHING, None),  # odd, and sound
        (
            answered(200, PAGE, "text/html"),
            answered(200, PAGE, "text/html"),
            "A web page stands in for the health route",
        ),
        (answered(200, '{"status": "ok"}'), answered(200, PAGE, "text/html"), None),
        (answered(200, '{"status": "error"}'), NOTHING, "The health route answers 2xx and says error"),
        (answered(200, "DOWN", "text/plain"), NOTHING, "The health route answers 2xx and says error"),
        (answered(404), NOTHING, "There is no health route"),
        (answered(405), NOTHING, "There is no health route"),
        (answered(500), NOTHING, "The health route does not say that all is well"),
        (answered(503, '{"status": "down"}'), NOTHING, "The health route does not say that all is well"),
    ],
)
def test_what_is_wrong_with_an_answer(answer, beside, title):
    wrong = module_of("health-endpoint-answers").assess(answer, beside)
    assert (wrong and wrong[0]) == title


@pytest.mark.parametrize(
    ("answer", "beside", "same"),
    [
        (answered(200, "{}"), answered(200, "{}"), True),
        (answered(200, "{}"), answered(200, PAGE, "text/html"), False),
        (answered(200, "{}"), answered(404, "{}"), False),
    ],
)
def test_a_route_that_answers_like_any_other_path_is_none(answer, beside, same):
    assert module_of("health-endpoint-answers").is_same(answer, beside) is same
