"""The shop's configuration: everything comes from the environment, and a missing or blank value stops the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ConfigError", "SUB_ROUTES", "ShopConfig"]

SUB_ROUTES = {
    "payment-succeeded": "STRIPE_WEBHOOK_SECRET_PAYMENT_SUCCEEDED",
    "payment-failed": "STRIPE_WEBHOOK_SECRET_PAYMENT_FAILED",
    "invoice-paid": "STRIPE_WEBHOOK_SECRET_INVOICE_PAID",
    "subscription-updated": "STRIPE_WEBHOOK_SECRET_SUBSCRIPTION_UPDATED",
}
"""Webhook sub-routes and the variables that hold their secrets."""


class ConfigError(Exception):
    """Names every variable that is missing or blank, never a value."""


@dataclass(frozen=True, slots=True)
class ShopConfig:
    """What the shop needs to run. ``webhook_secrets`` by route: ``""`` is the main one."""

    port: int
    database: str
    secret_key: str = field(repr=False)
    publishable_key: str
    webhook_secrets: Mapping[str, str] = field(repr=False)
    api_base: str | None = None
    https_port: int | None = None
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 0
    mail_from: str = "shop@example.com"
    alert_email: str = "ops@example.com"
    sms_url: str = ""
    """Where messages to customers are posted, as to an SMS gateway; empty: they go by mail."""
    frontend_origin: str = "http://127.0.0.1:5173"
    operator_token: str = field(repr=False, default="")
    rate_burst: int = 600
    rate_per_second: float = 50.0
    variant: str = ""
    workers: int = 1
    variables: int = 0

    @staticmethod
    def from_environment(env: Mapping[str, str]) -> ShopConfig:
        """Read it. Raises ConfigError."""
        required = ["PORT", "DATABASE", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"]
        required += SUB_ROUTES.values()
        if missing := [name for name in required if not env.get(name, "").strip()]:
            raise ConfigError("missing or blank: " + ", ".join(missing))
        secrets = {"": env["STRIPE_WEBHOOK_SECRET"]}
        secrets |= {route: env[name] for route, name in SUB_ROUTES.items()}
        https_port = env.get("HTTPS_PORT", "").strip()
        return ShopConfig(
            port=int(env["PORT"]),
            database=env["DATABASE"],
            secret_key=env["STRIPE_SECRET_KEY"].strip(),
            publishable_key=env["STRIPE_PUBLISHABLE_KEY"].strip(),
            webhook_secrets=secrets,
            api_base=env.get("STRIPE_API_BASE") or None,
            https_port=int(https_port) if https_port else None,
            smtp_host=env.get("SMTP_HOST", "127.0.0.1"),
            smtp_port=int(env.get("SMTP_PORT") or 0),
            mail_from=env.get("MAIL_FROM", "shop@example.com"),
            alert_email=env.get("ALERT_EMAIL", "ops@example.com"),
            sms_url=env.get("SMS_URL", "").strip(),
            frontend_origin=env.get("FRONTEND_ORIGIN", "http://127.0.0.1:5173"),
            operator_token=env.get("OPERATOR_TOKEN", "").strip(),
            rate_burst=int(env.get("RATE_LIMIT_BURST") or 600),
            rate_per_second=float(env.get("RATE_LIMIT_PER_SECOND") or 50),
            variant=env.get("SHOP_VARIANT", ""),
            workers=int(env.get("SHOP_WORKERS") or 1),
            variables=sum(name in _KNOWN or name.startswith(("STRIPE_", "SHOP_")) for name in env),
        )


_KNOWN = frozenset(
    (
        "PORT",
        "HTTPS_PORT",
        "DATABASE",
        "SMTP_HOST",
        "SMTP_PORT",
        "MAIL_FROM",
        "ALERT_EMAIL",
        "SMS_URL",
        "FRONTEND_ORIGIN",
        "OPERATOR_TOKEN",
        "RATE_LIMIT_BURST",
        "RATE_LIMIT_PER_SECOND",
    )
)
