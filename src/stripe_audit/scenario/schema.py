"""The JSON Schema of scenario files, for editors."""

from __future__ import annotations

import json
from typing import Any

from stripe_audit.scenario.model import ScenarioModel

__all__ = ["json_schema", "schema_text"]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``scenarios/<family>/<name>.yaml``."""
    schema = ScenarioModel.model_json_schema(by_alias=True)
    step = schema["$defs"]["StepModel"]["properties"]
    for action in step.values():  # "- restart:" is a step with nothing more to say
        action.pop("default", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "stripe-audit scenario",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def schema_text() -> str:
    """The JSON Schema as text, stable from run to run."""
    return json.dumps(json_schema(), indent=2) + "\n"
