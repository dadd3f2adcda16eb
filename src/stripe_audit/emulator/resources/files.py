"""Files: uploaded ones, such as a dispute's evidence, and those that reports leave (docs.stripe.com/file-upload)."""

from __future__ import annotations

from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "keep"]

_TYPES = {"jpeg": "jpg", "htm": "html", "text": "txt"}


def keep(world: World, content: bytes, **values: Any) -> Obj:
    """A new file with this content."""
    identity = world.ids.new("file")
    file = blank(
        "file",
        id=identity,
        object="file",
        created=world.clock.seconds(),
        links={"object": "list", "data": [], "has_more": False, "url": f"/v1/file_links?file={identity}"},
        size=len(content),
        url=f"{world.url}/v1/files/{identity}/contents",
    )
    file.update(values)
    world.file_contents[identity] = content
    return world.store.add(file)


def create(call: Call) -> Obj:
    """``file`` is what was made of the upload: the name that the client gave it, and the key of its content."""
    world, told = call.world, call.params["file"]
    content = world.uploads.get(str(told.get("upload"))) if isinstance(told, dict) else None
    if content is None:
        raise invalid("The file must be sent as a part of multipart/form-data.", "file")
    if not content:
        raise invalid("The file is empty.", "file")
    if (call.params.get("file_link_data") or {}).get("create"):
        raise invalid("The emulator does not make file links.", "file_link_data")
    name = str(told.get("name") or "upload")
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    kind = _TYPES.get(suffix, suffix) or None
    file = keep(world, content, filename=name[:255], purpose=call.params["purpose"], title=None, type=kind)
    world.emit("file.created", file, call)
    return file


def retrieve(call: Call) -> Obj:
    return call.world.find("file", call.ids[0])


def contents(call: Call) -> Obj:
    """The file itself is put in the place of this answer."""
    file = retrieve(call)
    if file["id"] not in call.world.file_contents:
        raise missing_resource("file", file["id"])
    return file


def listed(call: Call) -> Obj:
    return list_of(call, "file", equal_to(call, "purpose"))


ROUTES = (
    Route("POST", "/v1/files", create, "file_create"),
    Route("GET", "/v1/files", listed, "file_list"),
    Route("GET", "/v1/files/{id}", retrieve),
    Route("GET", "/v1/files/{id}/contents", contents, about="file"),
)
