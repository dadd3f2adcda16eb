"""A private view of a few files: the app sees the certificates of the run, and no way to the real Stripe.

Libraries that bring a bundle of certificates of their own (Stripe's for Ruby and PHP) read no variable. In a mount
namespace of the app's own (mount_namespaces(7)), the run's bundle lies over theirs and over the system's, and Stripe's
names lead nowhere in ``/etc/hosts``. The files themselves stay as they are.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from stripe_audit.deployment.launch.proxy.hosts import API_HOSTS

__all__ = ["Overlay", "bundles_below", "can_overlay"]

_MOUNTS = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 126; shift 2; done; shift; '
_AS_ROOT = _MOUNTS + 'exec "$@"'
_AS_USER = _MOUNTS + 'exec setpriv --ambient-caps -all --inh-caps -all "$@"'
_SYSTEM_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_BUNDLES = ("vendor/**/stripe*/**/data/ca-certificates.crt", "**/gems/stripe-*/lib/data/ca-certificates.crt")
_GEMS = ("/var/lib/gems", "/usr/local/bundle", "/usr/lib/ruby/gems", "/usr/local/lib/ruby/gems")
_HOSTS = Path("/etc/hosts")
_NOWHERE = ("0.0.0.0", "::")  # noqa: S104 - not the loopback: for that, Ruby would leave the proxy out


def _unshared(script: str, *arguments: str) -> list[str]:
    """A shell in a mount namespace of its own; what it becomes has no more rights than the caller."""
    is_root = os.geteuid() == 0
    alone = [] if is_root else ["--user", "--map-current-user", "--keep-caps"]
    return ["unshare", *alone, "--mount", "sh", "-c", script, "sh", *arguments]


@functools.cache
def can_overlay() -> bool:
    """Whether this machine lets the audit have a mount namespace: Linux, as root or with user namespaces."""
    if sys.platform != "linux" or not (shutil.which("unshare") and shutil.which("setpriv") and _HOSTS.is_file()):
        return False
    proof = [str(_HOSTS), str(_HOSTS), "--", "true"]
    return subprocess.run(_unshared(_script(), *proof), capture_output=True, timeout=30).returncode == 0


def _script() -> str:
    return _AS_ROOT if os.geteuid() == 0 else _AS_USER


def bundles_below(folders: Iterable[Path]) -> Iterator[Path]:
    """The bundles that copies of Stripe's libraries for Ruby and PHP bring, below an app's folder and the gems."""
    homes = [Path(home) for home in (os.environ.get("GEM_HOME"), *_GEMS) if home]
    own = [Path.home() / ".gem", Path.home() / ".local/share/gem"]
    for folder in [*folders, *homes, *own]:
        for pattern in _BUNDLES:
            yield from (path for path in folder.glob(pattern) if path.is_file())


class Overlay:
    """What lies over what, for one command."""

    def __init__(self, scratch: Path, *, bundle: Path | None = None, folders: Iterable[Path] = ()) -> None:
        """``bundle`` lies over the system's certificates, and over those of Stripe's libraries below ``folders``.

        Without one, the command only has no way to Stripe's real hosts.
        """
        self._over: dict[Path, Path] = {}
        if bundle:
            system = [Path(path) for path in _SYSTEM_BUNDLES if Path(path).is_file()]
            self._over = {path.resolve(): bundle for path in [*system, *bundles_below(folders)]}
        if _HOSTS.is_file():
            hosts = (*API_HOSTS, "stripe.com")
            nowhere = "".join(f"{address} {host}\n" for host in hosts for address in _NOWHERE)
            (scratch / "hosts").write_text(_HOSTS.read_text() + "\n" + nowhere)
            self._over[_HOSTS.resolve()] = scratch / "hosts"

    @property
    def covered(self) -> tuple[Path, ...]:
        """The files that the app sees otherwise."""
        return tuple(self._over)

    def around(self, command: Sequence[str]) -> list[str]:
        """The command, with the overlay. It stays the same process."""
        pairs = [str(path) for under, over in self._over.items() for path in (over, under)]
        return _unshared(_script(), *pairs, "--", *command)
