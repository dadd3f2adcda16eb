"""Objects and events as an older API version shows them.

The emulator keeps its objects in endive's shape. For an older version, what arrived since is left out, and what has
left since is put back, with its value from where it is found now: ``shapes/trains.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stripe_audit.emulator.store import Obj, Store
from stripe_audit.emulator.thin import notification
from stripe_audit.emulator.versions import Gap, Train, gap_to

__all__ = ["Renderer"]

_to_json = json.JSONEncoder(check_circular=False).encode
_OBJECT = '"object": "'
"""How a whole object, and perhaps another hash, shows in JSON. Inside of strings the quotes are escaped."""
_HOLDERS = ("event", "list", "search_result")


class Renderer:
    """Knows the stored objects: some values that old versions show are found in others."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def at(self, value: Any, version: str) -> Any:
        """An answer at a version. Events keep their own (docs.stripe.com/api/events/object#event_object-api_version).

        What nothing changes in comes back as it is; nothing is changed in place.
        """
        kind = value.get("object") if isinstance(value, dict) else None
        if kind == "event":
            return self._event(value)
        if kind in ("list", "search_result"):
            return self._page(value, version)
        gap = gap_to(version)
        return self._older(value, gap) if gap else value

    def encoded(self, value: Obj, version: str) -> bytes:
        """``at`` as JSON. Most answers hold no second object: then nothing inside them need be looked at."""
        gap, kind = gap_to(version), value.get("object")
        if gap is None or kind in _HOLDERS:
            return _to_json(self.at(value, version)).encode()
        is_changed = kind in gap.kinds and not value.get("deleted")
        text = _to_json(self._undone(str(kind), value, {}, gap) if is_changed else value)
        is_alone = text.count(_OBJECT) == isinstance(kind, str)
        return (text if is_alone else _to_json(self._older(value, gap))).encode()

    def body(self, event: Obj, endpoint: Obj) -> bytes:
        """The event's body for an endpoint: at its API version, or thin; indented by two spaces as Stripe's are."""
        if endpoint.get("event_payload") == "thin":
            return _indented(notification(event))
        version = endpoint.get("api_version") or event["api_version"]
        return _indented(self._event({**event, "api_version": version}))

    def _page(self, value: Obj, version: str) -> Obj:
        data = value.get("data")
        if not isinstance(data, list):
            return value
        return {**value, "data": [self.at(one, version) for one in data]}

    def _event(self, event: Obj) -> Obj:
        gap = gap_to(str(event.get("api_version")))
        data = event.get("data")
        if gap is None or not isinstance(data, dict) or not isinstance(data.get("object"), dict):
            return event
        shown = {"object": self._older(data["object"], gap)}
        if "previous_attributes" in data:
            shown["previous_attributes"] = self._previous(data, shown["object"], gap)
        return {**event, "data": {**data, **shown}}

    def _previous(self, data: Obj, now: Obj, gap: Gap) -> Any:
        """The changed attributes' old values, where an older version has these attributes."""
        previous = data["previous_attributes"]
        if not isinstance(previous, dict):
            return previous
        before = self._older(_merged(data["object"], previous), gap)
        # Of a hash, only what changed in it is told.
        kept = {
            name: value if isinstance(value, dict) else before[name] for name, value in previous.items() if name in now
        }
        moved = {name: before[name] for name in before if name not in data["object"] and before[name] != now.get(name)}
        return {**kept, **moved}

    def _older(self, value: Any, gap: Gap) -> Any:
        """A copy with the changes undone; the value itself where there is nothing to undo. Most answers pass here."""
        if value.__class__ is list:
            items = [self._older(item, gap) if item.__class__ in (dict, list) else item for item in value]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        if value.__class__ is not dict:
            return value
        changes = {
            name: new
            for name, item in value.items()
            if item and item.__class__ in (dict, list) and (new := self._older(item, gap)) is not item
        }
        kind = value.get("object")
        if kind.__class__ is str and kind in gap.kinds and not value.get("deleted"):
            return self._undone(kind, value, changes, gap)
        return {**value, **changes} if changes else value

    def _undone(self, kind: str, value: Obj, changes: Obj, gap: Gap) -> Obj:
        shown = {**value, **changes}
        for train in gap.trains:
            self._undo(train, kind, value, shown, gap)
        return shown

    def _undo(self, train: Train, kind: str, value: Obj, shown: Obj, gap: Gap) -> None:
        for path in train.arrived.get(kind, ()):
            _drop(shown, path)
        for path, how in train.left.get(kind, {}).items():
            _put(shown, path, self._older(self._found(value, how), gap))
        for name, words in train.words.get(kind, {}).items():
            if isinstance(shown.get(name), str):
                shown[name] = words.get(shown[name], shown[name])

    def _found(self, value: Obj, how: Any) -> Any:
        """What ``how`` describes, in the emulator's own shape; null where there is none."""
        if how is None or isinstance(how, str):
            return None if how is None else _at(value, how)
        kind, argument = next(iter(how.items()))
        if kind == "equal":
            return _at(value, argument[0]) == argument[1]
        if kind == "object":
            found = _at(value, argument)
            return self.store.by_id.get(found, found) if isinstance(found, str) else found
        if kind == "sum":
            items = _hashes(_at(value, argument[0]))
            return sum(item.get(argument[1]) or 0 for item in items) if items else None
        if kind == "each":
            items = _hashes(_at(value, argument[0]))
            return [{name: self._found(item, part) for name, part in argument[1].items()} for item in items]
        if kind == "hash":
            return {name: self._found(value, part) for name, part in argument.items()}
        return self._sought(value, argument, how.get("then"))

    def _sought(self, value: Obj, argument: list[str], then: str | None) -> Any:
        kind, its_path, our_path, result_path = argument
        wanted = _at(value, our_path)
        if wanted is None:
            return None
        for candidate in reversed(self.store.by_kind[kind].values()):
            if _at(candidate, its_path) == wanted:
                result = _at(candidate, result_path)
                return (self.store.by_id.get(result) or {}).get(then) if then else result
        return None


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(part)
        else:
            return None
    return value


def _hashes(value: Any) -> list[Obj]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _drop(shown: Obj, path: str) -> None:
    name, _, rest = path.partition(".")
    if not rest:
        shown.pop(name, None)
    elif isinstance(shown.get(name), dict):
        shown[name] = dict(shown[name])  # it may be the stored object's own
        _drop(shown[name], rest)


def _put(shown: Obj, path: str, value: Any) -> None:
    name, _, rest = path.partition(".")
    if not rest:
        shown[name] = value
    elif isinstance(shown.get(name), dict):
        shown[name] = dict(shown[name])
        _put(shown[name], rest, value)


def _merged(now: Obj, previous: Obj) -> Obj:
    """The object as it was: lists and plain values whole, hashes by what changed in them."""
    merged = dict(now)
    for name, value in previous.items():
        both_are_hashes = isinstance(value, dict) and isinstance(now.get(name), dict)
        merged[name] = _merged(now[name], value) if both_are_hashes else value
    return merged


def _indented(value: Obj) -> bytes:
    # What no UTF-8 can carry (half of a surrogate pair) becomes \\udxxx, which JSON reads as the same half.
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")
