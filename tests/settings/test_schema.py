"""The sample file and the JSON Schema: both say what the models say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from decimal import Decimal

import pytest

from stripe_audit.check import NEEDS
from stripe_audit.settings import SettingsModel, json_schema, load_settings, sample_settings, schema_text
from stripe_audit.settings.yaml_file import yaml_value


def problems(value, schema, root, where="$"):
    """What a JSON Schema has against a value: the part of draft 2020-12 that pydantic writes, and nothing unknown."""
    known = {"$ref", "$defs", "$schema", "title", "description", "default", "format", "properties", "required"}
    known |= {"additionalProperties", "type", "enum", "const", "anyOf", "items", "pattern", "writeOnly"}
    known |= {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "propertyNames"}
    assert not set(schema) - known, f"{where}: the schema uses {set(schema) - known}"
    if "$ref" in schema:
        return problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, where)
    found = []
    if "anyOf" in schema:
        each = [problems(value, one, root, where) for one in schema["anyOf"]]
        found += [] if any(not one for one in each) else [min(each, key=len)]
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float, Decimal),
        "null": type(None),
    }
    if "type" in schema and (
        not isinstance(value, types[schema["type"]])
        or (isinstance(value, bool) and schema["type"] in ("integer", "number"))
    ):
        return [f"{where} is no {schema['type']}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{where} is not {schema['const']}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where} is none of {schema['enum']}")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{where} does not match {schema['pattern']}")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            found.append(f"{where} is out of bounds")
        if value <= schema.get("exclusiveMinimum", value - 1):
            found.append(f"{where} is too small")
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        found += [f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            other = schema.get("additionalProperties", True)
            if name in inner:
                found += problems(item, inner[name], root, f"{where}.{name}")
            elif isinstance(other, dict):
                found += problems(item, other, root, f"{where}.{name}")
            elif not other:
                found.append(f"{where}.{name} is unknown")
            found += (
                problems(name, schema["propertyNames"], root, f"{where}.{name}") if "propertyNames" in schema else []
            )
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += problems(item, schema.get("items", {}), root, f"{where}.{index}")
    return found


SCHEMA = json_schema()


def test_the_sample_loads_as_it_stands(tmp_path):
    path = tmp_path / "stripe-audit.yaml"
    path.write_text(sample_settings())
    model = load_settings(path, environ={}).model
    assert (model.version, model.target.name) == (1, "my shop")
    assert model.target.items[0].price == Decimal("19.99")
    assert model.target.routes.webhook[0].secret.generated


def test_the_schema_accepts_the_sample():
    assert problems(yaml_value(sample_settings(), "sample"), SCHEMA, SCHEMA) == []


def test_the_sample_carries_the_schema_for_editors():
    first = sample_settings().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./stripe-audit.schema.json"


def test_the_samples_commented_lines_are_right_too(tmp_path):
    """A line that someone uncomments must load."""
    names = "https_url|ca_file|frontend_url|rows|  shipments|notifications"
    text = re.sub(rf"^  # ({names}):", r"  \1:", sample_settings(), flags=re.MULTILINE)
    assert text.count("\n  https_url:") == text.count("\n  ca_file:") == text.count("\n  frontend_url:") == 1
    path = tmp_path / "stripe-audit.yaml"
    path.write_text(text)
    model = load_settings(path, environ={}).model
    assert model.target.https_url == "https://127.0.0.1:{https_port}"
    assert [*model.observers.rows] == ["shipments"] and model.observers.notifications


VALID = {"version": 1}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"target": {"url": "http://127.0.0.1:3001", "launch": {"command": "npm start"}}},
        {"target": {"launch": {"command": ["npm", "start"], "env": {"A": "b"}}}},
        {"stripe": {"secret_key": "x"}},
        {"stripe": {"secret_key": {"env": "KEY"}}},
        {"observers": {"order": {"states": {"paid": ["done"]}}, "mail": {"alerts_to": "a@b"}}},
        {
            "target": {
                "routes": {"order": {"path": "/o", "body": [1, {"a": None}], "login": {"path": "/l", "token": "t"}}}
            }
        },
        {"audit": {"fail_on": "low", "timeout": 0.5, "budget": {"requests": 10}}},
    ],
)
def test_schema_and_model_accept_the_same(settings):
    assert problems({**VALID, **settings}, SCHEMA, SCHEMA) == []
    SettingsModel.model_validate({**VALID, **settings})


@pytest.mark.parametrize(
    "settings",
    [
        {"version": 2},
        {"targt": {}},
        {"target": {"url": "nowhere"}},
        {"target": {"url": "http://x/path"}},
        {"target": {"environment": "prod"}},
        {"target": {"launch": {}}},
        {"target": {"launch": {"command": 5}}},
        {"target": {"items": [{"id": "a", "price": 1}]}},
        {"target": {"items": [{"id": "a", "price": 0, "currency": "usd"}]}},
        {"target": {"items": [{"id": "a", "price": 1, "currency": "US"}]}},
        {"target": {"routes": {"webhook": {"path": "/x"}}}},
        {"target": {"routes": {"webhook": [{"path": "/x", "secret": {"evn": "X"}}]}}},
        {"observers": {"order": {"states": {"payed": ["x"]}}}},
        {"audit": {"jobs": 0}},
        {"audit": {"jobs": 65}},
        {"audit": {"timeout": 0}},
        {"audit": {"timeout": 1e9}},
        {"audit": {"fail_on": "awful"}},
        {"stripe": {"port": 70000}},
    ],
)
def test_schema_and_model_refuse_the_same(settings):
    assert problems({**VALID, **settings}, SCHEMA, SCHEMA)
    with pytest.raises(ValueError):
        SettingsModel.model_validate({**VALID, **settings})


def test_an_editor_asks_for_the_version():
    assert problems({}, SCHEMA, SCHEMA) == ["$.version is missing"]


def test_the_schema_refuses_unknown_settings_everywhere():
    for name, definition in [("the root", SCHEMA), *SCHEMA["$defs"].items()]:
        if definition.get("type") == "object":
            assert definition["additionalProperties"] is False, name


def test_the_schema_is_stable_from_process_to_process(root):
    code = "from stripe_audit.settings import schema_text; print(schema_text(), end='')"
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}, cwd=root
    )
    assert other.stdout == schema_text()
    assert json.loads(schema_text()) == SCHEMA and schema_text().endswith("}\n")


def test_the_schema_holds_no_secret_format_that_shows_a_value():
    secret = SCHEMA["$defs"]["StripeSettings"]["properties"]["secret_key"]
    assert {"format": "password", "type": "string", "writeOnly": True} in secret["anyOf"]


def test_every_need_of_a_check_is_a_setting_of_the_schema():
    for setting in set(NEEDS.values()):
        place = SCHEMA
        for part in setting.split("."):
            place = _entered(place)["properties"][part.removesuffix("[]")]


def _entered(schema):
    """The object behind references, optionals and lists."""
    for one in [schema, *schema.get("anyOf", [])]:
        if "$ref" in one:
            return _entered(SCHEMA["$defs"][one["$ref"].removeprefix("#/$defs/")])
        if "items" in one:
            return _entered(one["items"])
    return schema
