"""Lists: filters, cursors in both directions, and search (docs.stripe.com/api/pagination, docs.stripe.com/search)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Reversible
from typing import Any

from stripe_audit.emulator.errors import invalid, missing_resource
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call

__all__ = ["equal_to", "list_of", "search"]

Where = Callable[[Obj], bool]
DEFAULT_LIMIT, MOST = 10, 100
_CLAUSE = re.compile(
    r"""\s*(?P<not>-)?(?P<field>[a-z_.]+)(?:\[(?P<quote>["'])(?P<key>.*?)(?P=quote)\])?\s*(?P<op>:|~|>=|<=|>|<)\s*"""
    r"""(?:(?P<mark>["'])(?P<text>.*?)(?P=mark)|(?P<bare>[^\s"']+))\s*(?P<join>AND\s|OR\s|$)""",
    re.IGNORECASE,
)


def list_of(call: Call, kind: str, where: Where | None = None, *, among: Iterable[Obj] | None = None) -> Obj:
    """The newest first, filtered by ``where`` and by the ``created`` parameter, one page of them.

    Raises ApiError 400 for a limit outside 1–100, both cursors at once, or a cursor that does not exist.
    """
    limit = call.params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MOST:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {MOST}"
        raise invalid(f"Invalid integer: {limit}. This value must be {bound}.", "limit", "parameter_invalid_integer")
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        raise invalid("You may only specify one of these parameters: starting_after, ending_before.", "starting_after")
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor and call.world.store.get(kind, cursor) is None:
            raise missing_resource(kind.replace("_", " "), cursor[:200], name, status=400)
    found = _filtered(call, kind, where, among, is_backwards=bool(before))
    if after or before:
        cursor = after or before
        found = itertools.islice(itertools.dropwhile(lambda obj: obj["id"] != cursor, found), 1, None)
    page = list(itertools.islice(found, limit + 1))
    has_more = len(page) > limit
    page = page[:limit]
    if before:
        page.reverse()
    return {"object": "list", "data": page, "has_more": has_more, "url": call.path}


def _filtered(
    call: Call, kind: str, where: Where | None, among: Iterable[Obj] | None, *, is_backwards: bool
) -> Iterator[Obj]:
    if among is None:
        among = call.world.store.by_kind[kind].values()
    source = among if isinstance(among, Reversible) else list(among)
    ordered: Iterable[Obj] = source if is_backwards else reversed(source)
    created = call.params.get("created")
    tests = [test for test in (where, _created(created) if created is not None else None) if test is not None]
    return (obj for obj in ordered if all(test(obj) for test in tests))


def equal_to(call: Call, *names: str) -> Where:
    """A filter: the named parameters, where given, equal the object's fields of the same name."""
    wanted = {name: call.params[name] for name in names if call.params.get(name) is not None}
    return lambda obj: all(obj.get(name) == value for name, value in wanted.items())


def _created(bounds: Any) -> Where:
    if isinstance(bounds, int):
        return lambda obj: bool(_birth(obj) == bounds)
    return lambda obj: (
        _birth(obj) > bounds.get("gt", -1)
        and _birth(obj) >= bounds.get("gte", 0)
        and _birth(obj) < bounds.get("lt", float("inf"))
        and _birth(obj) <= bounds.get("lte", float("inf"))
    )


def _birth(obj: Obj) -> int:
    born: int = obj["created"] if "created" in obj else obj["date"]  # invoice items
    return born


def search(call: Call, kind: str) -> Obj:
    """Stripe's query language over top-level fields and metadata, joined by AND or OR.

    Raises ApiError 400 for a query that cannot be read.
    """
    query = call.params["query"]
    limit = min(max(call.params.get("limit", DEFAULT_LIMIT), 1), MOST)
    clauses = list(_clauses(query))
    start = _start(call.params.get("page"))
    is_any = any(join == "or" for _, join in clauses)
    test = any if is_any else all
    known = [obj for obj in call.world.store.by_kind[kind].values() if not obj.get("deleted")]
    hits = [obj for obj in reversed(known) if test(clause(obj) for clause, _ in clauses)]
    page = hits[start : start + limit]
    has_more = len(hits) > start + limit
    return {
        "object": "search_result",
        "data": page,
        "has_more": has_more,
        "next_page": str(start + limit) if has_more else None,
        "url": call.path,
    }


def _start(page: str | None) -> int:
    if page is None:
        return 0
    if not re.fullmatch("[0-9]{1,9}", page):
        raise invalid("Invalid page token.", "page")
    return int(page)


def _clauses(query: str) -> Iterator[tuple[Where, str]]:
    position = 0
    while position < len(query):
        match = _CLAUSE.match(query, position)
        if match is None or match.end() == position:
            raise invalid(
                f"We were unable to parse your search query near: {query[position : position + 50]!r}", "query"
            )
        yield _clause(match), match["join"].strip().lower()
        position = match.end()


def _clause(match: re.Match[str]) -> Where:
    field, key, op = match["field"].lower(), match["key"], match["op"]
    wanted = match["text"] if match["text"] is not None else match["bare"]

    def value_of(obj: Obj) -> Any:
        return (obj.get("metadata") or {}).get(key) if key is not None else obj.get(field)

    def holds(obj: Obj) -> bool:
        value = value_of(obj)
        if wanted.lower() == "null" and match["text"] is None:
            return value is None
        if value is None:
            return False
        if op in (":", "~"):
            have, want = str(value).lower(), wanted.lower()
            return want in have if op == "~" else have == want
        try:
            have_number, want_number = float(value), float(wanted)
        except (TypeError, ValueError):
            return False
        compare = {
            ">": have_number > want_number,
            "<": have_number < want_number,
            ">=": have_number >= want_number,
            "<=": have_number <= want_number,
        }
        return compare[op]

    return (lambda obj: not holds(obj)) if match["not"] else holds
