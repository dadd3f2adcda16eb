"""Pages that are too slow to make again in every test run still speak of what is there."""

from __future__ import annotations

import re
from pathlib import Path

from stripe_audit.demo.defects import DEFECTS


def test_the_matrix_has_a_row_for_every_defect_and_each_is_found(root: Path) -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| ([a-z-]+: \w+) \|", (root / "docs/matrix.md").read_text(), re.M))
    assert rows == {defect.id: f"{defect.breaks}: failed" for defect in DEFECTS.values()}
