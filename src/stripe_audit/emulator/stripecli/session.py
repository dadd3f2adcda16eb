"""One session of the Stripe CLI: its connection, the events under way to it, and what became of them.

A session outlives its connection: the CLI resets it now and then, and comes back with the same id within a second.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from stripe_audit.emulator.sender import attempt, signed_headers
from stripe_audit.emulator.shapes import OBJECTS
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.stripecli.conversation import Conversation, Conversations
from stripe_audit.emulator.stripecli.logs import details, passes
from stripe_audit.emulator.stripecli.wire import log_message, snapshot_message, thin_message

if TYPE_CHECKING:
    from aiohttp import web

    from stripe_audit.emulator.journal import Entry
    from stripe_audit.emulator.rendering import Renderer

__all__ = ["FEATURES", "Session"]

FEATURES = ("webhooks", "v2_events", "request_logs")
GAP_S = 3.0
"""How long a session without a connection stays live: the CLI comes back after one second, or is gone."""
RESET_GAP_S = 25.0
"""The same where the CLI said that it resets its connection: a dial that fails is tried again ten seconds later."""
ACK_S = 5.0
GRACE_S = 1.0
"""How long the next event waits for the app's answer to this one, which never comes for what the CLI filters out."""
TRIES = 3


class Session:
    """``urls`` are the form fields that say where the CLI forwards to; ``filters`` those of ``stripe logs tail``."""

    def __init__(
        self,
        identity: str,
        secret: str,
        renderer: Renderer,
        features: Iterable[str],
        urls: Mapping[str, str],
        filters: Mapping[str, Any],
    ) -> None:
        self.id = identity
        self.secret = secret
        self._renderer = renderer
        self.features = tuple(name for name in FEATURES if name in set(features))
        self.filters = filters
        self.endpoints = self._endpoints(urls)
        self.is_live = False
        """Whether a CLI is there, or was a moment ago."""
        self._socket: web.WebSocketResponse | None = None
        self._connected = asyncio.Event()
        self._conversations = Conversations()
        self._silent: set[str] = set()
        """Types to which no answer came: the CLI does not forward them, as far as one can know."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._expiry: asyncio.TimerHandle | None = None

    def _endpoints(self, urls: Mapping[str, str]) -> list[Obj]:
        name = sha256(self.id.encode()).hexdigest()[:24]
        found = []
        for feature, prefix, payload, field in (
            ("webhooks", "we", "snapshot", "forward_to_url"),
            ("v2_events", "ed", "thin", "forward_thin_to_url"),
        ):
            if feature in self.features:
                endpoint = {"id": f"{prefix}_{name}", "object": "stripecli.session", "event_payload": payload}
                found.append(
                    {**endpoint, "url": urls.get(field, ""), "status": "enabled", "enabled_events": ["*"]},
                )
        return found

    @property
    def is_connected(self) -> bool:
        return self._socket is not None

    def attach(self, socket: web.WebSocketResponse) -> web.WebSocketResponse | None:
        """The CLI is there. Returns the connection that this one replaces."""
        replaced, self._socket = self._socket, socket
        self.is_live = True
        self._connected.set()
        self._conversations.interrupt()
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        return replaced

    def detach(self, socket: web.WebSocketResponse, *, gap: float) -> None:
        """The connection has ended; the CLI is waited for ``gap`` seconds, or not at all with 0."""
        if self._socket is not socket:
            return
        self._socket = None
        if gap:
            self._connected.clear()
            self._expiry = asyncio.get_running_loop().call_later(gap, self.give_up)
        else:
            self.give_up()
        self._conversations.interrupt()

    def give_up(self) -> None:
        """Expect the CLI no longer. Should it come back, it is welcome."""
        self.is_live = False
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        self._connected.set()  # whoever waits for a connection finds none

    async def close(self) -> None:
        """Close the connection, if there is one."""
        for task in self._tasks:
            task.cancel()
        if self._expiry is not None:
            self._expiry.cancel()
        if self._socket is not None:
            await self._socket.close(code=1001, message=b"going away")

    async def send(self, event: Obj, endpoint: Obj) -> dict[str, Any]:
        """Hand an event over, and describe how that went.

        What counts is the CLI's acknowledgement; the app's answer is added to the description, also when it comes
        later. The CLI asks for no second attempt, so that failures are final.
        """
        start = time.time()
        conversation = Conversation(attempt(event, endpoint, start, is_final=True))
        is_acked = await self._hand_over(event, endpoint, conversation)
        told = conversation.attempt
        if not is_acked:
            told["error"] = "the Stripe CLI did not acknowledge it"
        elif not conversation.has_answer:
            told["is_success"] = True
            if endpoint["url"]:
                await self._await_answer(event["type"], conversation)
        told["duration_ms"] = round((time.time() - start) * 1000, 3)
        return told

    async def _hand_over(self, event: Obj, endpoint: Obj, conversation: Conversation) -> bool:
        for _ in range(TRIES):
            socket = await self._connection()
            if socket is None:
                return False
            for text in self._messages(event, endpoint, conversation):
                await _push(socket, text)
            if await conversation.is_acknowledged(ACK_S):
                return True
            if self._socket is socket:
                return False
        return False

    async def _await_answer(self, type: str, conversation: Conversation) -> None:
        if await conversation.is_answered(0 if type in self._silent else GRACE_S):
            self._silent.discard(type)
        else:
            self._silent.add(type)
            conversation.attempt["error"] = "acknowledged; the Stripe CLI has reported no answer of the app"

    async def _connection(self) -> web.WebSocketResponse | None:
        if self._socket is None and self.is_live:
            await self._connected.wait()  # set at the latest when the session is given up
        return self._socket

    def _messages(self, event: Obj, endpoint: Obj, conversation: Conversation) -> list[str]:
        now, identity = int(time.time()), endpoint["id"]
        if endpoint["event_payload"] == "thin":
            body = self._renderer.body(event, endpoint)
            self._conversations.expect(conversation, [f"{identity} {_name_of(body)}"])
            return [thin_message(body, signed_headers(body, [self.secret], now), destination=identity)]
        # The session does not say whether the CLI runs with --latest; each takes the one that is meant for it.
        names = [f"wc_{token_hex(12)}" for _ in range(2)]
        self._conversations.expect(conversation, names)
        messages = []
        for name, version in zip(names, (None, OBJECTS["api_version"]), strict=True):
            body = self._renderer.body(event, {**endpoint, "api_version": version})
            headers = signed_headers(body, [self.secret], now)
            messages.append(snapshot_message(body, headers, api_version=version, webhook=identity, conversation=name))
        return messages

    def hear(self, message: Mapping[str, Any] | None) -> None:
        """Take what the CLI says; what cannot be understood is passed over."""
        if message is None:
            return
        name = message.get("webhook_conversation_id")
        event = message.get("notification_id") or message.get("event_id")
        key = name if isinstance(name, str) and name else f"{message.get('webhook_id')} {event}"
        if message["type"] == "event_ack":
            self._conversations.acknowledge(key)
        elif message["type"] == "webhook_response":
            self._conversations.answer(key, message)
            self._learn(message)

    def _learn(self, message: Mapping[str, Any]) -> None:
        """An adopted session did not say where it forwards to; its answers do."""
        for endpoint in self.endpoints:
            if endpoint["id"] == message.get("webhook_id") and not endpoint["url"]:
                endpoint["url"] = str(message.get("forward_url") or "")

    def show(self, entry: Entry) -> None:
        """Send a call to ``stripe logs tail``."""
        if "request_logs" not in self.features or self._socket is None or not passes(self.filters, entry):
            return
        text = log_message(f"resp_{token_hex(12)}", details(entry))
        task = asyncio.get_running_loop().create_task(_push(self._socket, text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def as_json(self) -> dict[str, Any]:
        """For the control API; without the id, which is the connection's only credential."""
        return {
            "features": list(self.features),
            "is_live": self.is_live,
            "is_connected": self.is_connected,
            "endpoints": [{name: one[name] for name in ("id", "url", "event_payload")} for one in self.endpoints],
            "filters": dict(self.filters),
        }


def _name_of(body: bytes) -> str:
    # The CLI names a thin event by the id in its payload, which is not the snapshot event's.
    return str(json.loads(body)["id"])


async def _push(socket: web.WebSocketResponse, text: str) -> None:
    try:
        await socket.send_str(text)
    except (ConnectionError, RuntimeError):  # the connection has just ended; whoever waits for an answer notices
        pass
