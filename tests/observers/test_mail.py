"""The mail sink: whatever a target sends is received, decoded where it can be, and delivered to nobody."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage

import pytest

from stripe_audit.errors import TargetError
from stripe_audit.observers.mail import MailSink


@pytest.fixture
def sink() -> Iterator[MailSink]:
    started = MailSink()
    started.start()
    yield started
    started.stop()


def send(sink: MailSink, content: bytes | EmailMessage, to: tuple[str, ...] = ("joe@example.com",)) -> None:
    data = content.as_bytes() if isinstance(content, EmailMessage) else content
    with smtplib.SMTP(*sink.address, timeout=10) as client:
        client.sendmail("shop@example.com", to, data)


def message(text: str, subject: str = "Your order") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "shop@example.com", "joe@example.com"
    made.set_content(text)
    return made


def test_a_mail_is_received_with_its_envelope(sink: MailSink) -> None:
    send(sink, message("Thank you.\n"), ("Joe@Example.com", "hidden@example.com"))
    (mail,) = sink.messages()
    assert (mail.sender, mail.recipients) == ("shop@example.com", ("Joe@Example.com", "hidden@example.com"))
    assert (mail.subject, mail.body.strip()) == ("Your order", "Thank you.")
    assert sink.messages(to="joe@example.com") == [mail]
    assert sink.messages(to="HIDDEN@example.com") == [mail]
    assert sink.messages(to="other@example.com") == []


def test_mails_come_in_the_order_they_were_sent(sink: MailSink) -> None:
    for number in range(5):
        send(sink, message(f"number {number}"))
    assert [mail.body.strip() for mail in sink.messages()] == [f"number {number}" for number in range(5)]


def test_many_senders_at_once(sink: MailSink) -> None:
    threads = [threading.Thread(target=send, args=(sink, message(str(number)))) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(mail.body) for mail in sink.messages()) == list(range(12))


def test_of_several_parts_the_plain_one_is_read(sink: MailSink) -> None:
    made = message("plain ✓")
    made.add_alternative("<p>markup</p>", subtype="html")
    made.add_attachment(b"\0\1", maintype="application", subtype="pdf", filename="receipt.pdf")
    send(sink, made)
    assert sink.messages()[0].body.strip() == "plain ✓"


def test_a_mail_in_markup_alone_is_read_as_it_is(sink: MailSink) -> None:
    made = EmailMessage()
    made["Subject"] = "x"
    made.set_content("<p>Danke schön</p>", subtype="html")
    send(sink, made)
    assert sink.messages()[0].body.strip() == "<p>Danke schön</p>"


@pytest.mark.parametrize(
    ("content", "subject", "body"),
    [
        (b"Subject: =?utf-8?B?QmVzdMOkdGlndW5n?=\r\n\r\nx", "Bestätigung", "x"),
        (b"Subject: =?iso-8859-1?Q?f=FCr_Sie?=\r\n\r\nx", "für Sie", "x"),
        (b"Subject: a\r\n b\r\n\r\nx", "a b", "x"),
        (b"Subject: x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nf\xfcr", "x", "für"),
        (
            b"Subject: x\nContent-Type: text/plain; charset=utf8\r\nContent-Transfer-Encoding: base64\r\n\r\nZsO8cg==",
            "x",
            "für",
        ),
        (b"Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db", "x", "a=b"),
        (b"Subject: x\r\nContent-Type: text/plain; charset=klingon\r\n\r\nqapla", "x", "qapla"),
        (b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe", "x", "��"),
        (b"\r\nno headers", "", "no headers"),
        (b"no headers at all", "", "no headers at all"),
        (b"Subject: x\r\nContent-Type: application/pdf\r\n\r\nx", "x", ""),
        (b"Subject: x\r\n\r\n", "x", ""),
    ],
)
def test_encodings_are_undone(sink: MailSink, content: bytes, subject: str, body: str) -> None:
    send(sink, content)
    (mail,) = sink.messages()
    assert (mail.subject, mail.body.strip()) == (subject, body)


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: =?utf-8?B?!!!!?=\r\n\r\nneedle",
        b"Subject: =?\xff?Q?\r\n\r\nneedle",
        b"Subject: " + b"(" * 200_000 + b"\r\n\r\nneedle",
        b"Content-Type: multipart/mixed\r\n\r\nneedle",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nneedle",
        b'Content-Type: multipart/alternative; boundary=""\r\n\r\n--\r\nneedle',
        b"Content-Type: message/rfc822\r\n\r\nneedle",
        b'Content-Type: text/plain; charset="\r\n\r\nneedle',
        b"Content-Type: ;;;\r\n\r\nneedle",
        b"Content-Transfer-Encoding: base64\r\n\r\nneedle!",
        b"To: <<<>>>@@\r\nFrom: :::;;;\r\nSubject: \xff\xfe\r\n\r\nneedle",
        b"Content-Type: text/plain; charset*=utf-8''%ff\r\n\r\nneedle",
        b"\xff\xfe\xfd needle",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
        + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 2000,
    ],
    ids=map(str, range(14)),
)
def test_no_mail_is_lost_because_it_is_broken(sink: MailSink, content: bytes) -> None:
    began = time.process_time()
    send(sink, content)
    assert len(sink.messages(to="joe@example.com")) == 1
    assert time.process_time() - began < 1


def test_an_oversized_mail_is_refused_and_the_next_one_is_not(sink: MailSink) -> None:
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(sink, message("x" * 3_000_000))
    send(sink, message("small"))
    assert [mail.body.strip() for mail in sink.messages()] == ["small"]


def test_an_address_of_any_script_is_accepted(sink: MailSink) -> None:
    with smtplib.SMTP(*sink.address, timeout=10) as client:
        client.ehlo()
        client.mail("shop@example.com", ["SMTPUTF8", "BODY=8BITMIME"])
        client.rcpt("jörg@example.com")
        client.data("Subject: grüß\r\n\r\nx".encode())
    assert [mail.recipients for mail in sink.messages()] == [("jörg@example.com",)]


def test_what_is_no_smtp_does_not_stop_the_sink(sink: MailSink) -> None:
    for noise in (b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)), b"DATA\r\n.\r\n", b"x" * 100_000):
        with closing(socket.create_connection(sink.address, timeout=10)) as client:
            client.sendall(noise)
    send(sink, message("still here"))
    assert len(sink.messages()) == 1


def test_a_port_in_use_is_told_with_the_setting() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TargetError, match=f"port {port}") as caught:
            MailSink(port).start()
        assert "observers.mail.port" in str(caught.value.hint)
    sink = MailSink(port)
    sink.start()  # the failed one left nothing behind
    assert sink.address == ("127.0.0.1", port)
    sink.stop()


def test_what_was_received_stays_readable_after_the_end(sink: MailSink) -> None:
    send(sink, message("kept"))
    sink.stop()
    sink.stop()
    assert len(sink.messages()) == 1
    with pytest.raises(OSError):
        send(sink, message("late"))


def test_only_the_loopback_is_listened_on(sink: MailSink) -> None:
    assert sink.address[0] == "127.0.0.1"


def test_a_held_mail_gets_no_answer_and_must_come_again(sink: MailSink) -> None:
    sink.hold("Joe@example.com")
    refused: list[int] = []

    def try_it() -> None:
        try:
            send(sink, message("first"))
        except smtplib.SMTPDataError as error:
            refused.append(error.smtp_code)

    sender = threading.Thread(target=try_it)
    sender.start()
    while not sink.is_waiting("joe@example.com"):
        time.sleep(0.005)
    send(sink, message("meanwhile"), ("ann@example.com",))
    assert not refused
    sink.let_go("joe@example.com")
    sender.join(10)
    send(sink, message("again"))
    assert refused == [451]
    assert [mail.body.strip() for mail in sink.messages()] == ["meanwhile", "again"]
