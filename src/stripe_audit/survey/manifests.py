"""What the files say that run a project: package.json, pyproject, Procfile, tasks.json, compose files, env files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stripe_audit.source.env_files import read_env_file
from stripe_audit.survey.files import read_text

__all__ = ["Told", "env_files_of", "framework_of", "ports_told", "starts_told"]

_FRAMEWORKS = (
    ("next", "Next.js"),
    ("fastify", "Fastify"),
    ("@nestjs/core", "NestJS"),
    ("hono", "Hono"),
    ("koa", "Koa"),
    ("express", "Express"),
    ("fastapi", "FastAPI"),
    ("flask", "Flask"),
    ("django", "Django"),
    ("rails", "Rails"),
    ("laravel/framework", "Laravel"),
)
"""Names of packages, the telling before the common: a Next.js project may depend on express too."""
_SCRIPTS = ("start", "serve", "start:prod", "dev", "start:dev")
_PORT = re.compile(r"(?:(?<=[\s:=\"'])PORT\s*[=:]|--port[ =]|-p[ =]|-b[ =]\S*:)\s*[\"']?(\d{2,5})\b")
_LISTENS = re.compile(
    r"process\.env\.PORT[^\n]{0,30}?(?:\|\||\?\?|,)\s*[\"']?(\d{4,5})|\.listen\(\s*(?:\{[^}]{0,60}?port:\s*)?(\d{4,5})\b"
    r"|environ(?:\.get)?\(\s*['\"]PORT['\"]\s*,\s*['\"]?(\d{4,5})|\.run\([^)\n]{0,80}?port\s*=\s*(\d{4,5})"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A fact and the file that tells it."""

    value: str
    file: str


def _json(path: Path) -> dict[str, Any]:
    text = re.sub(r"^\s*//.*$", "", read_text(path), flags=re.M)  # tasks.json may hold comments
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _dependencies(root: Path) -> str:
    """The names of what is depended on, one a line, whatever the language."""
    package = _json(root / "package.json")
    named = [*package.get("dependencies", {}), *package.get("devDependencies", {})]
    named += list(_json(root / "composer.json").get("require", {}))
    text = "\n".join(read_text(root / name) for name in ("pyproject.toml", "requirements.txt", "Pipfile", "Gemfile"))
    named += [match[1] for match in re.finditer(r"^\s*(?:gem\s+)?[\"']?([A-Za-z][\w.-]+)", text, re.M)]
    return "\n".join(named).lower()


def framework_of(root: Path) -> str | None:
    """The web framework that a project depends on."""
    names = set(_dependencies(root).splitlines())
    return next((title for package, title in _FRAMEWORKS if package in names), None)


def starts_told(root: Path) -> Iterator[Told]:
    """Commands that start the server, the most telling first."""
    for line in read_text(root / "Procfile").splitlines():
        if line.startswith("web:"):
            yield Told(line.removeprefix("web:").strip(), "Procfile")
    scripts = _json(root / "package.json").get("scripts", {})
    for name in _SCRIPTS:
        if isinstance(scripts, dict) and isinstance(scripts.get(name), str):
            yield Told("npm start" if name == "start" else f"npm run {name}", "package.json")
    for task in _json(root / ".vscode" / "tasks.json").get("tasks", []):
        if isinstance(task, dict) and re.search(r"server|backend|start|serve", str(task.get("label", "")), re.I):
            words = [task.get("command"), *(task.get("args") or [])]
            if all(isinstance(word, str) for word in words):
                yield Told(" ".join(words), ".vscode/tasks.json")
    if (root / "manage.py").is_file():
        yield Told("python manage.py runserver --noreload 127.0.0.1:{port}", "manage.py")
    for name in ("app.py", "main.py", "server.py", "wsgi.py", "src/app.py", "src/main.py"):
        text = read_text(root / name)
        module = name.removesuffix(".py").replace("/", ".")
        if made := re.search(r"^(\w+)\s*=\s*FastAPI\(", text, re.M):
            yield Told(f"python -m uvicorn {module}:{made[1]} --port {{port}}", name)
        elif made := re.search(r"^(\w+)\s*=\s*Flask\(", text, re.M):
            if re.search(r"^\s*\w+\.run\(", text, re.M):
                yield Told(f"python {name}", name)
            else:
                yield Told(f"python -m flask --app {module}:{made[1]} run --port {{port}}", name)
        elif re.search(r"__name__\s*==\s*['\"]__main__['\"]", text):
            yield Told(f"python {name}", name)
    if (root / "bin" / "rails").is_file():
        yield Told("bin/rails server -p {port}", "bin/rails")
    if (root / "artisan").is_file():
        yield Told("php artisan serve --port {port}", "artisan")


def env_files_of(root: Path) -> list[Path]:
    """The env files, those with the app's own values first; samples are none."""
    found = [path for path in root.glob(".env*") if path.is_file()]
    ending = ("example", "sample", "template", "dist", "schema")
    return sorted((path for path in found if not path.name.endswith(ending)), key=lambda path: path.name)


def ports_told(root: Path, sources: dict[str, str]) -> Iterator[Told]:
    """Ports that the server may listen on, the most telling first."""
    for path in env_files_of(root):
        try:
            entry = read_env_file(path).variables.get("PORT")
        except OSError:
            continue
        if entry and entry.value.isdigit():
            yield Told(entry.value, path.name)
    manifest = json.dumps(_json(root / "package.json").get("scripts", {}))
    for text, name in (
        (read_text(root / "Procfile"), "Procfile"),
        (manifest, "package.json"),
        (read_text(root / ".vscode" / "tasks.json"), ".vscode/tasks.json"),
    ):
        yield from (Told(match[1], name) for match in _PORT.finditer(text))
    for file, text in sources.items():
        for match in _LISTENS.finditer(text):
            yield Told(next(filter(None, match.groups())), file)
    for name in ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"):
        for match in re.finditer(r"^\s*-\s*[\"']?(?:127\.0\.0\.1:)?(\d{4,5}):\d+", read_text(root / name), re.M):
            yield Told(match[1], name)
