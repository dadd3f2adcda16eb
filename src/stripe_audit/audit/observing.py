"""The observers of a run, as the settings declare them: opened before the target, which is told where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from stripe_audit.audit.filling import fill_text
from stripe_audit.deployment.target import TargetClient
from stripe_audit.errors import SettingsError
from stripe_audit.observers.databases.interface import Database, Unreadable
from stripe_audit.observers.databases.opening import open_server
from stripe_audit.observers.databases.sqlite import SqliteDatabase
from stripe_audit.observers.http import HttpOrders
from stripe_audit.observers.interface import LogObserver, MailObserver, OrderMapping, OrderObserver
from stripe_audit.observers.journal import JournalFile, JournalUnit
from stripe_audit.observers.logs import FileLog
from stripe_audit.observers.mail import MailSink
from stripe_audit.observers.mailboxes import Mailbox, Maildir, MailHog, Mailpit
from stripe_audit.observers.notifications import NotificationSink
from stripe_audit.observers.rows import CountedOrders, RowsObserver
from stripe_audit.observers.sql import SqlOrders, SqlRows
from stripe_audit.settings import Settings
from stripe_audit.settings.model import OrderObserverSettings, RowsObserverSettings
from stripe_audit.settings.unset import unset_variable

__all__ = ["Observers", "database_in", "mailbox_in"]


def database_in(
    settings: Settings,
    declared: OrderObserverSettings | RowsObserverSettings,
    fill: Callable[[str], str],
    *,
    place: str,
    within: float = 5.0,
) -> Database:
    """The database that is declared. Raises SettingsError, or UsageError where an extra is not installed."""
    if declared.url is None:
        return SqliteDatabase(settings.path(fill(declared.path or "")), within=within)
    url = settings.secret(declared.url)
    try:
        return open_server(str(declared.kind), url or "", within=within)
    except Unreadable as error:
        told = _not_set(settings, declared) or f"its url {error.told}"
        raise SettingsError(f"{place}: {told}", hint=f"{place}.url: as in DATABASE_URL") from None


def _not_set(settings: Settings, declared: OrderObserverSettings | RowsObserverSettings) -> str | None:
    variable = unset_variable(settings, declared)
    return f"the variable {variable} is not set" if variable else None


def mailbox_in(settings: Settings, fill: Callable[[str], str]) -> MailSink | Mailbox | None:
    """The observer of mails that is declared; it is still to be started."""
    declared = settings.model.observers.mail
    if declared is None:
        return None
    if declared.kind == "maildir":
        return Maildir(settings.path(fill(declared.path or "")))
    if declared.kind == "smtp":
        return MailSink(declared.port)
    catcher = {"mailpit": Mailpit, "mailhog": MailHog}[declared.kind]
    return catcher(declared.url or "", login=settings.secret(declared.login))


class Observers:
    """All observers of a run. What is declared to be in ``{scratch}`` is found once the scratch folder is known."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._declared = settings.model.observers
        self._databases: dict[tuple[str | None, str], Database] = {}
        self._values: Mapping[str, str] = {}
        notified = self._declared.notifications
        self.mail: MailSink | Mailbox | None = None
        self.notifications = (
            NotificationSink(notified.port, status=notified.answer.status, body=notified.answer.body)
            if notified
            else None
        )

    def open(self, scratch: Path, opened: list[Callable[[], None]]) -> None:
        """Open what the target must be told of, and see that the rest can be opened.

        Raises TargetError for a port that is taken and a mailbox that does not answer, SettingsError, UsageError.
        """
        self._values = {"scratch": str(scratch), "folder": str(self._settings.folder)}
        self.mail = mailbox_in(self._settings, self._fill)
        for one in (self.mail, self.notifications):
            if one:
                one.start()
                opened.append(one.stop)
        opened.append(self._close)
        order = self._declared.order
        for place, declared in (("observers.order", order), *self._rows_declared()):
            if declared and declared.url and not unset_variable(self._settings, declared):
                self._database(declared, place)

    def know(self, values: Mapping[str, str]) -> None:
        """Take over what the placeholders stand for, once that is known."""
        self._values = values

    def _fill(self, text: str) -> str:
        return fill_text(text, self._values)

    def _close(self) -> None:
        for database in self._databases.values():
            database.close()

    def _rows_declared(self) -> list[tuple[str, OrderObserverSettings | RowsObserverSettings | None]]:
        return [(f"observers.rows.{name}", self._place(rows)) for name, rows in self._declared.rows.items()]

    def _place(self, rows: RowsObserverSettings) -> OrderObserverSettings | RowsObserverSettings | None:
        return rows if rows.kind else self._declared.order

    def _database(self, declared: OrderObserverSettings | RowsObserverSettings, place: str) -> Database:
        """One connection for all that is in the same place."""
        where = self._settings.secret(declared.url) if declared.url else self._fill(declared.path or "")
        key = (declared.kind, where or "")
        if key not in self._databases:
            self._databases[key] = database_in(self._settings, declared, self._fill, place=place)
        return self._databases[key]

    @property
    def smtp(self) -> tuple[str, int]:
        """Where the target sends its mails; port 0 where that is its own affair."""
        if isinstance(self.mail, MailSink):
            return self.mail.address
        declared = self._declared.mail
        host, _, port = (declared.smtp if declared and declared.smtp else "127.0.0.1:0").partition(":")
        return host, int(port)

    @property
    def notification_url(self) -> str:
        """Where the target posts notifications; empty where no sink is declared."""
        return self.notifications.url if self.notifications else ""

    @property
    def mails(self) -> MailObserver | None:
        """The observer of mails."""
        return self.mail

    # What the checks see

    def orders(self, *, has_route: bool) -> Callable[[TargetClient], OrderObserver] | None:
        """What reads orders, for each check's own client of the target."""
        declared = self._declared.order
        if declared is None or (declared.kind == "http" and not has_route) or unset_variable(self._settings, declared):
            return None
        states = {str(state): tuple(words) for state, words in declared.states.items()}
        mapping = OrderMapping(states, declared.amount_unit)
        counted = self.rows().get(declared.fulfilled_rows or "")
        if declared.kind == "http":
            return lambda target: _counted(HttpOrders(target, mapping), counted)
        orders = _counted(
            SqlOrders(self._database(declared, "observers.order"), declared.query or "", mapping), counted
        )
        return lambda target: orders

    def rows(self) -> dict[str, RowsObserver]:
        """What reads rows of other tables, by name."""
        found: dict[str, RowsObserver] = {}
        for name, rows in self._declared.rows.items():
            place = self._place(rows)
            if place and not unset_variable(self._settings, place):
                found[name] = SqlRows(name, self._database(place, f"observers.rows.{name}"), rows.query)
        return found

    def logs(self, path: Path | None) -> LogObserver | None:
        """What reads log lines; ``path`` is where they are, unless it is a unit's journal."""
        declared = self._declared.logs
        if declared is None:
            return None
        is_json = declared.format == "json"
        if declared.unit:
            return JournalUnit(declared.unit, is_json=is_json)
        if path is None:
            return None
        return (JournalFile if declared.kind == "journal" else FileLog)(path, is_json=is_json)


def _counted(orders: OrderObserver, rows: RowsObserver | None) -> OrderObserver:
    return CountedOrders(orders, rows) if rows else orders
