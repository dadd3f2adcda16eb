"""From settings to the values that the rest of the audit works with: the target's description, and what is declared."""

from __future__ import annotations

import secrets
import shutil
import string
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from stripe_audit.check import NEEDS
from stripe_audit.context import Project
from stripe_audit.deployment.spec import Item, Login, Plan, Route, TargetSpec, WebhookRoute
from stripe_audit.keys import KeyKind
from stripe_audit.plan import Declared
from stripe_audit.scenario.files import own_folder
from stripe_audit.settings import Settings
from stripe_audit.settings.launching import way_without_launch
from stripe_audit.settings.model import ItemSettings, RouteSettings, SecretSource
from stripe_audit.settings.unset import unset_variables
from stripe_audit.source.allowed import AllowedSecret
from stripe_audit.web.inventory import AllowedScript

__all__ = ["declared_needs", "project_of", "scenario_places", "target_spec", "webhook_secrets"]


def webhook_secrets(settings: Settings, seed: int | None, *, is_launching: bool) -> dict[str, str | None]:
    """The signing secret of each webhook by its name; made anew where the settings say so.

    A target that is not launched cannot know a secret that is made now, so that there is none.
    """
    random: Random = secrets.SystemRandom() if seed is None else Random(seed)  # noqa: S311
    alphabet = string.ascii_letters + string.digits
    found: dict[str, str | None] = {}
    for webhook in settings.model.target.routes.webhook:
        is_generated = isinstance(webhook.secret, SecretSource) and webhook.secret.generated
        made = "whsec_" + "".join(random.choice(alphabet) for _ in range(32))
        if is_generated:
            found[webhook.name] = made if is_launching else None
        else:
            found[webhook.name] = settings.secret(webhook.secret)
    return found


def _route(role: str, given: RouteSettings) -> Route:
    login = Login(**given.login.model_dump()) if given.login else None
    shape = (given.headers, given.body, given.response, given.amount_unit)
    return Route(role, given.method, given.path, *shape, login, is_frontend=given.origin == "frontend")


def _known(url: str | None) -> str | None:
    """An address; None where its port is that of a frontend which this run does not start."""
    return None if url and "{" in url else url


def _items(declared: Iterable[ItemSettings], capture: str) -> tuple[Item, ...]:
    return tuple(Item(item.id, item.price, item.currency) for item in declared if item.capture == capture)


def target_spec(settings: Settings, ports: Mapping[str, str], secrets_by_name: Mapping[str, str | None]) -> TargetSpec:
    """The target as declared, with ``{port}`` and ``{https_port}`` filled in."""
    target = settings.model.target

    def placed(url: str | None) -> str | None:
        if url is None:
            return None
        for name, value in ports.items():
            url = url.replace(f"{{{name}}}", value)
        return url.rstrip("/")

    routes = {
        role: _route(role, value)
        for role in type(target.routes).model_fields
        if isinstance(value := getattr(target.routes, role), RouteSettings)
    }
    url = placed(target.url) or ""
    return TargetSpec(
        name=target.name,
        url=url,
        routes=routes,
        webhooks=tuple(
            WebhookRoute(
                webhook.name, webhook.path, secrets_by_name[webhook.name], tuple(webhook.events), webhook.connect
            )
            for webhook in target.routes.webhook
        ),
        items=_items(target.items, "automatic"),
        held_items=_items(target.items, "manual"),
        plans=tuple(Plan(plan.id, plan.price, plan.currency, plan.trial) for plan in target.plans),
        https_url=placed(target.https_url) or (url if url.startswith("https:") else None),
        frontend_url=_known(placed(target.frontend_url)),
        ca_file=str(settings.path(target.ca_file)) if target.ca_file else None,
    )


def project_of(settings: Settings) -> Project:
    """The target's files."""
    target = settings.model.target
    return Project(
        settings.folder,
        settings.path(target.root) if target.root else None,
        tuple(settings.path(name) for name in target.env_files),
        _key_variables(settings),
        tuple(AllowedSecret(**one.model_dump()) for one in target.secrets_allowed),
        tuple(AllowedScript(**one.model_dump()) for one in target.page_scripts),
        dict(target.page_headers or {}),
    )


