"""Mails that others keep. Mailpit and MailHog are played by small servers that answer as their documentation shows:
the real ones are in no package registry that the tests may use."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.servers import Answers, always

from stripe_audit.errors import Inconclusive, TargetError
from stripe_audit.observers.mailboxes import Mailbox, Maildir, MailHog, Mailpit


def source(number: int, to: str = "Joe <joe@example.com>", **headers: str) -> bytes:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = f"Für {number}", "Shop <shop@example.com>", to
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(f"number {number} ✓\n")
    return made.as_bytes()


class Catcher:
    """Mails as a catcher keeps them, and its API. ``seen`` is what was asked, ``read`` which mails were marked read."""

    def __init__(self) -> None:
        self.mails: dict[str, bytes] = {}
        self.read: list[str] = []
        self.login: str | None = None
        self.gone: set[str] = set()

    def add(self, count: int = 1, **headers: str) -> None:
        for _ in range(count):
            number = len(self.mails)
            self.mails[f"id/{number}"] = source(number, **headers)

    def page(self, request: web.BaseRequest) -> list[str]:
        start, limit = int(request.query.get("start", 0)), int(request.query.get("limit", 50))
        return list(reversed(self.mails))[start : start + limit]

    def mailpit(self, request: web.BaseRequest) -> web.StreamResponse:
        """As Mailpit's server/ui/api/v1/swagger.json has it: MessagesSummary, Message, the source as plain text."""
        given = request.headers.get("Authorization", "")
        if self.login and given != f"Basic {base64.b64encode(self.login.encode()).decode()}":
            return web.Response(status=401, text="Unauthorised.\n")
        if request.method == "GET" and request.path == "/api/v1/messages":
            listed = [
                {
                    "ID": identity,
                    "MessageID": f"{identity}@x",
                    "Read": identity in self.read,
                    "From": {"Name": "Shop", "Address": "shop@example.com"},
                    "To": [{"Name": "Joe", "Address": "Joe@example.com"}],
                    "Cc": None,
                    "Bcc": [{"Name": "", "Address": "hidden@example.com"}],
                    "ReplyTo": [],
                    "Subject": "Für 0",
                    "Created": "2026-11-25T01:02:03.4Z",
                    "Username": "",
                    "Tags": [],
                    "Size": 512,
                    "Attachments": 0,
                    "Snippet": "number",
                }
                for identity in self.page(request)
            ]
            total = len(self.mails)
            counts = {"total": total, "unread": total, "count": len(listed), "messages_count": total, "start": 0}
            return web.json_response({**counts, "tags": [], "messages": listed})
        identity = request.path.removeprefix("/api/v1/message/").removesuffix("/raw")
        if identity not in self.mails or identity in self.gone:
            return web.Response(status=404, text="404 page not found\n")
        if not request.path.endswith("/raw"):
            self.read.append(identity)
            return web.json_response({"ID": identity, "Text": "number"})
        return web.Response(body=self.mails[identity], content_type="text/plain")

    def mailhog(self, request: web.BaseRequest) -> web.StreamResponse:
        """As MailHog's docs/APIv2 has it: the list holds whole messages, ``Raw`` is what came by SMTP."""
        if request.method != "GET" or request.path != "/api/v2/messages":
            return web.Response(status=404)
        listed = [
            {
                "ID": identity,
                "From": {"Relays": None, "Mailbox": "shop", "Domain": "example.com", "Params": ""},
                "Raw": {
                    "From": "shop@example.com",
                    "To": ["Joe@example.com", "hidden@example.com"],
                    "Data": self.mails[identity].decode("utf-8", "surrogateescape"),
                    "Helo": "localhost",
                },
            }
            for identity in self.page(request)
        ]
        return web.json_response({"total": len(self.mails), "count": len(listed), "start": 0, "items": listed})


KINDS: dict[str, Callable[..., Mailbox]] = {"mailpit": Mailpit, "mailhog": MailHog}


@pytest.fixture(params=KINDS)
def kept(request: pytest.FixtureRequest) -> Iterator[tuple[Catcher, Mailbox, Answers]]:
    catcher = Catcher()
    catcher.add(3)
    with Answers(getattr(catcher, request.param)) as server:
        mailbox = KINDS[request.param](server.url + "/")
        mailbox.start()
        yield catcher, mailbox, server


def numbers(mailbox: Mailbox, **options: Any) -> list[int]:
    return [int(mail.body.split()[1]) for mail in mailbox.messages(**options)]


def test_new_mails_are_read_once_oldest_first(kept: tuple[Catcher, Mailbox, Answers]) -> None:
    catcher, mailbox, server = kept
    assert mailbox.messages() == []
    catcher.add(2)
    first, _ = mailbox.messages()
    assert (first.sender, first.recipients) == ("shop@example.com", ("Joe@example.com", "hidden@example.com"))
    assert (first.subject, first.body) == ("Für 3", "number 3 ✓\n")
    catcher.add(110)
    before = len(server.seen)
    assert numbers(mailbox) == [*range(3, 115)]
    assert numbers(mailbox, to="JOE@example.com") == numbers(mailbox, to="hidden@example.com") == [*range(3, 115)]
    assert numbers(mailbox, to="other@example.com") == []
    assert len(server.seen) - before <= 110 + 2 + 3


