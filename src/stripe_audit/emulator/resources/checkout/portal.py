"""The customer portal: its configurations and sessions (docs.stripe.com/api/customer_portal)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources import customers
from stripe_audit.emulator.resources.challenge import check_return_url
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["ROUTES"]

_KIND, _SESSION = "billing_portal.configuration", "billing_portal.session"
_REASONS = (
    "too_expensive",
    "missing_features",
    "switched_service",
    "unused",
    "customer_service",
    "too_complex",
    "low_quality",
    "other",
)
_FEATURES: dict[str, dict[str, Any]] = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "feedback_options": None, "options": list(_REASONS)},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": None,
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}
_PROFILE = ("headline", "privacy_policy_url", "terms_of_service_url")
_FLOW = (
    "customer_update",
    "subscription_cancel",
    "subscription_pause",
    "subscription_update",
    "subscription_update_confirm",
)


def create(call: Call) -> Obj:
    configuration = _new(call, is_default=False)
    call.world.emit("billing_portal.configuration.created", configuration, call)
    return configuration


def _new(call: Call, *, is_default: bool) -> Obj:
    world, params = call.world, {} if is_default else call.params
    now = world.clock.seconds()
    profile = params.get("business_profile") or {}
    configuration = blank(
        _KIND,
        id=world.ids.new("bpc"),
        object=_KIND,
        active=True,
        business_profile={name: profile.get(name) for name in _PROFILE},
        created=now,
        default_return_url=params.get("default_return_url"),
        features=_features(_FEATURES, params.get("features") or {}),
        is_default=is_default,
        livemode=False,
        login_page={"enabled": False, "url": None},
        metadata=merged({}, params.get("metadata") or {}),
        name=params.get("name"),
        updated=now,
    )
    if (params.get("login_page") or {}).get("enabled"):
        configuration["login_page"] = {"enabled": True, "url": f"{world.url}/p/login/{configuration['id']}"}
    return world.store.add(configuration)


def _features(known: dict[str, dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """The known features with the given ones laid over, three levels deep; an empty list clears one."""
    features = {}
    for name, feature in known.items():
        features[name] = shown = dict(feature)
        for key, value in (given.get(name) or {}).items():
            inner = feature.get(key)
            shown[key] = {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
            if value is None and isinstance(inner, list):
                shown[key] = []
    return features


def retrieve(call: Call) -> Obj:
    return call.world.find(_KIND, call.ids[0])


def update(call: Call) -> Obj:
    configuration = retrieve(call)
    params = dict(call.params)
    if configuration["is_default"] and params.get("active") is False:
        raise invalid("The default configuration cannot be deactivated.", "active")
    if params.get("business_profile") is not None:
        params["business_profile"] = {**configuration["business_profile"], **params["business_profile"]}
    if params.get("features") is not None:
        params["features"] = _features(configuration["features"], params["features"])
    if params.get("login_page") is not None:
        is_on = params["login_page"]["enabled"]
        url = f"{call.world.url}/p/login/{configuration['id']}" if is_on else None
        params["login_page"] = {"enabled": is_on, "url": url}
    names = ("active", "business_profile", "default_return_url", "features", "login_page", "name")
    previous = change(configuration, params, names)
    if previous:
        previous["updated"] = configuration["updated"]
        configuration["updated"] = call.world.clock.seconds()
        call.world.emit("billing_portal.configuration.updated", configuration, call, previous=previous)
    return configuration


def listed(call: Call) -> Obj:
    return list_of(call, _KIND, equal_to(call, "active", "is_default"))


def create_session(call: Call) -> Obj:
    """A session for a customer. The account's default configuration is there as soon as one is needed."""
    world, params = call.world, call.params
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = customers.living(call, params["customer"], "customer")
    check_return_url(params)
    flow = _flow(call, customer, params.get("flow_data"))
    if params.get("configuration"):
        configuration = world.find(_KIND, params["configuration"], "configuration")
        if not configuration["active"]:
            raise ApiError("The portal configuration is not active.", param="configuration")
    else:
        defaults = [one for one in world.store.by_kind[_KIND].values() if one["is_default"]]
        configuration = defaults[0] if defaults else _new(call, is_default=True)
    identity = world.ids.new("bps")
    session = blank(
        _SESSION,
        id=identity,
        object=_SESSION,
        after_expiration=params.get("after_expiration"),
        configuration=configuration["id"],
        created=world.clock.seconds(),
        customer=customer["id"],
        flow=flow,
        livemode=False,
        locale=params.get("locale"),
        on_behalf_of=params.get("on_behalf_of"),
        return_url=params.get("return_url") or configuration["default_return_url"],
        url=f"{world.url}/p/session/{identity}_{world.ids.text(40)}",
    )
    world.store.add(session)
    world.emit("billing_portal.session.created", session, call)
    return session


def _flow(call: Call, customer: Obj, given: dict[str, Any] | None) -> dict[str, Any] | None:
    if not given:
        return None
    kind = given["type"]
    if kind.startswith("subscription_"):
        details = given.get(kind)
        param = f"flow_data[{kind}]"
        if not details:
            raise invalid(f"Missing required param: {param}.", param, "parameter_missing")
        subscription = call.world.find("subscription", details["subscription"], f"{param}[subscription]")
        if subscription["customer"] != customer["id"]:
            raise invalid("The subscription is not the customer's.", f"{param}[subscription]")
    after = given.get("after_completion") or {"type": "portal_homepage"}
    return {
        "after_completion": {"hosted_confirmation": None, "redirect": None, **after},
        **{name: given.get(name) for name in _FLOW},
        "type": kind,
    }


ROUTES = (
    Route("POST", "/v1/billing_portal/configurations", create, "billing_portal.configuration_create", about=_KIND),
    Route("GET", "/v1/billing_portal/configurations", listed, "billing_portal.configuration_list", about=_KIND),
    Route("GET", "/v1/billing_portal/configurations/{id}", retrieve, about=_KIND),
    Route("POST", "/v1/billing_portal/configurations/{id}", update, "billing_portal.configuration_update", about=_KIND),
    Route("POST", "/v1/billing_portal/sessions", create_session, "billing_portal.session_create", about=_SESSION),
)
