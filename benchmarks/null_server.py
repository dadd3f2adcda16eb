"""A server that reads a request and answers 200, and does nothing else: what a sender is measured against.

    python benchmarks/null_server.py        # prints its port, and serves until it is ended

It looks no further into a request than its length, so that the sender, and not this, is what runs out of time.
"""

from __future__ import annotations

import asyncio

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n" + b'{"received":true}'
LENGTH = b"content-length: "


class Null(asyncio.Protocol):
    """Answers each whole request."""

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            at = self.buffer.lower().index(LENGTH) + len(LENGTH)
            whole = end + 4 + int(self.buffer[at : self.buffer.index(b"\r\n", at)])
            if len(self.buffer) < whole:
                return
            self.buffer = self.buffer[whole:]
            self.transport.write(ANSWER)  # type: ignore[attr-defined]


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Null, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
