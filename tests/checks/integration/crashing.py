"""A demo stage whose shop is a process that can be killed, and starts again in no time.

The audit itself launches a fresh interpreter, which takes a second to load the shop. Here a server that has loaded it
once forks a process for each start: what is killed is as dead.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stripe_audit.demo.project import write_project
from stripe_audit.demo.staging import DemoStage
from stripe_audit.deployment.launch.ports import is_listening
from stripe_audit.settings import load_settings

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.checks.integration.crashing", "stripe_audit.demo.serve", "stripe"])


def _run(env: Mapping[str, str], log: str) -> None:
    """The child: the shop as a program, its output in a file."""
    from stripe_audit.demo import serve

    os.environ.update(env)
    sys.stdout = sys.stderr = Path(log).open("a", encoding="utf-8")  # noqa: SIM115 - as long as the process
    sys.exit(asyncio.run(serve._serve()))


class ForkedTarget:
    """What a check sees of a launched target."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self.env, self.log, self.ready_after_s = env, log, 0.1
        self._process: multiprocessing.process.BaseProcess | None = None
        self._turn = threading.RLock()
        self.kills = 0

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        process = _FORKING.Process(target=_run, args=(dict(self.env), str(self.log)), daemon=True)
        process.start()
        self._process = process
        deadline = time.monotonic() + 20
        while not is_listening(int(self.env["PORT"])):
            assert time.monotonic() < deadline and process.is_alive(), self.log.read_text()
            time.sleep(0.005)

    def kill(self) -> None:
        assert self._process
        self.kills += 1
        self._process.kill()

    def wait_exited(self, within: float) -> bool:
        assert self._process
        self._process.join(within)
        return not self._process.is_alive()

    def stop(self) -> None:
        with self._turn:
            if self._process is not None:
                self._process.terminate()
                self._process.join(10)
                self._process.close()
                self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()


class CrashingStage(DemoStage):
    """The demo stage with such a shop."""

    def start_target(self) -> None:
        self.choose_ports()
        self.forked = ForkedTarget(self.launch_variables(), self.scratch / "target.log")
        self.launched = self.forked  # type: ignore[assignment]
        self._opened.append(self.forked.stop)
        self.forked.start()


@contextmanager
def crashing_stage(*, variant: str = "", defect: str = "") -> Iterator[CrashingStage]:
    """The shop of a variant, with a defect, as such a process."""
    defects = [defect] if defect else []
    with tempfile.TemporaryDirectory(prefix="stripe-audit-demo-") as folder:
        path = write_project(Path(folder), variant=variant, defects=defects)
        settings = load_settings(path, flags={"audit": {"patience": 1.0}}, environ={})
        with CrashingStage(settings, variant=variant, defects=defects) as stage:
            yield stage
