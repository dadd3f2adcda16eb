"""What a browser is told and does: headers, Content-Security-Policy, CORS, cookies, TLS, HTML. Pure, but for TLS."""

from __future__ import annotations

from stripe_audit.web.answers import asks_for_csrf_token, complaints, is_page
from stripe_audit.web.cors import CorsProblem, assess_cors, distinct, origins_to_try
from stripe_audit.web.csp import (
    STRIPE_NEEDS,
    BlockedSource,
    Policy,
    Weakness,
    allows,
    blocked_stripe_sources,
    parse_policies,
    weaknesses,
)
from stripe_audit.web.headers import HeaderProblem, header_problems, hsts_problem
from stripe_audit.web.html import Field, Page, Script, parse_page
from stripe_audit.web.leaks import secret_in, stack_trace_in

__all__ = [
    "STRIPE_NEEDS",
    "BlockedSource",
    "CorsProblem",
    "Field",
    "HeaderProblem",
    "Page",
    "Policy",
    "Script",
    "Weakness",
    "allows",
    "asks_for_csrf_token",
    "assess_cors",
    "blocked_stripe_sources",
    "complaints",
    "distinct",
    "header_problems",
    "hsts_problem",
    "is_page",
    "origins_to_try",
    "parse_page",
    "parse_policies",
    "secret_in",
    "stack_trace_in",
    "weaknesses",
]
