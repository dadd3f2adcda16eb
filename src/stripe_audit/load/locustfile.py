"""What Locust loads, master and workers alike: ``python -m locust -f locustfile.py``. See ``swarm`` for the whole.

The master deals out, starts all at the same moment and collects; a worker's users send. Workers on other machines need
this package with its extra ``swarm``, the signing secrets in their environment, and clocks that agree.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections import deque
from pathlib import Path
from typing import Any

import gevent
from locust import User, events, task
from locust.runners import MasterRunner, WorkerRunner

from stripe_audit.load.answers import AnswerReader, BadAnswer
from stripe_audit.load.shots import Endpoint, written
from stripe_audit.load.swarm import PLAN, RESULT, SECRETS
from stripe_audit.safety import live_sign

_CHUNK = 100
_SOON_S = 0.3
_IDLE_S = 0.02
_SUSPECTS = 5


class _Part:
    """A worker's part: what it is to send, and what came of it."""

    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []
        self.free: list[list[socket.socket]] = []
        self.within = 10.0
        self.shots: deque[list[Any]] = deque()
        self.count = 0
        self.start: float | None = None
        self.answered: list[list[Any]] = []
        self.suspect: list[str] = []
        self.late_s = 0.0
        self.connections = 0


PART = _Part()


class Sender(User):  # type: ignore[misc]
    """Carries one event at a time, on whichever connection of its worker is free."""

    @task  # type: ignore[untyped-decorator]
    def carry(self) -> None:
        """The next event, at its moment."""
        if PART.start is None or not PART.shots:
            gevent.sleep(_IDLE_S)
            return
        index, at, number, body = PART.shots.popleft()
        pause = PART.start + at - time.time()
        if pause > 0:
            gevent.sleep(pause)
            PART.late_s = max(PART.late_s, time.time() - PART.start - at)
        sent, status, error, kept = time.time(), None, "", b""
        try:
            status, kept = self._exchange(number, body.encode())
        except BadAnswer as trouble:
            error = str(trouble)
        except TimeoutError:
            error = f"no answer within {PART.within:g} s"
        except OSError as trouble:
            error = "the connection was reset" if isinstance(trouble, ConnectionError) else f"no connection ({trouble})"
        done = time.time()
        self._look(kept)
        PART.answered.append([index, sent - PART.start, done - PART.start, status, error])
        self.environment.events.request.fire(
            request_type="POST",
            name=PART.endpoints[number].url,
            response_time=(done - PART.start - at) * 1000,
            response_length=len(kept),
            exception=RuntimeError(error) if error else None,
            context={},
        )
        if len(PART.answered) == PART.count:
            _tell(self.environment.runner)

    def _exchange(self, number: int, body: bytes) -> tuple[int, bytes]:
        """Send on a connection that is kept; once more on a fresh one, where that was closed meanwhile."""
        endpoint, reader, free = PART.endpoints[number], AnswerReader(), PART.free[number]
        request = written(endpoint, body, int(time.time()))
        is_whole = False
        while free and not is_whole and not reader.has_begun:
            connection = free.pop()
            try:
                is_whole = _try(connection, request, reader)
            except ConnectionError:
                connection.close()
                if reader.has_begun:
                    raise
        if not is_whole and not reader.has_begun:
            connection = _opened(endpoint)
            is_whole = _try(connection, request, reader)
        if not is_whole:
            connection.close()
            raise BadAnswer("the connection was closed before an answer came")
        if reader.is_last:
            connection.close()
        else:
            free.append(connection)
        return reader.status, reader.kept

    def _look(self, kept: bytes) -> None:
        if b"live" in kept.lower() and len(PART.suspect) < _SUSPECTS:
            text = kept.decode("utf-8", "replace")
            PART.suspect.append(text)
            if live_sign([text]):  # send nothing more
                PART.count -= len(PART.shots)
                PART.shots.clear()


def _opened(endpoint: Endpoint) -> socket.socket:
    plain = socket.create_connection((endpoint.host, endpoint.port), timeout=PART.within)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    PART.connections += 1
    return endpoint.tls.wrap_socket(plain, server_hostname=endpoint.host) if endpoint.tls else plain


