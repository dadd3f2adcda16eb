"""Which line of which file a finding is shown at, by formats that know nothing but lines of files.

The place that the finding names, else what its evidence names, else where the source declares its route, else the entry
of the settings that describes what it concerns. Never an address, never a path that leaves the repository: a host
refuses the whole file for one of those.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from stripe_audit.models import Finding, SourceLocation
from stripe_audit.redaction import inert
from stripe_audit.report import Report

__all__ = ["Anchor", "anchors_of", "finding_keys"]

_NO_FILE = SourceLocation("stripe-audit.yaml", 1)
"""Where the settings would be, of a run that had flags only."""
_LONGEST = 300
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ENV_FILE = re.compile(r"(^|/)\.env(\.(?!example$|sample$|template$|dist$)[^/]*)?$")
"""Files that are kept out of repositories; a host would have nothing to show there."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line of a file, with slashes, relative to the repository. Lines count from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def anchors_of(report: Report, finding: Finding) -> tuple[Anchor, ...]:
    """The line that the finding is shown at, and after it the others that it names, each once."""
    named = [
        anchor
        for source in (finding.source, *(evidence.source for evidence in finding.evidence))
        if source and (anchor := _anchor(report.project, source))
    ]
    handler = report.handlers.get(finding.route or "")
    if not named and handler and (anchor := _anchor(report.project, handler)):
        named.append(anchor)
    committed = [anchor for anchor in named if not _ENV_FILE.search(anchor.path)]
    described = next(_described(report, finding, is_env=bool(named)), Anchor(_NO_FILE.file, 1))
    return tuple(dict.fromkeys([*committed[:1], *([] if committed else [described]), *named]))


def finding_keys(report: Report) -> Iterator[tuple[Finding, str]]:
    """Every finding, the worst first, with a key that no other has: its fingerprint, and which of those it is."""
    seen: dict[str, int] = {}
    for finding in report.findings:
        mark = finding.fingerprint
        seen[mark] = seen.get(mark, 0) + 1
        yield finding, f"{mark}:{seen[mark]}"


def _described(report: Report, finding: Finding, *, is_env: bool) -> Iterator[Anchor]:
    """Where the settings speak of what a finding concerns, the most telling first."""
    role = (finding.route or "").partition(" ")[0]
    near = [label for label in sorted(report.places) if role and label.partition(" ")[0] == role]
    for name in (*([finding.route] if finding.route else []), *near, *(["env_files"] if is_env else []), ""):
        place = report.places.get(name)
        if place and (anchor := _anchor(report.project, place)):
            yield anchor


def _anchor(project: str, source: SourceLocation) -> Anchor | None:
    """The place as an anchor; None for what is no path within the repository."""
    file = source.file.replace("\\", "/")
    if not _is_relative(file) or (project and not _is_relative(project)):
        return None
    path = posixpath.normpath(posixpath.join(project, file))
    is_inside = path.split("/")[0] not in (".", "..") and file.rstrip("/").rpartition("/")[2] not in (".", "..")
    return Anchor(path, max(1, min(source.line, 2**31 - 1))) if is_inside else None


def _is_relative(path: str) -> bool:
    if not path.strip() or path.startswith(("/", "~")) or _SCHEME.match(path) or len(path) > _LONGEST:
        return False
    return inert(path) == path and "\n" not in path and "\t" not in path
