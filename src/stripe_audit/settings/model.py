"""What can be set. The JSON Schema, the sample file and every error message are drawn from these models."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from stripe_audit.money import to_minor
from stripe_audit.settings.allowances import AllowedSecretSettings, PageScriptSettings
from stripe_audit.settings.databases import DatabaseSettings, check_database
from stripe_audit.settings.launching import LaunchSettings, Way, check_frontend, check_way, with_launch_defaults
from stripe_audit.settings.observing import (
    LogsObserverSettings,
    MailObserverSettings,
    NotificationsObserverSettings,
    ObserverSettings,
    OrderObserverSettings,
    RowsObserverSettings,
)
from stripe_audit.settings.policy import AuditSettings
from stripe_audit.settings.secret_source import Secret, SecretSource
from stripe_audit.settings.strict import Strict
from stripe_audit.settings.texts import (
    PLACEHOLDERS,
    Expression,
    Path_,
    Url,
    check_placeholders,
)

__all__ = [
    "AuditSettings",
    "DatabaseSettings",
    "ItemSettings",
    "LaunchSettings",
    "LogsObserverSettings",
    "MailObserverSettings",
    "NotificationsObserverSettings",
    "ObserverSettings",
    "OrderObserverSettings",
    "PlanSettings",
    "RouteSettings",
    "RowsObserverSettings",
    "RoutesSettings",
    "SecretSource",
    "SettingsModel",
    "StripeSettings",
    "TargetSettings",
    "WebhookSettings",
]


class LoginSettings(Strict):
    """A request whose answer holds a token."""

    method: str = "POST"
    path: Path_
    body: Any = None
    token: Expression
    header: str = "Authorization: Bearer {token}"


class RouteSettings(Strict):
    """One endpoint of the target."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: Path_
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = Field(None, description="template; {order} {item} {quantity} {amount} {currency} {email} {name}")
    response: dict[str, Expression] = Field(default_factory=dict, description="our words: JMESPath over the answer")
    amount_unit: Literal["minor", "major"] = "minor"
    login: LoginSettings | None = None
    origin: Literal["target", "frontend"] = Field(
        "target", description="frontend: for page and return_page, where frontend_url serves them"
    )

    @field_validator("body", "headers")
    @classmethod
    def _known_placeholders(cls, value: Any) -> Any:
        return check_placeholders(value, PLACEHOLDERS)


class WebhookSettings(Strict):
    """One webhook endpoint of the target."""

    name: str = "webhook"
    path: Path_
    secret: Secret | None = None
    events: list[str] = Field(default_factory=list, description="the types that it is subscribed to")
    connect: bool = Field(False, description="it hears of connected accounts, and not of the account itself")


