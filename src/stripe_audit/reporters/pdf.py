"""PDF: the HTML report as Chromium prints it, in a profile of its own and with every name unresolvable.

Chromium is looked for on the machine and is no dependency. (WeasyPrint was weighed: it knows neither folded details nor
content that is left out of the layout, so that its pages would not be those of the HTML report.)
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

from stripe_audit.errors import OutputError, UsageError
from stripe_audit.report import Report
from stripe_audit.reporters.html import HtmlReporter
from stripe_audit.reporters.interface import FileReporter
from stripe_audit.reporters.quoting import quoted
from stripe_audit.web.devtools import browser_environment

__all__ = ["PdfReporter"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_FLAGS = (
    "--headless",
    "--no-sandbox",  # the page has no script, and containers grant no sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)
_PATIENCE_S = 120


class PdfReporter(FileReporter):
    """The review on A4."""

    name: ClassVar[str] = "pdf"
    suffix: ClassVar[str] = ".pdf"

    def check_ready(self) -> None:
        """Raises UsageError where there is no Chromium."""
        _chromium()

    def encoded(self, report: Report) -> bytes:
        """The PDF. Raises UsageError where there is no Chromium, OutputError where it prints nothing."""
        command = _chromium()
        with tempfile.TemporaryDirectory(prefix="stripe-audit-pdf-", ignore_cleanup_errors=True) as scratch:
            page, printed = Path(scratch, "report.html"), Path(scratch, "report.pdf")
            page.write_text(HtmlReporter().render(report), "utf-8")
            told = _run(
                [
                    command,
                    *_FLAGS,
                    f"--user-data-dir={Path(scratch, 'profile')}",
                    f"--print-to-pdf={printed}",
                    page.as_uri(),
                ]
            )
            if not printed.is_file() or not (data := printed.read_bytes()).startswith(b"%PDF-"):
                raise OutputError(f"{command} printed no PDF: {told}", hint="write html=FILE, and print it by hand")
            return data


def _chromium() -> str:
    found = [shutil.which(name) for name in _NAMES] + [place for place in _PLACES if Path(place).is_file()]
    command = next(filter(None, found), None)
    if command is None:
        raise UsageError(
            "pdf needs Chromium, Chrome or Edge, and none was found",
            hint="apt-get install chromium (or the like), or write html=FILE and print it from any browser",
        )
    return command


def _run(command: list[str]) -> str:
    """Run to the end, and say what went wrong, if anything. Nothing of it is left running. Raises OutputError."""
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=browser_environment(),
            start_new_session=os.name == "posix",
        ) as process:
            try:
                _, said = process.communicate(timeout=_PATIENCE_S)
            except BaseException:
                _kill(process)
                raise
    except subprocess.TimeoutExpired:
        return f"not finished after {_PATIENCE_S} s"
    except OSError as error:
        raise OutputError(f"{command[0]} cannot be run: {error.strerror or error}") from None
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return f"exit code {process.returncode}" + (f", {quoted(lines[-1], 200)}" if lines else "")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Chromium and its children."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
