"""Unfolding a body takes no more memory than the cap, whatever it would unfold to."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.deployment.body import BrokenBody, read_body


def read(content: bytes, encoding: str, cap: int) -> tuple[bytes, bool]:
    answer = httpx.Response(200, headers={"content-encoding": encoding}, stream=httpx.ByteStream(content))
    return asyncio.run(read_body(answer, cap))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_unfolded_up_to_the_cap_only(encoding: str) -> None:
    content = bytes(32 * 1024 * 1024)
    bomb = gzip.compress(content) if encoding == "gzip" else zlib.compress(content)
    del content
    tracemalloc.start()
    body, truncated = read(bomb, encoding, 100_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(body), truncated) == (100_000, True)
    assert peak < 4 * 1024 * 1024


@given(st.binary(max_size=500), st.integers(1, 600), st.sampled_from(["gzip", "deflate", "identity", "br", ""]))
def test_what_was_folded_comes_back_up_to_the_cap(content: bytes, cap: int, encoding: str) -> None:
    fold = {"gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)
    body, truncated = read(fold(content), encoding, cap + 100)
    assert body == content[: cap + 100]
    assert truncated is (len(content) > cap + 100)


@given(st.binary(max_size=100), st.sampled_from(["gzip", "deflate"]))
def test_anything_else_is_broken_or_what_it_unfolds_to(content: bytes, encoding: str) -> None:
    try:
        body, _ = read(content, encoding, 1000)
    except BrokenBody:
        return
    assert len(body) <= 1000
