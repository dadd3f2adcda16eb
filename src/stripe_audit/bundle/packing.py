"""Writing a bundle. The same run gives the same bytes: fixed times and permissions, files in order of their names."""

from __future__ import annotations

import hashlib
import secrets
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from stripe_audit.bundle.har import har_pieces
from stripe_audit.bundle.manifest import MANIFEST, SIGNATURE, Entry, manifest_text
from stripe_audit.bundle.run_folder import EXCHANGES, SETTINGS, VERSIONS, exchanges_in
from stripe_audit.bundle.signing import signature_of
from stripe_audit.deployment.launch.scratch import announce_draft
from stripe_audit.errors import OutputError
from stripe_audit.models import Exchange, Party
from stripe_audit.report import Report
from stripe_audit.reporters.interface import FORMATS, reporter_named
from stripe_audit.reporters.json_format import json_text, plain

__all__ = ["write_bundle"]

_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say."""
_REPORTS = {"json": "report.json", "markdown": "report.md", "html": "report.html"}
_STRIPE = (Party.STRIPE, Party.WEBHOOK)
_README = """\
The evidence of one run of stripe-audit.

report.*          the report; report.json is the canonical one
exchanges.har     every request and answer, secrets masked; opens in a browser's developer tools
journal.ndjson    of these, the app's calls to Stripe and Stripe's deliveries
settings.json     the settings in force, secrets hidden
versions.json     what the run was made with
manifest.json     a digest of every file, chained; manifest.json.sig is a signature of it, if one was asked for

Check it with      stripe-audit report verify FILE.zip
or without it      sha256sum FILES, and compare with manifest.json
and the signature  ssh-keygen -Y verify -f ALLOWED_SIGNERS -I WHO -n stripe-audit-bundle \\
                     -s manifest.json.sig < manifest.json
"""


def write_bundle(path: Path, report: Report, folder: Path | None, *, key: Path | None = None) -> None:
    """Write the bundle of a run, all of it or nothing. Raises OutputError, and UsageError for a broken run's folder.

    ``folder`` is the run's folder; without one, there are only the exchanges that the report holds.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        announce_draft(draft)
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            members = _members(report, folder if folder and (folder / EXCHANGES).is_file() else None)
            entries = [_add(archive, name, pieces()) for name, pieces in sorted(members.items())]
            manifest = manifest_text(entries, report.run.tag, report.run.version)
            _add(archive, MANIFEST, [manifest])
            if key is not None:
                _add(archive, SIGNATURE, [signature_of(manifest, key)])
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)


def _members(report: Report, folder: Path | None) -> dict[str, Callable[[], Iterable[str]]]:
    def exchanges() -> Iterable[Exchange]:
        return exchanges_in(folder) if folder else report.exchanges

    def rendered(name: str) -> Callable[[], Iterable[str]]:
        return lambda: [reporter_named(name).render(report)]

    def kept(name: str) -> Callable[[], Iterable[str]]:
        return lambda: [(folder / name).read_text("utf-8") if folder else ""]

    return {
        "README.txt": lambda: [_README],
        **{file: rendered(name) for name, file in _REPORTS.items() if name in FORMATS},
        "exchanges.har": lambda: har_pieces(exchanges(), report.run.version),
        "journal.ndjson": lambda: _journal(exchanges()),
        **{name: kept(name) for name in (SETTINGS, VERSIONS) if folder and (folder / name).is_file()},
    }


def _journal(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """The app's side of Stripe: its calls, and what was delivered to it, one JSON object a line."""
    for exchange in exchanges:
        if (exchange.destination is Party.STRIPE and exchange.source is Party.APP) or exchange.source in _STRIPE:
            yield json_text(plain({"exchange": exchange})["exchange"], indent=None)


def _add(archive: zipfile.ZipFile, name: str, pieces: Iterable[str]) -> Entry:
    info = zipfile.ZipInfo(name, _TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as member:
        for piece in pieces:
            data = piece.encode("utf-8", "surrogatepass")
            cast(BinaryIO, member).write(data)
            digest.update(data)
            size += len(data)
    return Entry(name, size, digest.hexdigest())
