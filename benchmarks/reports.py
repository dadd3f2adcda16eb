"""How long reports take, and how much memory a long run needs.

    python benchmarks/reports.py [FINDINGS] [EXCHANGES]

Renders FINDINGS (default 500) in each format, and a run of EXCHANGES (default 10,000, with bodies as large as are kept)
in each format and as a bundle from the run's folder. Each has a process of its own: the fastest of three renderings
counts, in the processor's seconds so that a busy machine does not, and the peak of the process' memory. 1 if a limit
is passed.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stripe_audit.bundle.packing import write_bundle
from stripe_audit.deployment.recorder import BODY_CAP
from stripe_audit.models import CheckResult, Evidence, Exchange, Finding, Message, Outcome, Party, Severity
from stripe_audit.report import CheckFacts, Policy, Report, RunFacts, TargetFacts
from stripe_audit.reporters.interface import FORMATS, reporter_named
from stripe_audit.reporters.json_format import read_report, to_json

MOST_SECONDS, MOST_MIB = 0.5, 200
BUNDLE = "bundle"


def exchange(number: int, size: int) -> Exchange:
    """One exchange with an answer of this many characters."""
    body = json.dumps({"id": f"pi_{number}", "object": "payment_intent", "note": f"{number} " * (size // 6)})[:size]
    request = Message((("Content-Type", "application/json"),), '{"item": "mug", "quantity": 1}')
    answer = Message((("Content-Type", "application/json"),), body)
    url = f"http://127.0.0.1:4000/api/orders/{number}"
    return Exchange(f"x{number}", Party.AUDIT, Party.APP, "POST", url, request, answer, 200, None, 1.8e9 + number, 12.5)


def sample(findings: int, size: int) -> Report:
    """A report with so many findings, each with an exchange of its own as evidence."""
    facts, results = {}, []
    for number in range(findings):
        task = f"{1 + number % 6}.{1 + number % 4}"
        check = f"check-{number}"
        text = "Verify the `Stripe-Signature` header over the raw body, and answer 400 when it fails."
        title = f"Property {number} holds"
        facts[check] = CheckFacts(check, task, title, Severity.HIGH, "write", text, text, text, ("CWE-347",))
        evidence = Evidence(
            "answered 200, and the order changed", f"x{number + 1}", {"before": "unpaid", "after": "paid"}
        )
        finding = Finding(title, text, (evidence,), Severity.HIGH, "webhook /api/webhooks/stripe", check=check)
        results.append(CheckResult(check, task, title, Outcome.FAILED, (finding,), exchanges=(f"x{number + 1}",)))
    return Report(
        run=RunFacts("sabenchmark", "0.0", 1.8e9, 1.8e9 + 60),
        target=TargetFacts("shop", "http://127.0.0.1:4000", "test", True, "embedded emulator", None, "proved", "load"),
        policy=Policy(),
        checks=facts,
        results=tuple(results),
        exchanges=tuple(exchange(number + 1, size) for number in range(findings)),
    )


def prepare(folder: Path, findings: int, exchanges: int) -> None:
    """A run's folder: the report, and all exchanges."""
    (folder / "report.json").write_text(to_json(sample(findings, BODY_CAP)), "utf-8")
    with (folder / "exchanges.ndjson").open("w", encoding="utf-8") as file:
        for number in range(exchanges):
            file.write(json.dumps(dataclasses.asdict(exchange(number + 1, BODY_CAP))) + "\n")


def measure(name: str, folder: str) -> None:
    """In a process of its own: seconds and MiB, of one format or of the bundle."""
    place = Path(folder)
    report = read_report(place / "report.json")
    best = float("inf")
    for _ in range(1 if name == BUNDLE else 3):
        began = time.process_time()
        if name == BUNDLE:
            write_bundle(place / "evidence.zip", report, place)
        else:
            reporter_named(name).render(report)
        best = min(best, time.process_time() - began)
    print(json.dumps([best, peak_mib()]))


def peak_mib() -> float:
    """The most memory that this process had, as Linux tells it."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measured(name: str, folder: Path) -> tuple[float, float]:
    """The same, from the process that measures."""
    words = [sys.executable, __file__, "measure", name, str(folder)]
    seconds, mib = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return seconds, mib


def main() -> int:
    """Print the table."""
    if sys.argv[1:2] == ["measure"]:
        measure(*sys.argv[2:4])
        return 0
    findings, exchanges = (
        (int(text) for text in (*sys.argv[1:3], "500", "10000")[:2]) if sys.argv[1:] else (500, 10_000)
    )
    is_over = False
    with tempfile.TemporaryDirectory(prefix="stripe-audit-") as folder:
        prepare(Path(folder), findings, exchanges)
        print(f"{findings} findings, {exchanges} exchanges of {BODY_CAP // 1024} KiB")
        for name in (*FORMATS, BUNDLE):
            seconds, mib = measured(name, Path(folder))
            over = (seconds > MOST_SECONDS and name != BUNDLE) or mib > MOST_MIB
            is_over |= over
            print(f"{name:<16} {seconds * 1000:8.0f} ms  {mib:6.0f} MiB{'  over the limit' if over else ''}")
    print(f"at most {MOST_SECONDS * 1000:g} ms for a format, and {MOST_MIB} MiB for each")
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())
