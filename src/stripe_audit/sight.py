"""What a check sees of the target's state, by the observers that the settings declare. They read, and never write."""

from __future__ import annotations

from collections.abc import Callable, Collection

from stripe_audit.deployment.target import TargetClient
from stripe_audit.errors import Skip
from stripe_audit.observers.correlation import about
from stripe_audit.observers.interface import LogLine, LogObserver, Mail, MailObserver, eventually
from stripe_audit.observers.notifications import Notification, NotificationSink
from stripe_audit.observers.rows import RowsObserver
from stripe_audit.payments import Orders, Payment
from stripe_audit.world import World

__all__ = ["Sight"]

_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-correlation-id", "x-trace-id")


class Sight:
    """The part of a context that looks. Each look raises Skip where nothing of its kind is declared."""

    _world: World
    target: TargetClient

    @property
    def orders(self) -> Orders:
        """The target's records of payments. Raises Skip where none is declared."""
        if self._world.make_orders is None:
            raise Skip("no way to read orders is declared", setting="observers.order")
        return Orders(self._world.make_orders(self.target), self._world.patience)

    def rows(self, name: str) -> RowsObserver:
        """The rows of another table that are declared by this name. Raises Skip where there are none."""
        if name not in self._world.rows:
            known = ", ".join(self._world.rows) or "none"
            raise Skip(f"no rows {name!r} are declared, but {known}", setting=f"observers.rows.{name}")
        return self._world.rows[name]

    @property
    def logs(self) -> LogObserver:
        """The target's log. Raises Skip where none is declared."""
        if self._world.logs is None:
            raise Skip("the target's log is not declared", setting="observers.logs")
        return self._world.logs

    @property
    def mail(self) -> MailObserver:
        """The mails that the target sends. Raises Skip where none can be seen."""
        if self._world.mail is None:
            raise Skip("no mail sink is declared", setting="observers.mail")
        return self._world.mail

    @property
    def notifications(self) -> NotificationSink:
        """What the target posts to ``{notification_url}``. Raises Skip where no such sink is declared."""
        if self._world.notifications is None:
            raise Skip("no sink for notifications is declared", setting="observers.notifications")
        return self._world.notifications

    @property
    def alerts_to(self) -> str | None:
        """The address that alerts go to, where it is declared."""
        return self._world.alerts_to

    @property
    def alerts_at(self) -> str | None:
        """The path at which the sink for notifications gets alerts, where it is declared."""
        return self._world.alerts_at

    @property
    def alert_places(self) -> tuple[str, ...]:
        """Where alerts go, as far as it is declared: an address, a path of the sink for notifications."""
        return tuple(place for place in (self.alerts_to, self.alerts_at) if place)

    @property
    def customers_at(self) -> str | None:
        """The path at which the sink for notifications gets what goes to customers, where it is declared."""
        return self._world.customers_at

    @property
    def frontend_failure(self) -> str | None:
        """Why the frontend that this run was to start did not; None where it did, or was not to."""
        return self._world.frontend_failure

    # Waiting

    async def log_lines(
        self, mark: int, is_meant: Callable[[LogLine], bool], *, within: float | None = None, least: int = 1
    ) -> list[LogLine]:
        """The log lines after a mark that are meant, as soon as there are ``least`` of them, or at the deadline."""
        log = self.logs

        async def read() -> list[LogLine]:
            return [line for line in log.since(mark) if is_meant(line)]

        return (await eventually(read, lambda lines: len(lines) >= least, within=within or self._world.patience))[0]

    def lines_about(self, payment: Payment, mark: int, *names: str) -> list[LogLine]:
        """The log lines after a mark that are about a payment: those that name its order, its PaymentIntent or one of
        ``names``, and those of the same requests (by request, trace or correlation id).
        """
        named = [name for name in (payment.order, payment.intent, *names) if name]
        requests = [payment.answer.header(name) for name in _REQUEST_ID_HEADERS]
        return about(self.logs.since(mark), named, [one for one in requests if one])

    async def mails(
        self,
        *,
        to: str,
        is_meant: Callable[[Mail], bool] = lambda mail: True,
        within: float | None = None,
        least: int = 1,
    ) -> list[Mail]:
        """The mails to an address that are meant, as soon as there are ``least`` of them, or at the deadline."""
        sink = self.mail

        async def read() -> list[Mail]:
            return [mail for mail in sink.messages(to=to) if is_meant(mail)]

        return (await eventually(read, lambda mails: len(mails) >= least, within=within or self._world.patience))[0]

    async def notified(
        self, naming: Collection[str], *, at: str | None = None, within: float | None = None, least: int = 1
    ) -> list[Notification]:
        """The notifications that hold one of the texts, as soon as there are ``least`` of them, or at the deadline."""
        sink = self.notifications

        async def read() -> list[Notification]:
            return sink.messages(at=at, naming=naming)

        return (await eventually(read, lambda found: len(found) >= least, within=within or self._world.patience))[0]

    def told(self, email: str, naming: Collection[str]) -> list[Mail | Notification]:
        """What a customer has been told so far: the mails to the address, and the notifications at the path for
        customers that hold the address or one of the texts. Mails come first. Nothing where neither is declared.
        """
        mails = self._world.mail.messages(to=email) if self._world.mail else []
        at = self.customers_at
        return [*mails, *(self.notifications.messages(at=at, naming=[email, *naming]) if at else [])]

    async def hears(
        self,
        email: str,
        naming: Collection[str],
        *,
        until: Callable[[list[Mail | Notification]], bool] = bool,
        within: float | None = None,
    ) -> list[Mail | Notification]:
        """What a customer has been told (``told``), as soon as it is as asked for, or at the deadline."""

        async def read() -> list[Mail | Notification]:
            return self.told(email, naming)

        return (await eventually(read, until, within=within or self._world.patience))[0]

    async def alerts(self, naming: Collection[str], *, within: float | None = None) -> list[Mail | Notification]:
        """What the people who run the target hear that holds one of the texts, by mail or by notification; as soon as
        there is any, or at the deadline. Nothing where no such place is declared (``alert_places``).
        """

        async def read() -> list[Mail | Notification]:
            mails = self.mail.messages(to=self.alerts_to) if self.alerts_to else []
            posted = self.notifications.messages(at=self.alerts_at, naming=naming) if self.alerts_at else []
            return [*(mail for mail in mails if any(text in mail.subject + mail.body for text in naming)), *posted]

        wait = (within or self._world.patience) if self.alert_places else 0.0
        return (await eventually(read, bool, within=wait))[0]
