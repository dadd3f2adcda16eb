"""Links that a platform sends its accounts to: to onboarding, and to the Express dashboard.

Source: docs.stripe.com/api/account_links, docs.stripe.com/api/accounts/login_link. The pages behind them collect
nothing: the platform's calls do (docs.stripe.com/connect/testing).
"""

from __future__ import annotations

from urllib.parse import urlencode

from stripe_audit.emulator.errors import ApiError, invalid, missing_resource
from stripe_audit.emulator.resources.connect.standing import accounts_of, connected
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

LASTING_SECONDS = 5 * 60
"""docs.stripe.com/api/account_links/object: links expire "a few minutes after creation"."""


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    account = accounts_of(world).get(params["account"])
    if account is None:
        raise missing_resource("account", params["account"][:100], "account", status=400)
    for name in ("refresh_url", "return_url"):
        if not params.get(name):
            raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
        if not params[name].startswith(("http://", "https://")):
            raise invalid("Not a valid URL", name, "url_invalid")
    if params["type"] == "account_update" and account["type"] != "custom":
        raise invalid("You cannot create `account_update` type Account Links for this account.", "type")
    now = world.clock.seconds()
    query = urlencode({"return_url": params["return_url"]})
    return blank(
        "account_link",
        object="account_link",
        created=now,
        expires_at=now + LASTING_SECONDS,
        url=f"{world.url}/connect/{account['id']}/{world.ids.text(16)}?{query}",
    )


def log_in(call: Call) -> Obj:
    account = connected(call)
    if account["type"] != "express":
        raise ApiError(f"Cannot create a login link for an account that is not an Express account ({account['id']}).")
    if not account["details_submitted"]:
        raise ApiError("Cannot create a login link for an account that has not completed onboarding.")
    address = f"{call.world.url}/connect/{account['id']}/{call.world.ids.text(16)}"
    return blank("login_link", object="login_link", created=call.world.clock.seconds(), url=address)


ROUTES = (
    Route("POST", "/v1/account_links", create, "account_link_create"),
    Route("POST", "/v1/accounts/{id}/login_links", log_in, "account_login_link_create", about="login_link"),
)
