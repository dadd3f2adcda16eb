"""What a shell offers for the values of options."""

from __future__ import annotations

import pytest

from stripe_audit.catalog import load_catalog
from stripe_audit.cli import completion
from stripe_audit.demo.defects import DEFECTS
from tests.cli.test_commands import command


def test_every_shipped_check_and_scenario_is_offered():
    assert completion.check_ids("") == sorted(load_catalog())


@pytest.mark.parametrize(
    ("offer", "begun", "names"),
    [
        (completion.phase_names, "w", ["webhooks"]),
        (completion.format_names, "js", ["json"]),
        (completion.format_names, "pd", ["pdf"]),
        (completion.check_ids, "webhook-signature-v", ["webhook-signature-verified"]),
        (completion.defect_ids, "signature-unc", [one for one in sorted(DEFECTS) if one.startswith("signature-unc")]),
        (completion.defect_ids, "no such", []),
    ],
)
def test_what_fits_is_offered(offer, begun, names):
    assert offer(begun) == names


def test_a_shell_gets_it(tmp_path):
    asked = {"COMP_WORDS": "stripe-audit run -c webhook-signature-v", "COMP_CWORD": "3"}
    done = command(cwd=tmp_path, env={**asked, "_STRIPE_AUDIT_COMPLETE": "complete_bash"})
    assert done.stdout.split() == ["webhook-signature-verified"]
