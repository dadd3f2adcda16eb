from __future__ import annotations

import asyncio
import socket

import pytest

from stripe_audit.trials import answers_by

BOTH = ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.2"))


@pytest.mark.parametrize(
    ("addresses", "open_ones", "expected"),
    [
        (BOTH, {"::1", "127.0.0.1"}, {"IPv6": True, "IPv4": True}),
        (BOTH, {"127.0.0.2"}, {"IPv6": False, "IPv4": True}),
        (BOTH, {"::1"}, {"IPv6": True, "IPv4": False}),
        (BOTH[:1], {"::1"}, {"IPv6": True}),
        ((), set(), {}),
    ],
)
def test_each_family_is_tried_by_its_addresses(monkeypatch, addresses, open_ones, expected):
    async def look() -> dict[str, bool]:
        async def resolved(host, port, **_):
            if not addresses:
                raise socket.gaierror("no such host")
            return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in addresses]

        async def connects(address: str, port: int) -> bool:
            assert port == 443
            return address in open_ones

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
        return await answers_by("https://shop.example", connects)

    assert asyncio.run(look()) == expected


@pytest.mark.parametrize("url", ["http://127.0.0.1:3001", "http://[::1]:3001"])
def test_an_address_has_no_other_family(url):
    assert asyncio.run(answers_by(url)) == {}


def test_a_listener_takes_a_connection_and_a_closed_port_does_not():
    async def look() -> tuple[bool | None, bool | None]:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        found = await answers_by(f"http://localhost:{port}")
        server.close()
        await server.wait_closed()
        return found.get("IPv4"), (await answers_by(f"http://localhost:{port}")).get("IPv4")

    assert asyncio.run(look()) == (True, False)
