"""How the target's state is read: orders, rows of other tables, log lines, mails, notifications."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from stripe_audit.observers.databases.address import read_address
from stripe_audit.observers.databases.query import check_select, names_in
from stripe_audit.observers.rows import ROW_VALUES
from stripe_audit.settings.secret_source import Secret
from stripe_audit.settings.strict import Strict
from stripe_audit.settings.texts import Url

__all__ = [
    "LogsObserverSettings",
    "MailObserverSettings",
    "NotificationsObserverSettings",
    "ObserverSettings",
    "OrderObserverSettings",
    "RowsObserverSettings",
]

State = Literal["unpaid", "pending", "paid", "failed", "canceled", "refunded", "partially_refunded", "disputed"]


def _select(query: str | None, values: tuple[str, ...]) -> str | None:
    """The query, if it reads and asks for values that there are. Raises ValueError."""
    if query is None:
        return None
    check_select(query)
    named = names_in(query)
    known = ", ".join(f":{value}" for value in values)
    if unknown := sorted(named - set(values)):
        raise ValueError(f"asks for :{unknown[0]}; known are {known}")
    if not named:
        raise ValueError(f"must say which payment it is about, by {known.replace(', ', ' or ')}")
    return query


class _InDatabase(Strict):
    """Where a database is."""

    path: str | None = Field(None, description="sqlite: the database file; may hold {scratch}")
    url: Secret | None = Field(
        None, description="postgres, mysql: as in DATABASE_URL, best as {env: NAME}; a user who may only read will do"
    )

    def check_place(self, kind: str) -> None:
        """Raise ValueError where the kind of database lacks its place, or has that of another kind."""
        if kind in ("postgres", "mysql"):
            if self.url is None:
                raise ValueError(f"kind {kind} needs url, as {{env: DATABASE_URL}}")
            if self.path:
                raise ValueError("path belongs to kind sqlite")
            if isinstance(self.url, SecretStr):
                try:
                    read_address(self.url.get_secret_value(), kind)
                except ValueError as error:
                    raise ValueError(f"url {error}") from None
            elif self.url.generated:
                raise ValueError("url cannot be generated; give {env: NAME}")
        elif self.url is not None:
            raise ValueError("url belongs to kind postgres or mysql")


class OrderObserverSettings(_InDatabase):
    """How to read the target's own record of a payment."""

    kind: Literal["http", "sqlite", "postgres", "mysql"] = "http"
    query: str | None = Field(None, description="in a database: one SELECT with :order, its columns named by our words")
    states: dict[State, list[str]] = Field(default_factory=dict)
    amount_unit: Literal["minor", "major"] = "minor"
    fulfilled_rows: str | None = Field(
        None, description="a name in observers.rows: an order was fulfilled as often as there are such rows of it"
    )

    @field_validator("query")
    @classmethod
    def _reads(cls, value: str | None) -> str | None:
        return _select(value, ("order",))

    @model_validator(mode="after")
    def _complete(self) -> OrderObserverSettings:
        if self.kind == "sqlite" and not (self.path and self.query):
            raise ValueError("kind sqlite needs path and query")
        self.check_place(self.kind)
        if self.kind in ("postgres", "mysql") and not self.query:
            raise ValueError(f"kind {self.kind} needs url and query")
        return self


class RowsObserverSettings(_InDatabase):
    """Rows of one payment in another table: shipments, licences, entries of a ledger."""

    kind: Literal["sqlite", "postgres", "mysql"] | None = Field(
        None, description="left out: in the database of observers.order"
    )
    query: str = Field(description="one SELECT with :order, :payment_intent, :email or :session")

    @field_validator("query")
    @classmethod
    def _reads(cls, value: str) -> str:
        _select(value, ROW_VALUES)
        return value

    @model_validator(mode="after")
    def _complete(self) -> RowsObserverSettings:
        if self.kind is None and (self.path or self.url):
            raise ValueError("path and url need kind: sqlite, postgres or mysql")
        if self.kind == "sqlite" and not self.path:
            raise ValueError("kind sqlite needs path")
        if self.kind:
            self.check_place(self.kind)
        return self


