"""The placeholders of ``target.launch``: what a launched target is told about the run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from stripe_audit.errors import SettingsError
from stripe_audit.keys import TestKeys

__all__ = ["fill_text", "placeholders"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+(?::[^{}]*)?)\}")


def placeholders(
    *,
    ports: Mapping[str, str],
    keys: TestKeys,
    stripe_url: str,
    webhook_secrets: Mapping[str, str | None],
    smtp: tuple[str, int],
    notification_url: str,
    database: tuple[str, int] | None = None,
    scratch: Path,
    folder: Path,
) -> dict[str, str]:
    """Every placeholder with its value. ``{webhook_secret}`` is the first webhook's, ``…:NAME}`` a certain one's."""
    secrets = {name: secret or "" for name, secret in webhook_secrets.items()}
    return {
        **ports,
        "stripe_url": stripe_url,
        "secret_key": keys.secret,
        "publishable_key": keys.publishable,
        "webhook_secret": next(iter(secrets.values()), keys.webhook_secret),
        **{f"webhook_secret:{name}": secret for name, secret in secrets.items()},
        "smtp_host": smtp[0],
        "smtp_port": str(smtp[1]),
        "notification_url": notification_url,
        **({"database_host": database[0], "database_port": str(database[1])} if database else {}),
        "scratch": str(scratch),
        "folder": str(folder),
    }


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders replaced. Raises SettingsError for a webhook that is not declared."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            known = ", ".join(name.partition(":")[2] for name in values if ":" in name) or "none"
            raise SettingsError(f"{{{match[1]}}} in target.launch names no webhook; declared are {known}")
        return values[match[1]]

    return _PLACEHOLDER.sub(value, text)
