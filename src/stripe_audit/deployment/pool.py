"""The connections of one transport: kept for a while, and never closed under a request."""

from __future__ import annotations

import ssl

import httpcore

from stripe_audit.deployment.sockets import Sockets

__all__ = ["Pool"]

_CONNECTIONS = 64
_KEPT = 8
"""More of them cost more than they save: each is asked, twice a request, whether it is closed."""


class Pool(httpcore.AsyncConnectionPool):
    """httpcore's pool (1.0.9), without its race between a request that takes an idle connection and one that tidies up.

    A connection that was given to a request counts as idle until the request begins, a turn of the loop later. If its
    time ends in between, the next request that comes has it closed, and the first loses it under way: now and then a
    POST looked as if the target had reset it. ``kept_for`` is in seconds.
    """

    def __init__(self, sockets: Sockets, context: ssl.SSLContext, kept_for: float) -> None:
        super().__init__(
            ssl_context=context,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=kept_for,
            network_backend=sockets,
        )

    def _assign_requests_to_connections(self) -> list[httpcore.AsyncConnectionInterface]:
        given = {id(request.connection) for request in self._requests}
        closing = super()._assign_requests_to_connections()
        self._connections += [connection for connection in closing if id(connection) in given]
        return [connection for connection in closing if id(connection) not in given]