def test_nothing_but_get_is_sent_and_no_mail_is_marked_as_read(kept: tuple[Catcher, Mailbox, Answers]) -> None:
    catcher, mailbox, server = kept
    catcher.add(3)
    assert len(mailbox.messages()) == 3
    assert {asked.split()[0] for asked in server.seen} == {"GET"}
    assert catcher.read == []


def test_a_mail_that_was_deleted_meanwhile_is_passed_over_and_what_was_read_stays() -> None:
    catcher = Catcher()
    with Answers(catcher.mailpit) as server:
        mailbox = Mailpit(server.url)
        mailbox.start()
        catcher.add(2)
        catcher.gone.add("id/0")
        assert numbers(mailbox) == [1]
        catcher.mails.clear()
        assert numbers(mailbox) == [1]


def test_a_login_is_sent_and_told_by_nobody() -> None:
    catcher = Catcher()
    catcher.login = "audit:s3cret-word"
    with Answers(catcher.mailpit) as server:
        Mailpit(server.url, login="audit:s3cret-word").start()
        with pytest.raises(TargetError, match="answered 401") as caught:
            Mailpit(server.url, login="audit:wrong-word").start()
    assert "wrong-word" not in f"{caught.value} {caught.value.hint}"


def page(text: str) -> Answers:
    return Answers(lambda request: web.Response(text=text, content_type="application/json"))


@pytest.mark.parametrize("kind", [Mailpit, MailHog])
def test_what_is_no_catcher_of_mails_is_said(kind: type[Mailpit]) -> None:
    for answers in (always(500), always(302), page("<html>"), page("[]"), page('{"messages": 3, "items": 3}')):
        with answers as server, pytest.raises(TargetError, match="mails cannot be read") as caught:
            kind(server.url).start()
        assert caught.value.hint and "observers.mail.url" in caught.value.hint
    with pytest.raises(TargetError, match="refused"):
        kind("http://127.0.0.1:1").start()


def test_a_catcher_that_ends_during_the_run_is_no_finding() -> None:
    catcher = Catcher()
    with Answers(catcher.mailpit) as server:
        mailbox = Mailpit(server.url)
        mailbox.start()
    with pytest.raises(Inconclusive) as caught:
        mailbox.messages()
    assert caught.value.supply == "observers.mail.url"


# A maildir


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    (tmp_path / "mail/cur/0.old.host:2,S").write_bytes(source(0))
    return tmp_path / "mail"


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(one): (one.stat().st_mtime_ns, one.read_bytes()) for one in folder.rglob("*") if one.is_file()}


def test_mails_in_a_maildir_are_read_where_they_lie(folder: Path) -> None:
    mailbox = Maildir(folder)
    mailbox.start()
    (folder / "new/1.a.host").write_bytes(source(1, Return_Path="<bounces@example.com>", Cc="ann@example.com"))
    (folder / "new/2.b.host,S=3").write_bytes(source(2, to="other@example.com", Delivered_To="joe@example.com"))
    (folder / "tmp/3.c.host").write_bytes(source(3))
    (folder / "new/.hidden").write_bytes(source(4))
    os.utime(folder / "new/1.a.host", ns=(1, 1))
    before, folders = state(folder), [(folder / name).stat().st_mtime_ns for name in ("new", "cur", "tmp")]
    assert sorted(numbers(mailbox, to="joe@example.com")) == [1, 2]
    first = next(mail for mail in mailbox.messages() if "number 1" in mail.body)
    assert (first.sender, first.recipients) == ("bounces@example.com", ("joe@example.com", "ann@example.com"))
    assert first.subject == "Für 1"
    assert state(folder) == before
    assert [(folder / name).stat().st_mtime_ns for name in ("new", "cur", "tmp")] == folders


def test_a_mail_that_its_reader_moves_is_read_once(folder: Path) -> None:
    mailbox = Maildir(folder)
    mailbox.start()
    (folder / "new/1.a.host").write_bytes(source(1))
    assert numbers(mailbox) == [1]
    (folder / "new/1.a.host").rename(folder / "cur/1.a.host:2,S")
    (folder / "new/2.a.host").write_bytes(source(2))
    assert numbers(mailbox) == [1, 2]


def test_a_maildir_that_never_comes_is_not_an_empty_one(tmp_path: Path) -> None:
    mailbox = Maildir(tmp_path / "mail")
    mailbox.start()
    with pytest.raises(Inconclusive, match="is no maildir") as caught:
        mailbox.messages()
    assert caught.value.supply == "observers.mail.path"
    for name in ("new", "cur"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    (tmp_path / "mail/new/1.a.host").write_bytes(source(1))
    assert numbers(mailbox) == [1]
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetError, match="is no maildir"):
        Maildir(tmp_path / "file").start()


def test_no_mail_is_lost_because_it_is_broken(folder: Path) -> None:
    mailbox = Maildir(folder)
    mailbox.start()
    for number, content in enumerate([b"", b"\xff\xfe", b"To: <<<>>>@@\nFrom: :;\n\nx", b"x" * 2_000_000]):
        (folder / f"new/{number}.x").write_bytes(content)
    assert len(mailbox.messages()) == 4
