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
        _raise_if_asked()
        _tell(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)  # what a shell shows for SIGPIPE
    except OSError as error:
        _raise_if_asked()
        where = f"{error.filename}: " if error.filename else ""
        _tell(AuditError(f"{where}{error.strerror or error}"))
        sys.exit(3)
    except Exception as error:  # the last resort: a defect of ours, told in one line
        _raise_if_asked()
        _tell(AuditError(f"internal error: {type(error).__name__}: {error}", hint=_REPORT_IT))
        sys.exit(3)


_REPORT_IT = "this is a defect of stripe-audit; STRIPE_AUDIT_TRACEBACK=1 shows where"


def _raise_if_asked() -> None:
    if os.environ.get("STRIPE_AUDIT_TRACEBACK") == "1":
        raise


def _tell(error: AuditError) -> None:
    from stripe_audit.redaction import Redactor, inert

    safe = inert(Redactor().redact(error.message))
    sys.stderr.write(f"error: {safe}\n")
    if error.hint:
        sys.stderr.write(f"hint: {inert(Redactor().redact(error.hint))}\n")


def _out(text: str) -> None:
    sys.stdout.write(text)
