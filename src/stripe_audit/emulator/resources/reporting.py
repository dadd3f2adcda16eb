"""Report runs and the files that they leave (docs.stripe.com/api/reporting/report_run)."""

from __future__ import annotations

from stripe_audit.emulator.errors import invalid
from stripe_audit.emulator.lists import list_of
from stripe_audit.emulator.resources import files
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES"]

RUN, TYPE = "reporting.report_run", "reporting.report_type"
_NAMES = {
    "balance.summary.1": "Balance summary",
    "balance_change_from_activity.itemized.3": "Itemized balance change from activity",
    "balance_change_from_activity.summary.1": "Balance change from activity summary",
    "ending_balance_reconciliation.itemized.4": "Itemized ending balance reconciliation",
    "payout_reconciliation.itemized.5": "Itemized payout reconciliation",
    "payouts.itemized.3": "Itemized payouts",
    "payouts.summary.1": "Payouts summary",
}
_COLUMNS = ["category", "description", "net_amount", "currency"]
_BEGINNING = 1577836800
"""2020: data are available from then on."""


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    kind = params["report_type"]
    if kind not in _NAMES:
        raise invalid(f"No such report type: '{kind[:100]}'", "report_type", "resource_missing")
    given = params.get("parameters") or {}
    for name in ("interval_start", "interval_end"):
        if name not in given and not kind.startswith("ending_balance"):
            raise invalid(f"Missing required param: parameters[{name}].", f"parameters[{name}]", "parameter_missing")
    if given.get("interval_start", 0) >= given.get("interval_end", 1):
        raise invalid("interval_start must be before interval_end.", "parameters[interval_start]")
    run = blank(
        RUN,
        id=world.ids.new("frr"),
        object=RUN,
        created=world.clock.seconds(),
        livemode=False,
        parameters=given,
        report_type=kind,
        status="pending",
    )
    world.store.add(run)
    world.clock.later(world.config.refund_delay, _finish, world, run)
    return run


def retrieve(call: Call) -> Obj:
    return call.world.find(RUN, call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, RUN)


def retrieve_type(call: Call) -> Obj:
    if call.ids[0] not in _NAMES:
        return call.world.find(TYPE, call.ids[0])
    return _type(call.world, call.ids[0])


def types(call: Call) -> Obj:
    data = [_type(call.world, kind) for kind in _NAMES]
    return {"object": "list", "data": data, "has_more": False, "url": call.path}


def _type(world: World, kind: str) -> Obj:
    now = world.clock.seconds()
    return blank(
        TYPE,
        id=kind,
        object=TYPE,
        data_available_end=now - now % 86400,
        data_available_start=_BEGINNING,
        default_columns=list(_COLUMNS),
        livemode=False,
        name=_NAMES[kind],
        updated=now - now % 86400,
        version=int(kind.rsplit(".", 1)[-1]),
    )


def _finish(world: World, run: Obj) -> None:
    now = world.clock.seconds()
    file = files.keep(
        world,
        (",".join(_COLUMNS) + "\n").encode(),
        expires_at=now + 365 * 24 * 3600,
        filename=f"{run['id']}.csv",
        purpose="finance_report_run",
        title=f"FinanceReportRun {run['id']}",
        type="csv",
    )
    run.update(status="succeeded", succeeded_at=now, result=file)
    previous = {"result": None, "status": "pending", "succeeded_at": None}
    world.emit("reporting.report_run.succeeded", run, previous=previous)


ROUTES = (
    Route("POST", "/v1/reporting/report_runs", create, f"{RUN}_create", about=RUN),
    Route("GET", "/v1/reporting/report_runs", listed, f"{RUN}_list", about=RUN),
    Route("GET", "/v1/reporting/report_runs/{id}", retrieve, about=RUN),
    Route("GET", "/v1/reporting/report_types", types, f"{TYPE}_list", about=TYPE),
    Route("GET", "/v1/reporting/report_types/{id}", retrieve_type, about=TYPE),
)