def _try(connection: socket.socket, request: bytes, reader: AnswerReader) -> bool:
    """Whether a whole answer came; false where the connection ended first. Raises OSError, and closes it then."""
    ends = time.monotonic() + PART.within
    try:
        connection.settimeout(PART.within)
        connection.sendall(request)
        while True:
            connection.settimeout(max(0.001, ends - time.monotonic()))
            data = connection.recv(65536)
            if not data:
                connection.close()
                return reader.end()
            if reader.feed(data):
                return True
    except (OSError, BadAnswer):
        connection.close()
        raise


def _tell(runner: WorkerRunner) -> None:
    """Give the master what came of this part."""
    for at in range(0, len(PART.answered), _CHUNK * 10):
        runner.send_message("answered", PART.answered[at : at + _CHUNK * 10])
    runner.send_message(
        "over", {"late_s": PART.late_s, "connections": PART.connections, "suspect": PART.suspect, "count": PART.count}
    )


class _Dealer:
    """The master's part."""

    def __init__(self, environment: Any, plan: dict[str, Any]) -> None:
        self.runner = environment.runner
        self.plan = plan
        self.ready = self.over = 0
        self.is_dealt = False
        self.result: dict[str, Any] = {"answered": [], "late_s": 0.0, "connections": 0, "suspect": []}

    def deal(self, **_: Any) -> None:
        """Every n-th event to each worker, once all of them have their users."""
        if self.is_dealt:
            return
        self.is_dealt = True
        shots, workers = self.plan["shots"], list(self.runner.clients)
        for number, worker in enumerate(workers):
            part = shots[number :: len(workers)]
            for at in range(0, len(part), _CHUNK):
                self.runner.send_message("shots", part[at : at + _CHUNK], worker)
            about = {"endpoints": self.plan["endpoints"], "within": self.plan["within"], "count": len(part)}
            self.runner.send_message("about", about, worker)

    def hear_ready(self, **_: Any) -> None:
        self.ready += 1
        if self.ready == self.plan["workers"]:
            self.runner.send_message("go", {"at": time.time() + _SOON_S})

    def hear_answered(self, msg: Any, **_: Any) -> None:
        self.result["answered"] += msg.data

    def hear_over(self, msg: Any, **_: Any) -> None:
        self.over += 1
        self.result["late_s"] = max(self.result["late_s"], msg.data["late_s"])
        self.result["connections"] += msg.data["connections"]
        self.result["suspect"] += msg.data["suspect"]
        if self.over == self.plan["workers"]:
            path = Path(os.environ[RESULT])
            path.with_suffix(".part").write_text(json.dumps(self.result), "utf-8")
            path.with_suffix(".part").rename(path)
            gevent.spawn(self.runner.quit)


def _take_shots(msg: Any, **_: Any) -> None:
    PART.shots.extend(msg.data)


def _take_about(environment: Any, msg: Any, **_: Any) -> None:
    secrets = json.loads(os.environ[SECRETS])
    told = zip(msg.data["endpoints"], secrets, strict=True)
    PART.endpoints = [Endpoint(one["url"], secret, one["ca_file"]) for one, secret in told]
    PART.free = [[] for _ in PART.endpoints]
    PART.within, PART.count = msg.data["within"], msg.data["count"]
    environment.runner.send_message("ready")


def _go(environment: Any, msg: Any, **_: Any) -> None:
    PART.start = msg.data["at"]
    if not PART.count:
        _tell(environment.runner)


@events.init.add_listener  # type: ignore[untyped-decorator]
def _begin(environment: Any, **_: Any) -> None:
    if isinstance(environment.runner, MasterRunner):
        dealer = _Dealer(environment, json.loads(Path(os.environ[PLAN]).read_text("utf-8")))
        environment.runner.register_message("ready", dealer.hear_ready)
        environment.runner.register_message("answered", dealer.hear_answered)
        environment.runner.register_message("over", dealer.hear_over)
        environment.events.spawning_complete.add_listener(dealer.deal)
    elif isinstance(environment.runner, WorkerRunner):
        for name, heard in (("shots", _take_shots), ("about", _take_about), ("go", _go)):
            environment.runner.register_message(name, heard)
