"""The command line. ``main`` is the console script, and the one place where errors become words and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from stripe_audit.errors import AuditError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code. No traceback reaches the user, unless STRIPE_AUDIT_TRACEBACK=1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["-V"]):
        from stripe_audit import __version__

        _out(f"stripe-audit {__version__}\n")
        return
    try:
        from stripe_audit.cli.app import make_app

        make_app()(words, prog_name="stripe-audit")
    except AuditError as error:
        _show_traceback_if_asked()
        _tell(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)  # what a shell shows for SIGPIPE
    except OSError as error:
        _show_traceback_if_asked()
        where = f"{error.filename}: " if error.filename else ""
        _tell(AuditError(f"{where}{error.strerror or error}"))
        sys.exit(3)
    except Exception as error:  # the last resort: a defect of ours, told in one line
        _show_traceback_if_asked()
        _tell(AuditError(f"internal error: {type(error).__name__}: {error}", hint=_REPORT_IT))
        sys.exit(3)


_REPORT_IT = "this is a defect of stripe-audit; STRIPE_AUDIT_TRACEBACK=1 shows where"


def _show_traceback_if_asked() -> None:
    if os.environ.get("STRIPE_AUDIT_TRACEBACK") == "1":
        import traceback

        sys.stderr.write(_safe(traceback.format_exc()))


def _tell(error: AuditError) -> None:
    sys.stderr.write(f"error: {_safe(error.message)}\n")
    if error.hint:
        sys.stderr.write(f"hint: {_safe(error.hint)}\n")


def _safe(text: str) -> str:
    """Without any secret that this process has read, whoever let it get into an error's text."""
    from stripe_audit.redaction import Redactor, inert, remembered

    return inert(Redactor(remembered()).redact(text))


def _out(text: str) -> None:
    sys.stdout.write(text)
