"""A baseline: a file of accepted findings beside the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from stripe_audit.settings.accepted import AcceptedSettings
from stripe_audit.settings.explaining import explained
from stripe_audit.settings.layers import Place
from stripe_audit.settings.strict import Strict
from stripe_audit.settings.yaml_file import read_yaml, settings_error

__all__ = ["read_baseline"]


class _Baseline(Strict):
    version: Literal[1]
    findings: list[AcceptedSettings] = Field(default_factory=list)


def read_baseline(path: Path) -> list[tuple[AcceptedSettings, str]]:
    """The entries of a baseline, each with its place (``file:line``). Raises SettingsError."""
    if not path.exists():
        raise settings_error(f"{path} does not exist", hint="stripe-audit baseline write RUN.json makes one")
    data, lines = read_yaml(path)

    def cite(place: Place) -> str:
        while place and place not in lines:
            place = place[:-1]
        return f"{path}:{lines.get(place, 1)}"

    try:
        entries = _Baseline.model_validate(data).findings
    except ValidationError as error:
        raise explained(error, data, cite) from None
    return [(entry, cite(("findings", number))) for number, entry in enumerate(entries)]
