"""Targets behind which there is nothing: what cannot be seen there is not passed, and nothing breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from stripe_audit.catalog import load_catalog
from stripe_audit.demo import serving
from stripe_audit.demo.app import Shop
from stripe_audit.models import Outcome
from stripe_audit.phases import phase_of
from stripe_audit.testing import demo_stage, run_checks

PRETENDED = {"clientSecret": "pi_none_secret_none", "paymentIntentId": "pi_none", "status": "paid", "amount": 1999}
ON_A_PAGE = {"csp-allows-stripe", "card-data-never-handled", "secrets-not-in-frontend"}
"""What an empty page really shows: it blocks nothing, asks for nothing and holds nothing."""


def hollow(make: Callable[[], web.Response]) -> type[Shop]:
    class Hollow(Shop):
        async def answered(self, request: web.Request, handler: Any) -> web.StreamResponse:
            return make()

    return Hollow


@pytest.mark.parametrize(
    ("make", "passing"),
    [
        (lambda: web.json_response({}), set()),
        (lambda: web.json_response({}, status=400), set()),
        (lambda: web.json_response({}, status=500), set()),
        (lambda: web.json_response(PRETENDED), set()),
        (lambda: web.Response(status=302, headers={"Location": "https://elsewhere.example/"}), set()),
        (lambda: web.Response(text="<!doctype html><p>hello", content_type="text/html"), ON_A_PAGE),
    ],
    ids=["200", "400", "500", "pretending", "redirecting", "a page"],
)
def test_no_check_of_security_passes_what_is_not_there(monkeypatch, make, passing):
    monkeypatch.setitem(serving.VARIANTS, "hollow", hollow(make))
    catalog = load_catalog()
    ids = [identity for identity in catalog if phase_of(catalog[identity].task).folder == "security"]
    with demo_stage(variant="hollow", patience=0.3) as stage:
        results = run_checks(ids, stage, catalog=catalog)
    told = {identity: (result.outcome, result.reason, result.error) for identity, result in results.items()}
    assert {identity for identity, one in told.items() if one[0] is Outcome.PASSED} == passing
    assert not [identity for identity, one in told.items() if one[0] is Outcome.ERRORED], told
    assert all(result.findings or result.reason for identity, result in results.items() if identity not in passing)
