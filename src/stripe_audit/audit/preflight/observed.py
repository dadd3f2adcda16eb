"""The observers in a preflight: each is connected to and read once, where what it reads is there before a run."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_audit.audit.filling import fill_text
from stripe_audit.audit.observing import database_in, mailbox_in
from stripe_audit.audit.preflight.lines import WITHIN_S, Line, State, safe
from stripe_audit.errors import AuditError, Inconclusive
from stripe_audit.observers.databases.interface import Unreadable
from stripe_audit.observers.journal import JournalUnit
from stripe_audit.observers.mail import MailSink
from stripe_audit.observers.notifications import NotificationSink
from stripe_audit.observers.rows import ROW_VALUES
from stripe_audit.settings import Settings
from stripe_audit.settings.model import OrderObserverSettings, RowsObserverSettings
from stripe_audit.settings.unset import unset_variable

__all__ = ["log_lines", "mail_lines", "notification_lines", "order_lines", "rows_lines"]


def order_lines(settings: Settings) -> Iterator[Line]:
    """The observer of orders."""
    declared = settings.model.observers.order
    if declared is None:
        told = "not declared: verdicts about what the app believes are skipped"
        yield Line("observer order", State.NOTE, told, "observers.order")
    elif declared.kind == "http":
        yield Line("observer order", State.OK, "reads the route 'order'")
    else:
        yield _database_line("observer order", "observers.order", settings, declared, declared.query or "")


def rows_lines(settings: Settings) -> Iterator[Line]:
    """The observers of other tables."""
    observers = settings.model.observers
    for name, rows in observers.rows.items():
        place = rows if rows.kind else observers.order
        if place:
            yield _database_line(f"observer rows {name}", f"observers.rows.{name}", settings, place, rows.query)


def _database_line(
    what: str,
    setting: str,
    settings: Settings,
    declared: OrderObserverSettings | RowsObserverSettings,
    query: str,
) -> Line:
    """Whether the database can be read: the query is asked for a payment that there is not."""
    if variable := unset_variable(settings, declared):
        return Line(what, State.NOTE, f"the variable {variable} is not set", f"set {variable}, or {setting}.url")
    if "{" in (declared.path or ""):
        return Line(what, State.OK, f"{declared.path}, which the launched target makes")
    if declared.path and not settings.path(declared.path).is_file():
        return Line(what, State.NOTE, f"{declared.path} does not exist yet", f"{setting}.path, or start the app once")
    try:
        database = database_in(settings, declared, str, place=setting, within=WITHIN_S)
        try:
            database.rows(query, dict.fromkeys(ROW_VALUES, "doctor"))
        finally:
            database.close()
    except Unreadable as error:
        return Line(what, State.WRONG, safe(f"{database.label}: {error.told}"), f"{setting}.{error.part}")
    except AuditError as error:
        return Line(what, State.WRONG, safe(error.message), error.hint or setting)
    return Line(what, State.OK, f"{declared.path or database.label} is read")


def log_lines(settings: Settings) -> Iterator[Line]:
    """The observer of log lines."""
    declared = settings.model.observers.logs
    if declared is None:
        yield Line("observer logs", State.NOTE, "not declared: logging is not judged", "observers.logs")
    elif declared.kind == "process":
        is_launched = settings.model.target.launch is not None
        told = "the launched target's output" if is_launched else "kind process needs target.launch"
        state = State.OK if is_launched else State.NOTE
        yield Line("observer logs", state, told, None if is_launched else "target.launch")
    elif declared.unit:
        yield _unit_line(declared.unit)
    else:
        is_there = "{" in (declared.path or "") or settings.path(declared.path or "").is_file()
        told = f"{declared.path}" + ("" if is_there else " does not exist yet")
        state = State.OK if is_there else State.NOTE
        yield Line("observer logs", state, told, None if is_there else "observers.logs.path")


def _unit_line(unit: str) -> Line:
    log = JournalUnit(unit, is_json=False)
    try:
        log.mark()
    except Inconclusive as error:
        return Line("observer logs", State.WRONG, safe(error.message), error.supply)
    if not log.has_lines:
        fix = f"observers.logs.unit, or a user who may read the journal of {unit}"
        return Line("observer logs", State.NOTE, f"the journal shows no entry of {unit}", fix)
    return Line("observer logs", State.OK, f"the journal of {unit} is read")


def mail_lines(settings: Settings) -> Iterator[Line]:
    """The observer of mails."""
    declared = settings.model.observers.mail
    if declared is None:
        yield Line("observer mail", State.NOTE, "not declared: mails are not judged", "observers.mail: {kind: smtp}")
        return
    if "{" in (declared.path or ""):
        yield Line("observer mail", State.OK, f"{declared.path}, which is made in the run")
        return
    mailbox = mailbox_in(settings, lambda text: fill_text(text, {}))
    assert mailbox is not None
    try:
        mailbox.start()
        mailbox.messages()
    except Inconclusive as error:
        yield Line("observer mail", State.NOTE, safe(error.message), error.supply or "observers.mail")
    except AuditError as error:
        yield Line("observer mail", State.WRONG, safe(error.message), error.hint or "observers.mail")
    else:
        told = "a mail sink can be opened" if isinstance(mailbox, MailSink) else f"the {declared.kind} is read"
        yield Line("observer mail", State.OK, told)
    finally:
        mailbox.stop()


def notification_lines(settings: Settings) -> Iterator[Line]:
    """The sink for notifications."""
    declared = settings.model.observers.notifications
    if declared is None:
        return
    sink = NotificationSink(declared.port)
    try:
        sink.start()
    except AuditError as error:
        yield Line("observer notifications", State.WRONG, safe(error.message), error.hint)
        return
    sink.stop()
    launch = settings.model.target.launch
    if launch and not launch.says("notification_url"):
        told = "a sink can be opened, and the launched target is not told where"
        yield Line("observer notifications", State.NOTE, told, "target.launch.env: {WEBHOOK_URL: '{notification_url}'}")
        return
    yield Line("observer notifications", State.OK, "a sink can be opened")
