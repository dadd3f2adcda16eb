"""The delivery-order explorer: how soon it finds the demo shop's ordering defects, and what sound shops survive.

    python benchmarks/orders.py [--search hypothesis] [--only found survived deep] [--sequences 500]

*found*: for each defect that shows in some order only, the sequences and seconds until it is confirmed and made simple.
*deep*: what ``--deep`` makes of each exploration that is shipped, at the sound shop.
*survived*: so many orders of a declined, then paid, then partly refunded payment, at the sound shop and the queued one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from stripe_audit.catalog import load_catalog
from stripe_audit.models import CheckResult, Outcome
from stripe_audit.testing import DemoStage, demo_stage, run_checks

USUAL = ("found", "survived")
WITHIN_S = 10.0
SHIPPED = {
    "late-failure-wins": "orders-explored",
    "late-success-hides-refund": "orders-explored",
    "late-success-hides-part": "orders-explored",
    "repeated-event-as-it-was": "orders-explored",
    "late-dispute-opens-again": "dispute-orders-explored",
    "late-invoice-reactivates": "subscription-orders-explored",
    "late-completion-unpays": "checkout-orders-explored",
}
TEXT = """\
version: 1
id: orders-of-a-payment
task: "6.2"
severity: high
title: In whatever order events arrive, the order ends as Stripe says.
what: Many orders of the events of one payment.
why: Stripe promises none.
fix: Ask Stripe.
timeout: 3600
steps:
  - name: all orders
    explore:
      sequences: {sequences}
      seconds: 3500
      most_deliveries: 100000
      exhaustive: {exhaustive}
      search: {search}
      steps:
        - create_payment: {{hold: true, quantity: 2}}
        - pay: {{with: declined}}
        - pay: {{with: visa, becomes: succeeded}}
        - refund: {{parts: 2}}
      that: {{state: partially_refunded, fulfilled: 1}}
"""


def found(stage: DemoStage, check: str) -> tuple[CheckResult, float]:
    """The shipped scenario's result, and the seconds that it took."""
    began = time.monotonic()
    result = run_checks([check], stage)[check]
    return result, time.monotonic() - began


def own(stage: DemoStage, folder: Path, **options: object) -> CheckResult:
    path = folder / "orders_of_a_payment.yaml"
    path.write_text(TEXT.format(**options), "utf-8")
    catalog = load_catalog(scenarios=[path], has_builtin=False)
    return run_checks(["orders-of-a-payment"], stage, catalog=catalog)["orders-of-a-payment"]


def find_all() -> bool:
    """Whether each defect was found in time."""
    is_met = True
    for defect, check in SHIPPED.items():
        with demo_stage(defects=[defect]) as stage:
            result, seconds = found(stage, check)
        is_found = result.outcome is Outcome.FAILED
        is_met &= is_found and seconds <= WITHIN_S
        print(f"{defect:<28} {result.outcome:<12} {seconds:5.1f} s of wall time (at most {WITHIN_S:g})", flush=True)
    return is_met


def survive(sequences: int, search: str) -> bool:
    """Whether both sound shops survive every order."""
    is_met = True
    for variant in ("", "queued"):
        with tempfile.TemporaryDirectory() as folder, demo_stage(variant=variant, patience=5.0) as stage:
            began, cpu = time.monotonic(), time.process_time()
            result = own(stage, Path(folder), sequences=sequences, exhaustive=3, search=search)
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        is_met &= result.outcome is Outcome.PASSED
        told = (*result.notes, result.reason, result.error, *(one.detail for one in result.findings))
        print(f"{variant or 'sound':<28} {result.outcome:<12} {seconds:5.1f} s, {cpu:.1f} s of a processor", flush=True)
        print("   " + "; ".join(str(one) for one in told if one), flush=True)
    return is_met


def survive_deep() -> bool:
    """Whether the sound shop survives what ``--deep`` makes of the shipped explorations, every beginning told."""
    catalog, is_met = load_catalog(is_deep=True), True
    flags = {"audit": {"deep": True}}
    for check in sorted(set(SHIPPED.values())):
        with demo_stage(patience=8.0, flags=flags) as stage:
            began, cpu = time.monotonic(), time.process_time()
            result = run_checks([check], stage, catalog=catalog)[check]
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        told = [str(one) for one in (*result.notes, result.reason, result.error) if one]
        is_met &= result.outcome is Outcome.PASSED and "not reached" not in " ".join(told)
        print(f"{check:<28} {result.outcome:<12} {seconds:5.1f} s, {cpu:.1f} s of a processor", flush=True)
        print("   " + "; ".join(told), flush=True)
    return is_met


def main() -> int:
    """Measure what was asked for; 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--search", choices=("chance", "hypothesis"), default="chance", help="for what is survived")
    parser.add_argument("--sequences", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=(*USUAL, "deep"), default=USUAL)
    asked = parser.parse_args()
    is_met = True
    if "found" in asked.only:
        is_met &= find_all()
    if "survived" in asked.only:
        is_met &= survive(asked.sequences, asked.search)
    if "deep" in asked.only:
        is_met &= survive_deep()
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
