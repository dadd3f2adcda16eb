"""What the routes of a project are for, judged by their method, their path and what their handlers read and answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stripe_audit.survey.routes import SourceRoute

__all__ = ["ROLES", "RoleRoute", "roles_of"]

_SIGNS: dict[str, tuple[str, str]] = {
    "webhook": ("POST", r"(?<!-)webhooks?(?!.*(health|status))|/stripe/(events?|hooks?)$"),
    "webhook_health": ("GET", r"webhooks?/(health|status)|webhooks?-(health|status)"),
    "health": ("GET", r"^(/api|/v\d)*/(health(z|check)?|healthz|livez|readyz|ping|status|up)$"),
    "create_payment": ("POST", r"(create[-_]?)?payment[-_]?intents?$|/(pay|payments?|charge|checkout/intent)$"),
    "checkout": ("POST", r"checkout[-_]?sessions?$|/create-checkout|/checkout(/create)?$"),
    "subscribe": ("POST", r"(create[-_]?)?subscriptions?$|/subscribe$"),
    "pay_retry": ("POST", r"retry"),
    "customer": ("POST", r"(create[-_]?)?customers?$"),
    "catalogue": ("GET", r"/(products|prices|catalog(ue)?|plans|items)$"),
    "order": ("GET", r"/orders?/\{\w+\}$|/orders?/\{\w+\}/status$"),
    "page": ("GET", r"^/$|^/(checkout|pay|cart|buy)$"),
}
"""Role to its usual method, and a pattern for its path. The first role that fits a route has it."""
ROLES = tuple(_SIGNS)
_COMPILED = {role: (method, re.compile(pattern, re.IGNORECASE)) for role, (method, pattern) in _SIGNS.items()}

_PARAMETER = re.compile(r"[{}]")
_ORDER_PARAMETER = re.compile(r"(/orders?/)\{\w+\}|\{order(?:_?id|_?ref|_?reference)?\}", re.IGNORECASE)

_FIELDS: dict[str, tuple[str, ...]] = {
    "order": ("order", "orderid", "order_id", "reference", "orderreference"),
    "item": ("item", "itemid", "item_id", "product", "productid", "product_id", "sku", "price", "priceid", "price_id"),
    "quantity": ("quantity", "qty"),
    "amount": ("amount", "total"),
    "currency": ("currency",),
    "email": ("email", "customeremail", "customer_email", "receipt_email"),
    "name": ("name", "customername", "customer_name"),
}
"""Our placeholders, and what apps call them in a request's body."""
_ANSWERED: dict[str, dict[str, tuple[str, ...]]] = {
    "create_payment": {
        "client_secret": ("clientSecret", "client_secret"),
        "payment_intent": ("paymentIntentId", "payment_intent_id", "payment_intent", "paymentIntent", "intentId"),
        "order": ("orderId", "order_id"),
        "amount": ("amount",),
    },
    "customer": {"customer": ("customerId", "customer_id", "customer", "id")},
    "order": {"status": ("status", "state"), "amount": ("amount", "total"), "currency": ("currency",)},
}
_NEEDED = {"create_payment": "client_secret", "customer": "customer", "order": "status"}
_READ = re.compile(
    r"(?:const|let|var)\s*\{([^}]{1,300})\}\s*(?::[^=]{1,200})?=\s*(?:\(?\s*await\s+)?"
    r"(?:req|request|ctx|c|event)\b[\w.]*(?:body|json|Body)"
)
_READ_ONE = re.compile(
    r"(?:(?:req|request)\.(?:body|json)|\bbody|\bdata|\bpayload|request\.get_json\(\))"
    r"(?:\.get\(\s*['\"](\w+)['\"]|\[['\"](\w+)['\"]\]|\??\.(\w+))"
)
_ANSWER = re.compile(
    r"(?:\.json|\bjsonify|\.send|\bJSONResponse|\bJsonResponse|Response\.json)\(\s*([^;]{1,600}?\)\s*(?:;|\n|$))"
    r"|\breturn\s*(\{[^}]{1,600}\})"
)
"""What a handler answers with, from where it is begun to the end of the statement."""
_SHAPES = (r"(?<![.\w])%s\b['\"]?\s*(?::|=(?!=))", r"(?<![.\w])%s\b\s*[,}\"']", r"\b%s\b\s*[:,}\"']")
_METHODS_OF_A_BODY = {"get", "json", "text", "items", "keys", "raw", "toString", "object", "type", "id", "data"}


