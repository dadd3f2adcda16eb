"""Settings: what can be set, where it comes from, and what is said when it is wrong."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from stripe_audit.settings.loading import FILE_NAMES, Settings, load_settings
from stripe_audit.settings.model import SettingsModel

__all__ = ["FILE_NAMES", "Settings", "SettingsModel", "json_schema", "load_settings", "sample_settings", "schema_text"]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of stripe-audit.yaml."""
    schema = SettingsModel.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "stripe-audit settings",
        **{key: value for key, value in schema.items() if key != "title"},
        "required": ["version"],
    }


def schema_text() -> str:
    """The JSON Schema as text, stable from run to run."""
    return json.dumps(json_schema(), indent=2) + "\n"


def sample_settings() -> str:
    """A commented stripe-audit.yaml that loads as it stands."""
    return resources.files("stripe_audit.settings").joinpath("sample.yaml").read_text("utf-8")
