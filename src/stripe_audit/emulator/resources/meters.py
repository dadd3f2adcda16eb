"""Billing meters: defined, fed with events, and summed up (docs.stripe.com/api/billing/meter, …/meter-event).

The high-throughput stream of the v2 API takes a session's token in place of a key; what it is sent is validated later,
and what is not valid is dropped (docs.stripe.com/api/v2/billing-meter-stream).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.permissions import RestrictedKey
from stripe_audit.emulator.resources.meter_reports import Uncounted, report_later
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import PARAMS, blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.stripecli.sessions import key_id
from stripe_audit.emulator.thin import timestamp
from stripe_audit.emulator.world import Call, World
from stripe_audit.keys import mask

__all__ = ["ROUTES"]

KIND, EVENT = "billing.meter", "billing.meter_event"
SESSION_SECONDS = 15 * 60
"""docs.stripe.com/api/v2/billing-meter-stream: a session lasts 15 minutes."""
MOST_EVENTS = 100
_WINDOWS = {"hour": 3600, "day": 24 * 3600}
PARAMS["v2_meter_event_session_create"] = {"p": {}}
PARAMS["v2_meter_event_stream_create"] = {
    "p": {
        "events": {
            "l": {
                "p": {"event_name": "s", "identifier": "s", "payload": "m", "timestamp": "s"},
                "r": ["event_name", "payload"],
            }
        }
    },
    "r": ["events"],
}


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if _active(world, params["event_name"]) is not None:
        raise invalid(
            f"There is already an active meter with the event name {params['event_name'][:100]}.",
            "event_name",
            "resource_already_exists",
        )
    now = world.clock.seconds()
    meter = blank(
        KIND,
        id=world.ids.new("mtr_test"),
        object=KIND,
        created=now,
        customer_mapping=params.get("customer_mapping") or {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        default_aggregation=params["default_aggregation"],
        display_name=params["display_name"],
        event_name=params["event_name"],
        event_time_window=params.get("event_time_window"),
        livemode=False,
        status="active",
        status_transitions={"deactivated_at": None},
        updated=now,
        value_settings=params.get("value_settings") or {"event_payload_key": "value"},
    )
    world.store.add(meter)
    world.emit("billing.meter.created", meter, call)
    return meter


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, KIND, equal_to(call, "status"))


def update(call: Call) -> Obj:
    meter, name = call.world.find(KIND, call.ids[0]), call.params.get("display_name")
    if name and name != meter["display_name"]:
        _change(call, meter, "updated", display_name=name)
    return meter


def deactivate(call: Call) -> Obj:
    meter = call.world.find(KIND, call.ids[0])
    if meter["status"] != "active":
        raise invalid(f"Meter {meter['id']} is already inactive.")
    transitions = {"deactivated_at": call.world.clock.seconds()}
    _change(call, meter, "deactivated", status="inactive", status_transitions=transitions)
    return meter


def reactivate(call: Call) -> Obj:
    meter = call.world.find(KIND, call.ids[0])
    if meter["status"] == "active":
        raise invalid(f"Meter {meter['id']} is already active.")
    if _active(call.world, meter["event_name"]) is not None:
        raise invalid(f"There is already an active meter with the event name {meter['event_name']}.")
    _change(call, meter, "reactivated", status="active", status_transitions={"deactivated_at": None})
    return meter


def create_event(call: Call) -> Obj:
    params = call.params
    at = params.get("timestamp", call.world.clock.seconds())
    return _record(call.world, params["event_name"], params["payload"], params.get("identifier"), at)


def summaries(call: Call) -> Obj:
    """What a customer used, over the whole time or by hour or day."""
    meter, params = call.world.find(KIND, call.ids[0]), call.params
    start, end = params["start_time"], params["end_time"]
    if start >= end or start % 60 or end % 60:
        raise invalid("start_time and end_time must be whole minutes, in this order.", "start_time")
    window = _WINDOWS.get(params.get("value_grouping_window") or "", end - start)
    found = [
        event
        for event in call.world.store.by_kind[EVENT].values()
        if event["event_name"] == meter["event_name"]
        and event["payload"][meter["customer_mapping"]["event_payload_key"]] == params["customer"]
        and start <= event["timestamp"] < end
    ]
    parts: dict[int, list[Obj]] = {} if "value_grouping_window" in params else {start: []}
    for event in found:
        parts.setdefault(event["timestamp"] - (event["timestamp"] - start) % window, []).append(event)
    data = [_summary(call.world, meter, part, begin, min(begin + window, end)) for begin, part in sorted(parts.items())]
    return {"object": "list", "data": data[::-1], "has_more": False, "url": call.path}


def _end_session(world: World, key: str) -> None:
    world.restricted.pop(key, None)


def open_session(call: Call) -> Obj:
    world = call.world
    token = f"rk_test_{world.ids.text(40)}"
    world.restricted[key_id(token)] = RestrictedKey(mask(token), frozenset({"billing_meter_event_write"}))
    now = world.clock.now()
    world.clock.later(SESSION_SECONDS, _end_session, world, key_id(token))
    return {
        "id": f"mes_test_{world.ids.text(24)}",
        "object": "v2.billing.meter_event_session",
        "authentication_token": token,
        "created": timestamp(now),
        "expires_at": timestamp(now + SESSION_SECONDS),
        "livemode": False,
    }


def stream(call: Call) -> Obj:
    events = call.params["events"]
    if not 1 <= len(events) <= MOST_EVENTS:
        raise invalid(f"events must have between 1 and {MOST_EVENTS} members.", "events")
    uncounted = []
    for event in events:
        try:
            at = int(datetime.fromisoformat(event["timestamp"]).timestamp()) if event.get("timestamp") else None
            at = call.world.clock.seconds() if at is None else at
            _record(call.world, event["event_name"], event["payload"], event.get("identifier"), at)
        except ValueError:
            continue
        except ApiError as error:
            if error.param != "identifier":  # sent twice: counted once, and nobody's mistake
                uncounted.append(_uncounted(call.world, event, error))
    report_later(call.world, uncounted)
    return {}


def _uncounted(world: World, event: dict[str, Any], error: ApiError) -> Uncounted:
    meter = _active(world, event["event_name"])
    if meter is None:
        meters = world.store.by_kind[KIND].values()
        meter = next((one for one in meters if one["event_name"] == event["event_name"]), None)
        code = "no_meter" if meter is None else "archived_meter"
    elif error.param == f"payload[{meter['customer_mapping']['event_payload_key']}]":
        named = event["payload"].get(meter["customer_mapping"]["event_payload_key"])
        code = "meter_event_customer_not_found" if named else "meter_event_no_customer_defined"
    else:
        code = "meter_event_invalid_value"
    return Uncounted(meter["id"] if meter else None, code, error.message, event.get("identifier") or "")


def _active(world: World, event_name: str | None) -> Obj | None:
    meters = world.store.by_kind[KIND].values()
    return next((one for one in meters if one["event_name"] == event_name and one["status"] == "active"), None)


def _change(call: Call, meter: Obj, what: str, **values: Any) -> None:
    previous = {name: meter[name] for name in (*values, "updated")}
    meter.update(values, updated=call.world.clock.seconds())
    changed = {name: value for name, value in previous.items() if meter[name] != value}
    call.world.emit(f"billing.meter.{what}", meter, call, previous=changed)


def _record(world: World, name: str, payload: dict[str, str], identifier: str | None, at: int) -> Obj:
    meter = _active(world, name)
    if meter is None:
        raise invalid(f"No active meter was found for the event name {name[:100]}.", "event_name", "no_meter")
    customer_key = meter["customer_mapping"]["event_payload_key"]
    if world.store.get("customer", payload.get(customer_key, "")) is None:
        raise invalid(f"payload[{customer_key}] must be the id of a customer.", f"payload[{customer_key}]")
    value_key = meter["value_settings"]["event_payload_key"]
    if meter["default_aggregation"]["formula"] != "count" and not _is_number(payload.get(value_key)):
        raise invalid(f"payload[{value_key}] must be a number.", f"payload[{value_key}]")
    identifier = identifier or world.ids.text(32)
    known = world.store.by_kind[EVENT]
    if identifier in known:
        raise invalid(f"An event already exists with identifier {identifier[:100]}.", "identifier")
    event = blank(
        EVENT,
        object=EVENT,
        created=world.clock.seconds(),
        event_name=name,
        identifier=identifier,
        livemode=False,
        payload=payload,
        timestamp=at,
    )
    known[identifier] = event
    return event


def _is_number(text: str | None) -> bool:
    try:
        return text is not None and abs(float(text)) < 1e15
    except ValueError:
        return False


def _summary(world: World, meter: Obj, events: list[Obj], start: int, end: int) -> Obj:
    key, formula = meter["value_settings"]["event_payload_key"], meter["default_aggregation"]["formula"]
    if formula == "count":
        value = float(len(events))
    else:
        values = [float(event["payload"][key]) for event in sorted(events, key=lambda event: event["timestamp"])]
        value = sum(values) if formula == "sum" else (values[-1] if values else 0.0)
    return blank(
        "billing.meter_event_summary",
        id=f"mtrusg_test_{world.ids.text(24)}",
        object="billing.meter_event_summary",
        aggregated_value=value,
        end_time=end,
        livemode=False,
        meter=meter["id"],
        start_time=start,
    )


_SUMMARY = "billing.meter_event_summary"
ROUTES = (
    Route("POST", "/v1/billing/meters", create, f"{KIND}_create", about=KIND),
    Route("GET", "/v1/billing/meters", listed, f"{KIND}_list", about=KIND),
    Route("GET", "/v1/billing/meters/{id}", retrieve, about=KIND),
    Route("POST", "/v1/billing/meters/{id}", update, f"{KIND}_update", about=KIND),
    Route("POST", "/v1/billing/meters/{id}/deactivate", deactivate, f"{KIND}_deactivate", about=KIND),
    Route("POST", "/v1/billing/meters/{id}/reactivate", reactivate, f"{KIND}_reactivate", about=KIND),
    Route("GET", "/v1/billing/meters/{id}/event_summaries", summaries, f"{KIND}_list_event_summaries", about=_SUMMARY),
    Route("POST", "/v1/billing/meter_events", create_event, f"{EVENT}_create", about=EVENT),
    Route("POST", "/v2/billing/meter_event_session", open_session, "v2_meter_event_session_create"),
    Route("POST", "/v2/billing/meter_event_stream", stream, "v2_meter_event_stream_create"),
)
