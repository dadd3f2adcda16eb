"""What a browser is told and does: headers, Content-Security-Policy, CORS, cookies, TLS, HTML. Pure, but for TLS."""

from __future__ import annotations

from stripe_audit.web.answers import asks_for_csrf_token, complaints, is_page
from stripe_audit.web.browser import Loaded, Requested, Violation
from stripe_audit.web.caching import caching_problem
from stripe_audit.web.cookies import Cookie, CookieProblem, cookie_problems, parse_cookie
from stripe_audit.web.cors import CorsProblem, assess_cors, distinct, grants_anything, origins_to_try
from stripe_audit.web.csp import (
    STRIPE_NEEDS,
    BlockedSource,
    Policy,
    Weakness,
    allows,
    blocked_stripe_sources,
    nonces,
    parse_policies,
    runs_inline,
    slowing_sources,
    weaknesses,
)
from stripe_audit.web.debug_pages import DEBUG_PAGES, DebugPage, debug_trace_in
from stripe_audit.web.exposure import Exposed, env_variables, exposed_in, publishable_modes
from stripe_audit.web.header_baseline import Deviation, deviations, recorded
from stripe_audit.web.headers import HeaderProblem, header_problems, hsts_problem
from stripe_audit.web.html import Field, Page, Script, makes_card_fields, parse_page
from stripe_audit.web.inventory import AllowedScript, Inventory, inventory_of, is_allowed
from stripe_audit.web.leaks import secret_in, stack_trace_in
from stripe_audit.web.secret_urls import path_of, secret_urls_in
from stripe_audit.web.stripe_js import embeds_checkout, fetches_stripe_js, holds_stripe_js, is_loader, products_of
from stripe_audit.web.tls import OLD_TLS, accepts_old_tls

__all__ = [
    "DEBUG_PAGES",
    "OLD_TLS",
    "STRIPE_NEEDS",
    "AllowedScript",
    "BlockedSource",
    "Cookie",
    "CookieProblem",
    "CorsProblem",
    "DebugPage",
    "Deviation",
    "Exposed",
    "Field",
    "HeaderProblem",
    "Inventory",
    "Loaded",
    "Page",
    "Policy",
    "Requested",
    "Script",
    "Violation",
    "Weakness",
    "accepts_old_tls",
    "allows",
    "asks_for_csrf_token",
    "assess_cors",
    "blocked_stripe_sources",
    "caching_problem",
    "complaints",
    "cookie_problems",
    "debug_trace_in",
    "deviations",
    "distinct",
    "embeds_checkout",
    "env_variables",
    "exposed_in",
    "fetches_stripe_js",
    "grants_anything",
    "header_problems",
    "holds_stripe_js",
    "hsts_problem",
    "inventory_of",
    "is_allowed",
    "is_loader",
    "is_page",
    "makes_card_fields",
    "nonces",
    "origins_to_try",
    "parse_cookie",
    "parse_page",
    "parse_policies",
    "path_of",
    "products_of",
    "recorded",
    "runs_inline",
    "publishable_modes",
    "secret_in",
    "secret_urls_in",
    "slowing_sources",
    "stack_trace_in",
    "weaknesses",
]
