"""Programs that a defect puts first on the PATH: there while the shop is audited, and gone after it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stripe_audit.cli.run import settings_in_force
from stripe_audit.demo.programs import programs_first


def test_a_defect_s_program_is_first_on_the_path_and_gone_after_it():
    before = os.environ["PATH"]
    with pytest.raises(RuntimeError), programs_first(["stripe-cli-is-another", "no-alert"]):
        found = shutil.which("stripe")
        assert found is not None
        done = subprocess.run(["stripe", "listen"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (2, "stripe: unknown command listen\n")
        raise RuntimeError
    assert os.environ["PATH"] == before
    assert not Path(found).exists()


@pytest.mark.parametrize("defects", [[], ["no-alert"]])
def test_without_programs_the_path_stays(defects):
    before = os.environ["PATH"]
    with programs_first(defects):
        assert os.environ["PATH"] == before


def test_an_audit_of_the_demo_from_the_command_line_meets_it():
    before = os.environ["PATH"]
    with settings_in_force(None, {}, is_demo=True, variant="", defects=["stripe-cli-gives-up"]):
        told = subprocess.run(["stripe", "version"], capture_output=True, text=True, check=True).stdout
        assert told == "stripe version 1.21.0\n"
    assert os.environ["PATH"] == before