class LogsObserverSettings(Strict):
    """Where the target's log lines are."""

    kind: Literal["process", "file", "journal"] = "process"
    path: str | None = Field(None, description="file: the log; journal: what journalctl -o json or export writes")
    unit: str | None = Field(None, description="journal: the unit whose entries journalctl shows, as shop.service")
    format: Literal["json", "text"] = "json"

    @model_validator(mode="after")
    def _complete(self) -> LogsObserverSettings:
        if self.kind == "file" and not self.path:
            raise ValueError("kind file needs path")
        if self.kind == "journal" and bool(self.path) == bool(self.unit):
            raise ValueError("kind journal needs either unit or path")
        if self.kind != "journal" and self.unit:
            raise ValueError("unit belongs to kind journal")
        return self


class MailObserverSettings(Strict):
    """Where the target's mails are: an SMTP sink that the audit opens, another catcher of mails, a maildir."""

    kind: Literal["smtp", "mailpit", "mailhog", "maildir"] = "smtp"
    port: int = Field(0, ge=0, le=65535, description="smtp: of the sink; 0 takes a free one")
    url: Url | None = Field(None, description="mailpit, mailhog: of its API, as http://127.0.0.1:8025")
    login: Secret | None = Field(None, description="mailpit, mailhog: user:password, where its API asks for one")
    smtp: str | None = Field(
        None, pattern=r"^[^\s:]+:[0-9]{1,5}$", description="mailpit, mailhog: host:port for {smtp_host} and {smtp_port}"
    )
    path: str | None = Field(None, description="maildir: the folder that holds new and cur; may hold {scratch}")
    alerts_to: str | None = Field(None, description="the address that alerts go to")

    @model_validator(mode="after")
    def _complete(self) -> MailObserverSettings:
        over_http = self.kind in ("mailpit", "mailhog")
        if over_http and not self.url:
            raise ValueError(f"kind {self.kind} needs url")
        if self.kind == "maildir" and not self.path:
            raise ValueError("kind maildir needs path")
        if not over_http and (self.url or self.login or self.smtp):
            raise ValueError("url, login and smtp belong to kind mailpit or mailhog")
        if self.kind != "maildir" and self.path:
            raise ValueError("path belongs to kind maildir")
        if self.kind != "smtp" and self.port:
            raise ValueError("port belongs to kind smtp")
        return self


class AnswerSettings(Strict):
    """What the notification sink answers, as the service would that the target's SDK is made for."""

    status: int = Field(200, ge=200, le=299)
    body: Any = Field(None, description="JSON; left out: {ok: true}")


class NotificationsObserverSettings(Strict):
    """A sink for SMS and chat webhooks, which the audit opens; the target posts to {notification_url}."""

    port: int = Field(0, ge=0, le=65535, description="0 takes a free one")
    alerts_to: str | None = Field(None, pattern="^/", description="the path that alerts to people go to, as /alerts")
    customers_at: str | None = Field(
        None, pattern="^/", description="the path that messages to customers go to, as /sms"
    )
    answer: AnswerSettings = AnswerSettings()


class ObserverSettings(Strict):
    """Ways to read the target's state."""

    order: OrderObserverSettings | None = None
    rows: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], RowsObserverSettings] = Field(
        default_factory=dict, description="by names of your own"
    )
    logs: LogsObserverSettings | None = None
    mail: MailObserverSettings | None = None
    notifications: NotificationsObserverSettings | None = None

    @model_validator(mode="after")
    def _belong(self) -> ObserverSettings:
        in_database = self.order is not None and self.order.kind != "http"
        for name, rows in self.rows.items():
            if rows.kind is None and not in_database:
                raise ValueError(f"rows.{name} needs kind, since observers.order is in no database")
        counted = self.order.fulfilled_rows if self.order else None
        if counted is not None:
            if counted not in self.rows:
                raise ValueError(f"order.fulfilled_rows: there is no rows.{counted}")
            if names_in(self.rows[counted].query) != {"order"}:
                raise ValueError(f"order.fulfilled_rows: rows.{counted}.query must take :order and nothing else")
        return self