def scenario_places(settings: Settings) -> list[Path]:
    """The project's own scenarios: the folders that the settings name, or else ``scenarios`` beside them."""
    named = [settings.path(name) for name in settings.model.audit.scenarios_dirs]
    own = own_folder(settings.folder)
    return named or ([own] if own else [])


_GIVEN = {
    "{secret_key}": KeyKind.SECRET,
    "{publishable_key}": KeyKind.PUBLISHABLE,
    "{webhook_secret": KeyKind.WEBHOOK_SECRET,
}


def _key_variables(settings: Settings) -> dict[str, KeyKind]:
    """The variables through which the launched target gets its keys, and those that the settings read secrets from."""
    target = settings.model.target
    given = target.launch.env if target.launch else {}
    found = {name: kind for name, text in given.items() for start, kind in _GIVEN.items() if text.startswith(start)}
    for webhook in target.routes.webhook:
        if isinstance(webhook.secret, SecretSource) and webhook.secret.env:
            found[webhook.secret.env] = KeyKind.WEBHOOK_SECRET
    return found


def declared_needs(
    settings: Settings, spec: TargetSpec, *, is_launching: bool, unreached: str | None = None
) -> Declared:
    """Which of a check's needs the settings meet."""
    target, observers = settings.model.target, settings.model.observers
    unset = unset_variables(settings)
    has_orders = observers.order is not None and (observers.order.kind != "http" or "order" in spec.routes)
    has_logs = observers.logs is not None and (observers.logs.kind != "process" or is_launching)
    conditions = {
        "launch": is_launching,
        "stripe": settings.model.stripe.mode == "test"
        or way_without_launch(target.stripe, is_launching=is_launching) != "none",
        "items": bool(spec.items),
        "held_items": bool(spec.held_items),
        "plans": bool(spec.plans),
        "database": target.database is not None and target.database.is_within_reach(is_launching=is_launching),
        "env_files": bool(target.env_files),
        "source": target.root is not None,
        "https": spec.https_url is not None,
        "frontend": spec.frontend_url is not None,
        "page_scripts": bool(target.page_scripts),
        "page_headers": bool(target.page_headers),
        "chromium": shutil.which(settings.model.audit.browser) is not None,
        "route:webhook": bool(spec.webhooks),
        "webhook_secret": any(webhook.secret for webhook in spec.webhooks),
        "observer:order": has_orders and "order" not in unset,
        "observer:rows": any(f"rows.{name}" not in unset for name in observers.rows),
        "observer:logs": has_logs,
        "observer:mail": observers.mail is not None,
        "observer:notifications": observers.notifications is not None,
        "observer:customers": observers.mail is not None
        or (observers.notifications is not None and observers.notifications.customers_at is not None),
        **{f"route:{role}": True for role in spec.routes},
    }
    reasons = (
        {} if conditions["chromium"] else {"chromium": "no Chromium is found: what scripts load later was not seen"}
    )
    if not conditions["observer:customers"]:
        reasons["observer:customers"] = "neither mails nor a path for what customers are told is declared"
    if target.launch is not None and not is_launching:
        reasons["launch"] = "the target is not launched by this run (--no-launch)"
        if target.database is not None and not conditions["database"]:
            reasons["database"] = "the declared way to the database is that of a launched target (--no-launch)"
    for place, variable in unset.items():
        reasons.setdefault(f"observer:{place.partition('.')[0]}", f"the variable {variable} is not set")
    for webhook in target.routes.webhook:
        if not isinstance(webhook.secret, SecretSource):
            continue
        if webhook.secret.generated and not is_launching:
            reasons["webhook_secret"] = "a generated secret is known only to a target that the audit launches"  # noqa: S105
        elif webhook.secret.env and not settings.secret(webhook.secret):
            reasons["webhook_secret"] = f"the variable {webhook.secret.env} is not set"
    met = frozenset(need for need, is_met in conditions.items() if is_met)
    return Declared(met & frozenset(NEEDS), reasons, unreached)