@dataclass(frozen=True, slots=True)
class RoleRoute:
    """A route with its role. ``body`` and ``response`` are guesses; ``is_guessed`` where nothing was seen of them."""

    role: str
    route: SourceRoute
    body: Mapping[str, str] = field(default_factory=dict)
    response: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The method to call it with."""
        return _SIGNS[self.role][0] if self.route.method == "ANY" else self.route.method

    @property
    def path(self) -> str:
        """The path, with ``{order}`` where the route has its own name for it."""
        return _filled(self.route.path) or self.route.path


def roles_of(routes: Iterable[SourceRoute]) -> list[RoleRoute]:
    """The routes that have a role; ``webhook`` may be had by several, any other by the first that fits best."""
    found: dict[str, list[RoleRoute]] = {}
    for route in routes:
        role = next((role for role in ROLES if _fits(role, route)), None)
        if role is not None:
            one = RoleRoute(role, route, _body(role, route), _response(role, route))
            found.setdefault(role, []).append(one)
    chosen = []
    for role in ROLES:
        held = found.get(role, [])
        if role == "webhook":
            stripes = [one for one in held if "stripe" in f"{one.route.path} {one.route.handler}".lower()]
            chosen += _distinct(stripes or held)
        else:
            chosen += sorted(held, key=lambda one: len(one.route.path))[:1]
    return chosen


def _distinct(held: list[RoleRoute]) -> list[RoleRoute]:
    return list({one.route.path: one for one in reversed(held)}.values())[::-1]


def _fits(role: str, route: SourceRoute) -> bool:
    method, pattern = _COMPILED[role]
    is_asked_so = route.method in (method, "ANY") and pattern.search(route.path) is not None
    return is_asked_so and _filled(route.path) is not None


def _filled(path: str) -> str | None:
    """A path whose one parameter is an order becomes one with ``{order}``; None where it wants anything else."""
    filled = _ORDER_PARAMETER.sub(r"\1{order}", path)
    return None if _PARAMETER.search(filled.replace("{order}", "")) or filled.count("{") > 1 else filled


def _body(role: str, route: SourceRoute) -> dict[str, str]:
    """What the handler reads from the body, as a template of our placeholders; what is not known stays out."""
    if role not in ("create_payment", "checkout", "subscribe", "customer", "pay_retry"):
        return {}
    names: list[str] = list(route.fields)
    for match in _READ.finditer(route.handler):
        names += [re.split(r"[:=]", part)[0].strip() for part in match[1].split(",")]
    names += [next(filter(None, match.groups())) for match in _READ_ONE.finditer(route.handler)]
    known = {word: ours for ours, words in _FIELDS.items() for word in words}
    wanted = [name for name in dict.fromkeys(names) if name not in _METHODS_OF_A_BODY]
    return {name: f"{{{known[name.lower()]}}}" for name in wanted if name.lower() in known}


def _response(role: str, route: SourceRoute) -> dict[str, str]:
    """Where our words are in the answer: the names that the handler mentions, else all that are usual."""
    mapping = {}
    whole = _READ.sub("", route.handler)
    answered = "\n".join(one or other for one, other in _ANSWER.findall(whole)) or whole
    for word, names in _ANSWERED.get(role, {}).items():
        seen = [name for name in names if name in route.answers] or _mentioned(names, answered)
        if not seen and word == _NEEDED[role]:
            seen = _mentioned(names, whole)
        if seen:
            mapping[word] = seen[0]
        elif word == _NEEDED[role]:
            mapping[word] = " || ".join(names)
    return mapping


def _mentioned(names: Iterable[str], text: str) -> list[str]:
    """The names that a text gives to something, else those that stand by themselves, else all that stand in it."""
    return [name for shape in _SHAPES for name in names if re.search(shape % name, text)]
