"""Calls that carry files, in or out: everything else about them is what it is for other calls.

Uploads are ``multipart/form-data`` (RFC 7578). Faults do not concern what is sent here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from stripe_audit.emulator.api import Api
from stripe_audit.emulator.world import World

__all__ = ["PATH", "handle", "is_one", "parts_of"]

PATH = "/v1/files"
MOST = 16 * 1024 * 1024
"""Bytes of one upload. Stripe takes up to 16 MB, for some purposes (docs.stripe.com/file-upload)."""
_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_NAME = re.compile(r'[;\s]name="([^"]*)"')
_FILENAME = re.compile(r'[;\s]filename="([^"]*)"')
_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "csv": "text/csv", "txt": "text/plain"}


def is_one(request: web.BaseRequest) -> bool:
    """Whether the call brings a file, or asks for the content of one."""
    if request.method == "POST":
        return request.path == PATH and request.headers.get("Content-Type", "").startswith("multipart/")
    return request.method == "GET" and request.path.startswith(f"{PATH}/") and request.path.endswith("/contents")


async def handle(world: World, api: Api, request: web.BaseRequest) -> web.Response:
    """Answer such a call."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.rel_url.raw_query_string
    if request.method == "GET":
        status, told, body = api.answer("GET", request.path, query, headers, b"")
        identity = request.path.split("/")[3]
        if status != 200:
            return _json(status, told, body)
        kind = str(json.loads(body).get("type"))
        return web.Response(body=world.file_contents[identity], headers={**told, "Content-Type": _type_of(kind)})
    received = await _body(request)
    pairs: list[tuple[str, str]] = []
    upload = ""
    for name, filename, content in parts_of(headers.get("content-type", ""), received):
        if filename is None:
            pairs.append((name, content.decode("utf-8", "replace")))
        elif not upload:
            upload = hashlib.sha256(content).hexdigest()  # the same for a retry with the same idempotency key
            world.uploads[upload] = content
            pairs += [(f"{name}[name]", filename), (f"{name}[size]", str(len(content))), (f"{name}[upload]", upload)]
    headers["content-type"] = "application/x-www-form-urlencoded"
    try:
        return _json(*api.answer("POST", PATH, query, headers, urlencode(pairs).encode()))
    finally:
        world.uploads.pop(upload, None)


def parts_of(content_type: str, body: bytes) -> list[tuple[str, str | None, bytes]]:
    """Name, file name (None for what is no file) and content of each part; what cannot be read is left out."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        return []
    delimiter = b"\r\n--" + (found[1] or found[2]).encode("utf-8", "replace")
    parts: list[tuple[str, str | None, bytes]] = []
    for chunk in (b"\r\n" + body).split(delimiter)[1:]:
        if chunk.startswith(b"--"):
            break
        head, separator, content = chunk.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        name, filename = _NAME.search(text), _FILENAME.search(text)
        if separator and name is not None:
            parts.append((name[1], filename[1] if filename else None, content))
    return parts


async def _body(request: web.BaseRequest) -> bytes:
    """What was sent; of more than may be, nothing."""
    received = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        received += chunk
        if len(received) > MOST:
            return b""
    return bytes(received)


def _type_of(kind: str) -> str:
    return _TYPES.get(kind, "application/octet-stream")


def _json(status: int, headers: Mapping[str, str], body: bytes) -> web.Response:
    return web.Response(status=status, headers=headers, body=body, content_type="application/json")
