"""A project, surveyed: everything that its settings can be written from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from stripe_audit.keys import KeyKind
from stripe_audit.source.env_files import read_env_file
from stripe_audit.survey.files import read_text, source_files
from stripe_audit.survey.manifests import Told, env_files_of, framework_of, ports_told, starts_told
from stripe_audit.survey.roles import RoleRoute, roles_of
from stripe_audit.survey.routes import SourceRoute, routes_in, with_prefixes
from stripe_audit.webhooks import event_types

__all__ = ["Survey", "survey"]

_QUOTED = re.compile(r"['\"`]([a-z0-9_]+(?:\.[a-z0-9_]+)+)['\"`]")
_READS_PORT = re.compile(
    r"process\.env\.PORT\b|process\.env\[['\"]PORT|environ\S{0,6}['\"]PORT['\"]|getenv\(['\"]PORT|env\.PORT\b"
)
_FOLDERS = ("", "backend", "server", "api", "app", "packages/server", "packages/backend", "apps/server", "apps/api")
"""Where the server of a project with several parts is looked for."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was learnt. Paths are relative to ``root``; ``server`` is the folder whose server takes the money."""

    root: Path
    server: str = ""
    framework: str | None = None
    start: Told | None = None
    port: Told | None = None
    env_files: tuple[str, ...] = ()
    variables: int = 0
    webhook_variable: str | None = None
    roles: tuple[RoleRoute, ...] = ()
    routes: tuple[SourceRoute, ...] = ()
    events: tuple[str, ...] = ()
    frontend_port: int | None = None
    reads_port: bool = False
    """Whether the server listens where the variable PORT says."""

    def having(self, role: str) -> list[RoleRoute]:
        """The routes with a role."""
        return [one for one in self.roles if one.role == role]


def survey(root: Path) -> Survey:
    """Read a project. What cannot be read is left out; nothing is run."""
    root = root.resolve()
    folders = [name for name in _FOLDERS if (root / name).is_dir()]
    server = next((name for name in folders if framework_of(root / name) or _python(root / name)), "")
    home = root / server
    texts = {path.relative_to(home).as_posix(): read_text(path) for path in source_files(home)}
    declared = [route for file, text in texts.items() for route in routes_in(text, file)]
    routes = with_prefixes(declared, texts)
    names, count, secret = _environment(root, home)
    known = set(event_types())
    seen = {name for text in texts.values() if "stripe" in text.lower() for name in _QUOTED.findall(text)}
    return Survey(
        root,
        server,
        framework_of(home),
        next(starts_told(home), None),
        next(ports_told(home, texts), None),
        names,
        count,
        secret,
        tuple(roles_of(routes)),
        tuple(routes),
        tuple(sorted(seen & known)),
        _frontend(root, home),
        any(_READS_PORT.search(text) for text in texts.values()),
    )


def _python(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("manage.py", "app.py", "main.py", "server.py"))


def _environment(root: Path, home: Path) -> tuple[tuple[str, ...], int, str | None]:
    """Env files, how many variables they set, and the one that holds the webhook secret."""
    names, variables, secret = [], set(), None
    for path in dict.fromkeys([*env_files_of(home), *env_files_of(root)]):
        try:
            file = read_env_file(path)
        except OSError:
            continue
        names.append(path.relative_to(root).as_posix())
        variables |= set(file.variables)
        meant = file.meaning(KeyKind.WEBHOOK_SECRET)
        secret = secret or (meant[0].name if meant else None)
    return tuple(names), len(variables), secret


def _frontend(root: Path, home: Path) -> int | None:
    """The port of a Vite frontend: what its configuration says, else Vite's own default."""
    for folder in (root, home, *(root / name for name in ("frontend", "client", "web", "apps/web"))):
        for path in folder.glob("vite.config.*"):
            set_to = re.search(r"\bport:\s*(\d{2,5})", read_text(path))
            return int(set_to[1]) if set_to else 5173
    return None
