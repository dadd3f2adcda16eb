"""Signatures by the user's own SSH key, with ``ssh-keygen -Y`` as git makes them. No key is made or kept here."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stripe_audit.errors import OutputError, UsageError
from stripe_audit.redaction import inert

__all__ = ["check_key", "signature_of", "signature_problem", "signer_of"]

NAMESPACE = "stripe-audit-bundle"
"""What a signature is for; one that was made for another purpose does not count."""
_PATIENCE_S = 120.0
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def check_key(key: Path) -> None:
    """Whether something can be signed with a key, before the run. Raises UsageError."""
    if not key.is_file():
        raise UsageError(f"--sign {key}: there is no such file", hint="name your SSH key, such as ~/.ssh/id_ed25519")
    if shutil.which("ssh-keygen") is None:
        raise UsageError("--sign needs ssh-keygen, which is not installed", hint="apt-get install openssh-client")


def signature_of(text: str, key: Path) -> str:
    """The signature, in SSH's armour. ssh-keygen asks for a passphrase by itself. Raises OutputError."""
    done = _run(["sign", "-f", str(key), "-n", NAMESPACE], text)
    if done.returncode or "BEGIN SSH SIGNATURE" not in done.stdout:
        raise OutputError(
            f"ssh-keygen does not sign with {key}: {_last_line(done.stderr)}",
            hint="try it by hand: ssh-keygen -Y sign -n test -f KEY FILE",
        )
    return done.stdout


def signer_of(text: str, signature: str) -> str | None:
    """The fingerprint of the key that signed the text, whoever has it; None where the signature is not of this text."""
    with _file(signature) as path:
        done = _run(["check-novalidate", "-n", NAMESPACE, "-s", path], text)
    found = _FINGERPRINT.search(done.stdout)
    return found[0] if not done.returncode and found else None


def signature_problem(text: str, signature: str, signers: Path, identity: str) -> str | None:
    """Why the signature is not one of an identity that the file of allowed signers lists, or None where it is."""
    with _file(signature) as path:
        done = _run(["verify", "-f", str(signers), "-I", identity, "-n", NAMESPACE, "-s", path], text)
    return None if done.returncode == 0 else _last_line(done.stderr or done.stdout)


@contextmanager
def _file(signature: str) -> Iterator[str]:
    """A signature as a file, which is how ssh-keygen wants it."""
    with tempfile.TemporaryDirectory(prefix="stripe-audit-") as folder:
        path = Path(folder) / "signature"
        path.write_text(signature, "utf-8", "replace")
        yield str(path)


def _run(words: Sequence[str], text: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("ssh-keygen") is None:
        raise OutputError("ssh-keygen is not installed", hint="apt-get install openssh-client")
    try:
        return subprocess.run(
            ["ssh-keygen", "-Y", *words], input=text, capture_output=True, text=True, timeout=_PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        raise OutputError(f"ssh-keygen did not end within {_PATIENCE_S:g} s") from None


def _last_line(text: str) -> str:
    lines = [line for line in inert(text, 2000).splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it did not say why"
