"""Identity verification sessions and their reports (docs.stripe.com/api/identity/verification_sessions)."""

from __future__ import annotations

from stripe_audit.emulator.errors import ApiError, invalid
from stripe_audit.emulator.lists import equal_to, list_of
from stripe_audit.emulator.resources.metadata import change, merged
from stripe_audit.emulator.routes import Route
from stripe_audit.emulator.shapes import blank
from stripe_audit.emulator.store import Obj, snapshot
from stripe_audit.emulator.world import Call, World

__all__ = ["ROUTES", "submit"]

KIND = "identity.verification_session"
REPORT = "identity.verification_report"
REDACTED = "[redacted]"
_EVENT = "identity.verification_session"
_PERSON = {"first_name": "Jenny", "last_name": "Rosen"}
"""Whom the documents of Stripe's own tests name (docs.stripe.com/identity/verification-checks)."""


def create(call: Call) -> Obj:
    params, world = call.params, call.world
    if not params.get("type") and not params.get("verification_flow"):
        raise invalid("Missing required param: type.", "type", "parameter_missing")
    identity = world.ids.new("vs")
    kind = params.get("type") or "verification_flow"
    session = blank(
        KIND,
        id=identity,
        object=KIND,
        client_reference_id=params.get("client_reference_id"),
        client_secret=f"{identity}_secret_{world.ids.text(40)}",
        created=world.clock.seconds(),
        livemode=False,
        metadata=merged({}, params.get("metadata") or {}),
        options=_options(kind, params.get("options") or {}),
        provided_details=params.get("provided_details"),
        related_customer=params.get("related_customer"),
        related_person=params.get("related_person"),
        status="requires_input",
        type=kind,
        url=f"{world.url}/identity/{identity}",
        verification_flow=params.get("verification_flow"),
    )
    world.store.add(session)
    world.emit(f"{_EVENT}.created", session, call)
    return session


def retrieve(call: Call) -> Obj:
    return call.world.find(KIND, call.ids[0])


def listed(call: Call) -> Obj:
    return list_of(call, KIND, equal_to(call, "client_reference_id", "related_customer", "status"))


def update(call: Call) -> Obj:
    session = call.world.find(KIND, call.ids[0])
    if any(name in call.params for name in ("options", "provided_details", "type")):
        _check_status(session, "updated", "requires_input")
    change(session, call.params, ("provided_details", "type"))
    if call.params.get("options"):
        session["options"] = _options(session["type"], call.params["options"])
    return session


def cancel(call: Call) -> Obj:
    session = call.world.find(KIND, call.ids[0])
    _check_status(session, "canceled", "requires_input")
    previous = {name: session[name] for name in ("client_secret", "status", "url")}
    session.update(status="canceled", client_secret=None, url=None)
    call.world.emit(f"{_EVENT}.canceled", session, call, previous=previous)
    return session


def redact(call: Call) -> Obj:
    """Forget what was collected. A session that is still open ends with it."""
    session, world = call.world.find(KIND, call.ids[0]), call.world
    _check_status(session, "redacted", "requires_input", "verified", "canceled")
    if session["redaction"] is not None:
        raise invalid(f"Session {session['id']} is already being redacted.")
    if session["status"] == "requires_input":
        session.update(status="canceled", client_secret=None, url=None)
        world.emit(f"{_EVENT}.canceled", session, call, previous={"status": "requires_input"})
    session["redaction"] = {"status": "processing"}
    world.clock.later(world.config.refund_delay, _forget, world, session)
    return session


def retrieve_report(call: Call) -> Obj:
    return call.world.find(REPORT, call.ids[0])


def reports(call: Call) -> Obj:
    return list_of(call, REPORT, equal_to(call, "client_reference_id", "type", "verification_session"))


def submit(world: World, session: Obj, *, succeeds: bool) -> Obj:
    """What the person at the other end does: shows a document that is genuine, or is not."""
    _check_status(session, "submitted", "requires_input")
    session.update(status="processing", last_error=None)
    world.emit(f"{_EVENT}.processing", session, previous={"status": "requires_input"})
    error = None if succeeds else {"code": "document_unverified_other", "reason": "The document could not be verified."}
    report = _report(world, session, error)
    session["last_verification_report"] = report["id"]
    if error is None:
        session.update(status="verified", url=None, client_secret=None, verified_outputs=_outputs())
        world.emit(f"{_EVENT}.verified", session, previous={"status": "processing", "last_verification_report": None})
    else:
        session.update(status="requires_input", last_error=error)
        world.emit(f"{_EVENT}.requires_input", session, previous={"status": "processing", "last_error": None})
    return session


def _report(world: World, session: Obj, error: Obj | None) -> Obj:
    report = blank(
        REPORT,
        id=world.ids.new("vr"),
        object=REPORT,
        client_reference_id=session["client_reference_id"],
        created=world.clock.seconds(),
        document={
            **(_PERSON if error is None else dict.fromkeys(_PERSON)),
            "error": error,
            "files": [],
            "issuing_country": "US",
            "status": "verified" if error is None else "unverified",
            "type": "driving_license",
        },
        livemode=False,
        options={"document": snapshot(session["options"].get("document") or {})},
        type="document" if session["type"] == "verification_flow" else session["type"],
        verification_flow=session["verification_flow"],
        verification_session=session["id"],
    )
    return world.store.add(report)


def _outputs() -> Obj:
    nothing = dict.fromkeys(("address", "dob", "email", "id_number", "id_number_type", "phone", "sex"))
    return {**nothing, **_PERSON}


def _options(kind: str, given: Obj) -> Obj:
    return {"id_number": {}} if kind == "id_number" else {"document": {}, **given}


def _forget(world: World, session: Obj) -> None:
    report = world.store.get(REPORT, session["last_verification_report"] or "")
    if report is not None and report["document"]:
        report["document"].update(dict.fromkeys(_PERSON, REDACTED))
    session.update(
        client_reference_id=None,
        metadata=dict.fromkeys(session["metadata"], REDACTED),
        provided_details=None,
        redaction={"status": "redacted"},
        verified_outputs=None,
    )
    world.emit(f"{_EVENT}.redacted", session, previous={"redaction": {"status": "processing"}})


def _check_status(session: Obj, verb: str, *allowed: str) -> None:
    if session["status"] not in allowed:
        raise ApiError(
            f"This VerificationSession cannot be {verb} because it has a status of `{session['status']}`. Only a "
            f"VerificationSession with one of the following statuses may be {verb}: {', '.join(allowed)}."
        )


ROUTES = (
    Route("POST", "/v1/identity/verification_sessions", create, f"{KIND}_create", about=KIND),
    Route("GET", "/v1/identity/verification_sessions", listed, f"{KIND}_list", about=KIND),
    Route("GET", "/v1/identity/verification_sessions/{id}", retrieve, about=KIND),
    Route("POST", "/v1/identity/verification_sessions/{id}", update, f"{KIND}_update", about=KIND),
    Route("POST", "/v1/identity/verification_sessions/{id}/cancel", cancel, f"{KIND}_cancel", about=KIND),
    Route("POST", "/v1/identity/verification_sessions/{id}/redact", redact, f"{KIND}_redact", about=KIND),
    Route("GET", "/v1/identity/verification_reports", reports, f"{REPORT}_list", about=REPORT),
    Route("GET", "/v1/identity/verification_reports/{id}", retrieve_report, about=REPORT),
)
