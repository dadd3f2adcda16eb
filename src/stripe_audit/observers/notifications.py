"""A sink for SMS and chat webhooks on the loopback: takes what the target posts, and passes nothing on.

Whatever path the target adds to the sink's URL is kept, so that ``{notification_url}/alerts`` can be told from
``{notification_url}/sms``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from stripe_audit.errors import TargetError

__all__ = ["Notification", "NotificationSink"]

_SIZE_CAP = 256 * 1024
_COUNT_CAP = 5000
_STALLED_S = 10.0


@dataclass(frozen=True, slots=True)
class Notification:
    """What was posted. ``fields`` are those of a JSON object or a form; ``text`` is all of it, as one text."""

    path: str
    text: str
    fields: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """What it is told apart by where it stands beside mails: it has no subject but its text."""
        return self.body

    @property
    def body(self) -> str:
        """What it says: the texts of its fields, one a line, or all of it but the path where it has none."""
        return "\n".join(_texts(self.fields)) or self.text.partition("\n")[2]

    def names(self, texts: Collection[str]) -> bool:
        """Whether it holds one of the texts."""
        return any(text in self.text for text in texts)


class NotificationSink:
    """Listens on 127.0.0.1 from ``start`` to ``stop``, in a thread of its own.

    Answers ``status`` and ``body``: what SDKs want to see of the service that they are made for.
    """

    def __init__(self, port: int = 0, *, status: int = 200, body: Any = None) -> None:
        self._port = port
        self._status = status
        self._body = json.dumps({"ok": True} if body is None else body).encode()
        self._turn = threading.Condition()
        self._received: list[Notification] = []
        self._held: set[str] = set()
        self._waiting: set[str] = set()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the target posts to, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Begin to listen. Raises TargetError if the port is taken."""
        sink = self

        class Handler(_Handler):
            def take(self, notification: Notification) -> tuple[int, bytes]:
                return sink._take(notification)

        try:
            self._server = _Server(("127.0.0.1", self._port), Handler)
        except OSError as error:
            raise TargetError(
                f"the notification sink cannot listen on port {self._port}: {error.strerror}",
                hint="observers.notifications.port: 0 takes a free one",
            ) from None
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening. What was received stays readable. Safe to call twice."""
        server, self._server = self._server, None
        if server and self._thread:
            with self._turn:
                self._held.clear()
                self._turn.notify_all()
            server.shutdown()
            server.server_close()
            self._thread.join()

    def messages(self, *, at: str | None = None, naming: Collection[str] | None = None) -> list[Notification]:
        """What came so far, oldest first; to paths that begin so, and holding one of these texts."""
        with self._turn:
            found = list(self._received)
        return [
            one for one in found if (at is None or one.path.startswith(at)) and (naming is None or one.names(naming))
        ]

    # Keeping an answer back, as of a mail

    def hold(self, text: str) -> None:
        """Let whoever posts something with this text wait for an answer, until it is let go."""
        with self._turn:
            self._waiting.discard(text)
            self._held.add(text)

    def is_waiting(self, text: str) -> bool:
        """Whether something with a held text has come, and has no answer."""
        return text in self._waiting

    def let_go(self, text: str) -> None:
        """End a hold. What waits is refused (503), and is not among ``messages``: it must come again."""
        with self._turn:
            self._held.discard(text)
            self._turn.notify_all()

    def _take(self, notification: Notification) -> tuple[int, bytes]:
        with self._turn:
            if held := {text for text in self._held if text in notification.text}:
                self._waiting |= held
                self._turn.wait_for(lambda: not held & self._held)
                return 503, b"{}"
            if len(self._received) < _COUNT_CAP:
                self._received.append(notification)
        return self._status, self._body


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that stalls holds up nobody
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is its own affair."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _STALLED_S
    server_version, sys_version = "notifications", ""

    def take(self, notification: Notification) -> tuple[int, bytes]:
        """What to answer."""
        raise NotImplementedError

    def _handle(self) -> None:
        body = self._whole()
        parts = urlsplit(self.path)
        if body is None:
            self.close_connection = True
            return self._answer(413, b"{}")
        if not body and not parts.query:
            return self._answer(200, b"{}")  # somebody looks whether there is anybody
        fields, text = _read(body, self.headers.get_content_type())
        fields = {**dict(parse_qsl(parts.query)), **fields}
        text = "\n".join(filter(None, (parts.path, unquote(parts.query), text)))
        return self._answer(*self.take(Notification(unquote(parts.path), text, fields)))

    do_POST = do_PUT = do_PATCH = do_GET = _handle  # noqa: N815 - http.server's names

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(0 if status == 204 else len(body)))
        self.end_headers()
        self.wfile.write(b"" if status == 204 else body)

    def _whole(self) -> bytes | None:
        """The body; None where it is longer than we take, or not as HTTP has it."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(int(length)) if length.isdecimal() and int(length) <= _SIZE_CAP else None

    def _chunks(self) -> bytes | None:
        body = b""
        while True:
            try:
                size = int(self.rfile.readline(100).split(b";")[0], 16)
            except ValueError:
                return None
            if size < 0 or len(body) + size > _SIZE_CAP:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(100)
            if size == 0:
                return body

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, as deep as it goes."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _read(body: bytes, kind: str) -> tuple[dict[str, Any], str]:
    """The fields of a JSON object or a form, and all of it as text, escapes undone."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if kind == "application/x-www-form-urlencoded":
            fields = dict(parse_qsl(text))
            return fields, "\n".join(f"{name}: {value}" for name, value in fields.items())
        return {}, text
    return (found if isinstance(found, dict) else {}), json.dumps(found, ensure_ascii=False)
