"""What a check must say about itself, and what is drawn from it."""

from __future__ import annotations

import pytest

from stripe_audit.check import NEEDS, RESOURCES, Check, Uses
from stripe_audit.errors import CheckDefinitionError
from stripe_audit.models import Effect, Severity
from stripe_audit.settings.model import SettingsModel

DOCUMENTATION = """Forged events are rejected.

It has an introduction of its own.

What it checks:
    Sends *one* event.

    And another:
        indented.

Why it matters:
    Money.

How to fix:
    Verify the signature.
"""


async def run(self, ctx):
    return
    yield


async def no_generator(self, ctx):
    return []


def define(**changed):
    about = {
        "__doc__": DOCUMENTATION,
        "id": "a-check",
        "task": "2.2",
        "severity": Severity.HIGH,
        "effect": Effect.WRITE,
        "run": run,
        **changed,
    }
    return type("ACheck", (Check,), {name: value for name, value in about.items() if value is not ...})


def test_the_docstring_is_taken_apart():
    told = define().documentation
    assert told.title == "Forged events are rejected"
    assert told.what == "Sends *one* event.\n\nAnd another:\n    indented."
    assert (told.why, told.fix) == ("Money.", "Verify the signature.")


def test_defaults_are_harmless():
    check = define()
    assert (check.needs, check.requires, check.formerly, check.tags, check.timeout) == ((), (), (), (), None)
    assert check.uses == Uses(shared=("target", "stripe", "deliveries"), alone=())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"id": ...}, "id is missing"),
        ({"task": ...}, "task is missing"),
        ({"severity": ...}, "severity is missing"),
        ({"effect": ...}, "effect is missing"),
        ({"id": "oneword"}, "id must be kebab case"),
        ({"id": "Two-Words"}, "id must be kebab case"),
        ({"id": "two_words"}, "id must be kebab case"),
        ({"id": "two-words\n"}, "id must be kebab case"),
        ({"id": 7}, "id must be kebab case"),
        ({"task": "7.1"}, "task must be one of 1.1 to 6.4"),
        ({"task": 2.2}, "task must be one of 1.1 to 6.4"),
        ({"severity": "high"}, "severity must be a Severity"),
        ({"effect": "write"}, "effect must be an Effect"),
        ({"needs": "route:webhook"}, "needs must be a tuple"),
        ({"needs": ("route:wobhook",)}, "unknown need 'route:wobhook'"),
        ({"requires": "server-starts"}, "requires must be a tuple"),
        ({"requires": ("Server",)}, "requires must be a tuple of ids"),
        ({"formerly": "old-name"}, "formerly must be a tuple"),
        ({"references": "CWE-347"}, "references must be a tuple"),
        ({"tags": ["fast"]}, "tags must be a tuple"),
        ({"uses": ("target",)}, "uses must be a Uses"),
        ({"timeout": 0}, "timeout must be seconds"),
        ({"timeout": -1.0}, "timeout must be seconds"),
        ({"timeout": float("inf")}, "timeout must be seconds"),
        ({"timeout": True}, "timeout must be seconds"),
        ({"max_requests": -1}, "max_requests must be a whole number"),
        ({"max_objects": 1.5}, "max_objects must be a whole number"),
        ({"run": ...}, "run must be an async generator"),
        ({"run": no_generator}, "run must be an async generator"),
        ({"run": lambda self, ctx: iter(())}, "run must be an async generator"),
        ({"__doc__": None}, "the docstring has no title"),
        ({"__doc__": "Only a title."}, "the docstring lacks 'What it checks'"),
        ({"__doc__": DOCUMENTATION.replace("How to fix:", "How to fix")}, "the docstring lacks 'How to fix'"),
        ({"__doc__": DOCUMENTATION.replace("Money.", "")}, "the docstring lacks 'Why it matters'"),
    ],
)
def test_incomplete_metadata_is_refused_when_the_class_is_created(changed, told):
    with pytest.raises(CheckDefinitionError) as caught:
        define(**changed)
    assert told in caught.value.message and caught.value.message.startswith("check ACheck: ")
    assert caught.value.hint


def test_all_problems_are_told_at_once():
    with pytest.raises(CheckDefinitionError) as caught:
        define(id="x", task="9.9", severity=..., __doc__="")
    for told in ("id must", "task must", "severity is missing", "no title", "lacks 'How to fix'"):
        assert told in caught.value.message


@pytest.mark.parametrize(
    "given", [{"shared": ("tarket",)}, {"alone": ("fault",)}, {"shared": "target"}, {"alone": "x"}]
)
def test_uses_knows_its_resources(given):
    with pytest.raises(CheckDefinitionError) as caught:
        Uses(**given)
    assert caught.value.hint
    assert Uses(shared=RESOURCES).shared == RESOURCES


def test_run_must_be_written():
    with pytest.raises(TypeError, match="does not define run"):
        Check().run(None)


@pytest.mark.parametrize("setting", sorted(set(NEEDS.values())))
def test_every_need_names_a_setting_that_exists(setting):
    """A skipped check says which setting would enable it, so that the setting must be there."""
    model = SettingsModel
    for part in setting.split("."):
        fields = model.model_fields
        assert part.removesuffix("[]") in fields, setting
        inner = [fields[part.removesuffix("[]")].annotation]
        while inner and not hasattr(inner[0], "model_fields"):
            inner = [one for a in inner for one in getattr(a, "__args__", ())]
        model = inner[0] if inner else None
