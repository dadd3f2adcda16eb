"""What listens without the injection is told with its cause; what has it, and what was forked from it, is not."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_audit.deployment.launch.injection import Injection
from stripe_audit.deployment.launch.losses import loss_below
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec

PYTHON = """
import os, socket, sys, time
if "fork" in sys.argv and os.fork():
    time.sleep(600)
server = socket.create_server(("127.0.0.1", 0))
print("listens", flush=True)
time.sleep(600)
"""
NODE = "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log('listens'));"
PERL = """
use IO::Socket; $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1'); $| = 1; print 'listens'; sleep 600
"""
ANEW = f"{Path(sys.executable).resolve().name} app.py"
NODE_PROGRAM = shutil.which("node") or "node"


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[tuple[Path, list[LaunchedTarget]]]:
    for name, text in {"app.py": PYTHON, "app.cjs": NODE, "app.pl": PERL}.items():
        (tmp_path / name).write_text(text)
    targets: list[LaunchedTarget] = []
    yield tmp_path, targets
    for target in targets:
        target.stop()


def loss(launched: tuple[Path, list[LaunchedTarget]], script: str) -> str | None:
    folder, targets = launched
    place = folder / "injection"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = Injection("http://127.0.0.1:1", {"secret_key": "sk_test_x"}, {}).install(place, {"PATH": path})
    target = LaunchedTarget(LaunchSpec(["sh", "-c", script], folder, env, folder / "log"))
    targets.append(target)
    target.start()
    target.wait_ready(lambda: "listens" in target.output())
    assert target.pid
    return loss_below(target.pid, place)


@pytest.mark.parametrize(
    "script",
    [
        f"{sys.executable} app.py",
        f"{sys.executable} app.py fork",
        f"PYTHONPATH=src:$PYTHONPATH {sys.executable} app.py",
        "PYTHONPATH=src python3 app.py; true",
        "env PYTHONPATH=src python app.py; true",
    ],
    ids=["as it is", "forked", "added to", "set anew for a name", "set anew by env"],
)
def test_what_has_the_injection_is_not_told(launched: tuple[Path, list[LaunchedTarget]], script: str) -> None:
    assert loss(launched, script) is None


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (f"PYTHONPATH=src {sys.executable} app.py; true", f"PYTHONPATH is set anew for '{ANEW}'"),
        (f"{sys.executable} -E app.py", "is started with -I or -E, which keep Python from it"),
        (f"env -i {sys.executable} app.py", f"'{ANEW}' is started with an environment of its own"),
        ("perl app.pl", "perl takes no injection"),
    ],
    ids=["set anew", "deaf", "env -i", "another language"],
)
def test_the_cause_of_a_loss_is_told(launched: tuple[Path, list[LaunchedTarget]], script: str, told: str) -> None:
    assert told in (loss(launched, script) or "")


@pytest.mark.node
@pytest.mark.parametrize(
    ("script", "told"),
    [
        (f"NODE_OPTIONS=--no-warnings {NODE_PROGRAM} app.cjs; true", "NODE_OPTIONS is set anew for 'node app.cjs'"),
        ("NODE_OPTIONS=--no-warnings node app.cjs; true", None),
        (f"{NODE_PROGRAM} app.cjs", None),
    ],
    ids=["set anew", "set anew for a name", "as it is"],
)
def test_node_too(launched: tuple[Path, list[LaunchedTarget]], script: str, told: str | None) -> None:
    assert loss(launched, script) == told
