"""The WebSocket of a Stripe CLI's session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from stripe_audit.emulator.stripecli.session import GAP_S, RESET_GAP_S
from stripe_audit.emulator.stripecli.wire import SUBPROTOCOL, read_message

if TYPE_CHECKING:
    from stripe_audit.emulator.stripecli.sessions import Sessions

__all__ = ["subscribe"]

LARGEST = 64 * 1024 * 1024
"""The CLI sends back what it forwarded, as a whole."""
GAPS = {"Connection Done": 0.0, "Resetting the connection": RESET_GAP_S}
"""How long a CLI is waited for, in seconds, by the reason that it gave for closing."""


async def subscribe(sessions: Sessions, request: web.BaseRequest) -> web.StreamResponse:
    """Serve one connection until it ends. The session's id, in a header that no browser can set, opens it."""
    features = request.query.get("websocket_feature", "")
    session = sessions.adopt(request.headers.get("Websocket-Id", ""), features)
    socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,), compress=False, max_msg_size=LARGEST)
    if session is None or "Origin" in request.headers or not socket.can_prepare(request):
        # This text makes the CLI ask for a new session; for any other it dials the same one again, for ever.
        return web.json_response({"error": {"message": "Unknown WebSocket ID."}}, status=400)
    await socket.prepare(request)
    replaced = session.attach(socket)
    if replaced is not None:
        await replaced.close(code=1001)
    gap = GAP_S
    try:
        while True:
            message = await socket.receive()
            if message.type is WSMsgType.TEXT:
                session.hear(read_message(message.data))
            elif message.type is not WSMsgType.BINARY:
                if message.type is WSMsgType.CLOSE:
                    gap = GAPS.get(str(message.extra), GAP_S)
                break
    finally:
        session.detach(socket, gap=gap)
    return socket
