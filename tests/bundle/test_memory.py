"""A run of 10,000 exchanges is bundled an exchange at a time. Measured in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from stripe_audit.models import Message
from stripe_audit.reporters.json_format import to_json
from tests.reporters.golden import EXCHANGES, GOLDEN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MEASURE = """
import json, sys
from pathlib import Path
from stripe_audit.bundle.packing import write_bundle
from stripe_audit.reporters.json_format import read_report
folder = Path(sys.argv[1])

def peak():  # getrusage would count what the parent had when it started this process
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

report = read_report(folder / "report.json")
before = peak()
write_bundle(folder / "evidence.zip", report, folder)
print(json.dumps([before, peak()]))
"""


def test_ten_thousand_exchanges_need_little_memory(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(to_json(GOLDEN), "utf-8")
    one = dataclasses.replace(EXCHANGES[3], response=Message((), "a body " * 500))
    line = json.dumps(dataclasses.asdict(one))
    with (tmp_path / "exchanges.ndjson").open("w") as file:
        for number in range(10_000):
            file.write(line.replace('"id": "x4"', f'"id": "x{number}"', 1) + "\n")
    done = subprocess.run([sys.executable, "-c", MEASURE, str(tmp_path)], check=True, capture_output=True, text=True)
    before, peak = json.loads(done.stdout)
    assert (tmp_path / "exchanges.ndjson").stat().st_size > 20_000_000
    assert peak < 200
    assert peak - before < 8, f"{peak - before:.0f} MiB more: it is not streamed"
