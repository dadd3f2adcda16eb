"""What a command is to hand over: reports, the bundle, the stream of events. Checked before anything is run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stripe_audit.cli.event_output import STDOUT
from stripe_audit.cli.outputs import Outputs, check_writable
from stripe_audit.errors import OutputError, UsageError

if TYPE_CHECKING:
    from stripe_audit.report import Report
    from stripe_audit.settings import Settings

__all__ = ["Deliverables"]


@dataclass(frozen=True, slots=True)
class Deliverables:
    """``sign`` is the key that the bundle is signed with; ``events`` a file or ``-``."""

    outputs: Outputs
    bundle: Path | None = None
    sign: Path | None = None
    events: str | None = None

    @staticmethod
    def read(
        formats: Sequence[str],
        bundle: Path | None = None,
        sign: Path | None = None,
        events: str | None = None,
        *,
        is_plan: bool = False,
    ) -> Deliverables:
        """From flags. Raises UsageError."""
        if is_plan and (bundle or events):
            flag = "--bundle" if bundle else "--events"
            raise UsageError(f"{flag} needs a run, and --dry-run makes none", hint=f"drop {flag} or --dry-run")
        if sign and not bundle:
            raise UsageError("--sign signs a bundle, and none is asked for", hint="add --bundle FILE.zip")
        printed_by = "--events -" if events == STDOUT else None
        outputs = Outputs.read(formats, is_plan=is_plan, printed_by=printed_by)
        if bundle:
            check_writable(bundle, "--bundle ")
        if events and not printed_by:
            check_writable(Path(events), "--events ")
        if sign:
            from stripe_audit.bundle.signing import check_key

            check_key(sign.expanduser())
        return Deliverables(outputs, bundle, sign.expanduser() if sign else None, events)

    @staticmethod
    def keep_circumstances(folder: Path, settings: Settings) -> None:
        """Keep the settings in force and the versions in the run's folder; a full disk is told, and stops no run."""
        from stripe_audit.bundle.run_folder import keep_circumstances

        try:
            keep_circumstances(folder, settings)
        except OSError as error:
            sys.stderr.write(f"warning: settings and versions are not kept in {folder}: {error.strerror or error}\n")

    def write(self, report: Report, folder: Path | None) -> None:
        """Every format, and the bundle. Raises OutputError for the first that could not be written, after all."""
        failure = None
        try:
            self.outputs.write(report)
        except OutputError as error:
            failure = error
        if self.bundle:
            from stripe_audit.bundle.packing import write_bundle

            write_bundle(self.bundle, report, folder, key=self.sign)
        if failure:
            raise failure