class RoutesSettings(Strict):
    """Endpoints by their role."""

    health: RouteSettings | None = None
    webhook_health: RouteSettings | None = None
    webhook: list[WebhookSettings] = Field(default_factory=list)
    create_payment: RouteSettings | None = None
    customer: RouteSettings | None = None
    catalogue: RouteSettings | None = None
    order: RouteSettings | None = None
    page: RouteSettings | None = None
    pay_retry: RouteSettings | None = None
    checkout: RouteSettings | None = None
    subscribe: RouteSettings | None = None
    return_page: RouteSettings | None = Field(None, description="where the customer comes back to; {payment_intent}")
    reconcile: RouteSettings | None = Field(None, description="makes the app ask Stripe about what was never told")

    @property
    def on_frontend(self) -> list[str]:
        """The roles that the frontend is declared to serve."""
        declared = {role: getattr(self, role) for role in type(self).model_fields}
        return [role for role, one in declared.items() if isinstance(one, RouteSettings) and one.origin == "frontend"]

    @field_validator("webhook")
    @classmethod
    def _named_apart(cls, value: list[WebhookSettings]) -> list[WebhookSettings]:
        names = [webhook.name for webhook in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two webhooks are named {name!r}")
        return value


class ItemSettings(Strict):
    """Something that the target sells; the price in major units, exact."""

    id: str
    price: Decimal = Field(gt=0, le=999_999_999_999)
    currency: str = Field(pattern=r"^[a-z]{3}$")
    capture: Literal["automatic", "manual"] = Field(
        "automatic", description="manual: the card is authorised, and the shop takes the money later"
    )

    @model_validator(mode="after")
    def _chargeable(self) -> ItemSettings:
        to_minor(self.price, self.currency)  # its MoneyError says what is wrong
        return self


class PlanSettings(Strict):
    """A plan that the route ``subscribe`` sells; the price of a period in major units, exact."""

    id: str
    price: Decimal = Field(gt=0, le=999_999_999_999)
    currency: str = Field(pattern=r"^[a-z]{3}$")
    trial: bool = Field(False, description="it begins with a free trial")

    @model_validator(mode="after")
    def _chargeable(self) -> PlanSettings:
        to_minor(self.price, self.currency)
        return self


class TargetSettings(Strict):
    """The deployment under audit."""

    name: str = "target"
    url: Url = Field("http://127.0.0.1:3001", description="may hold {port} where launch is set")
    https_url: Url | None = None
    ca_file: str | None = None
    frontend_url: Url | None = None
    environment: Literal["test", "live", "unknown"] = "unknown"
    root: str | None = Field(None, description="the source tree")
    env_files: list[str] = Field(default_factory=list)
    secrets_allowed: list[AllowedSecretSettings] = Field(default_factory=list)
    page_scripts: list[PageScriptSettings] = Field(default_factory=list, description="all that the page may run")
    page_headers: dict[str, str] | None = Field(
        None, description="the payment page's security headers as approved; * stands for anything"
    )
    stripe: Way = Field(
        "none",
        description="how the app's calls get to the audit's Stripe. inject (the default with launch): by its own "
        "interpreter, Python or Node.js; proxy: by HTTPS_PROXY and a certificate of the run; env (the default where "
        "launch says {stripe_url}): it takes the address from its environment; none: not at all",
    )
    listen: Literal["loopback", "declared"] = Field(
        "loopback", description="with inject: loopback keeps the app off the machine's other addresses"
    )
    launch: LaunchSettings | None = None
    frontend_launch: LaunchSettings | None = Field(
        None, description="starts the frontend beside the app; frontend_url and both commands may hold {frontend_port}"
    )
    database: DatabaseSettings | None = Field(None, description="so that its failure can be tried")
    items: list[ItemSettings] = Field(default_factory=list)
    plans: list[PlanSettings] = Field(default_factory=list, description="what can be subscribed to")
    routes: RoutesSettings = RoutesSettings()

    @model_validator(mode="before")
    @classmethod
    def _launched(cls, data: Any) -> Any:
        return with_launch_defaults(data)

    @model_validator(mode="after")
    def _reachable(self) -> TargetSettings:
        check_way(self.stripe, self.launch)
        check_database(self.database, self.launch)
        check_frontend(self.frontend_url, self.frontend_launch, self.launch, self.routes.on_frontend)
        return self


class StripeSettings(Strict):
    """The Stripe side."""

    mode: Literal["emulator", "test"] = Field(
        "emulator", description="emulator: the embedded Stripe; test: a real account in test mode, by its own keys"
    )
    api_version: str | None = None
    port: int = Field(0, ge=0, le=65535, description="fixed, for a target that is started by hand")
    secret_key: Secret | None = None
    publishable_key: Secret | None = Field(None, description="with mode test: what the customer's browser pays with")
    api_base: Url | None = Field(None, description="with mode test: where the account is, if not at Stripe's address")

    @model_validator(mode="after")
    def _has_keys(self) -> StripeSettings:
        if self.mode == "test" and self.secret_key is None:
            raise ValueError("mode test needs secret_key, as {env: NAME}")
        if self.mode == "emulator" and (self.api_base or self.publishable_key):
            raise ValueError("api_base and publishable_key belong to mode: test")
        return self


class SettingsModel(Strict):
    """The whole of stripe-audit.yaml."""

    version: Literal[1] = 1
    target: TargetSettings = TargetSettings()
    observers: ObserverSettings = ObserverSettings()
    stripe: StripeSettings = StripeSettings()
    audit: AuditSettings = AuditSettings()
