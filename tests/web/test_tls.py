"""Old versions of TLS are told from new ones by a handshake that is begun by hand."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stripe_audit.demo.serving import CA_FILE
from stripe_audit.web.tls import OLD_TLS, accepts_old_tls, client_hello, days_left, is_taken, why_distrusted


def context(oldest: ssl.TLSVersion) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = oldest
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.load_cert_chain(CA_FILE.with_name("shop.pem"))
    return made


@contextmanager
def serving(answer) -> Iterator[int]:
    """A server for one connection at a time; ``answer`` gets the socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        answer(connection)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def handshake(oldest: ssl.TLSVersion):
    made = context(oldest)
    return lambda connection: made.wrap_socket(connection, server_side=True).close()


@pytest.mark.skipif(not ssl.HAS_TLSv1, reason="this machine's OpenSSL has no TLS 1.0")
def test_a_server_that_takes_old_versions_is_told_from_one_that_takes_new_ones_only():
    with serving(handshake(ssl.TLSVersion.TLSv1)) as port:
        assert [accepts_old_tls("127.0.0.1", port, version) for version in OLD_TLS.values()] == [True, True]
    with serving(handshake(ssl.TLSVersion.TLSv1_1)) as port:
        assert [accepts_old_tls("127.0.0.1", port, version) for version in OLD_TLS.values()] == [False, True]
    with serving(handshake(ssl.TLSVersion.TLSv1_2)) as port:
        assert [accepts_old_tls("127.0.0.1", port, version) for version in OLD_TLS.values()] == [False, False]


def test_what_is_no_tls_and_what_is_not_there_are_told_apart():
    with serving(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        assert accepts_old_tls("127.0.0.1", port, 0x0301) is None
    with serving(lambda connection: connection.recv(1)) as port:
        assert accepts_old_tls("127.0.0.1", port, 0x0301) is False
    with pytest.raises(OSError, match="refused"):
        accepts_old_tls("127.0.0.1", port, 0x0301)


def test_a_server_that_says_nothing_is_left_after_the_timeout():
    silence = threading.Event()
    with serving(lambda connection: silence.wait(5)) as port:
        assert accepts_old_tls("127.0.0.1", port, 0x0301, timeout=0.1) is False
        silence.set()


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        (b"\x16\x03\x01\x00\x31\x02\x00\x00\x2d\x03\x01", True),
        (b"\x16\x03\x03\x00\x31\x02\x00\x00\x2d\x03\x03", False),
        (b"\x15\x03\x01\x00\x02\x02\x46", False),
        (b"", False),
        (b"\x16\x03\x01", None),
        (b"SSH-2.0-OpenSSH_9", None),
    ],
)
def test_the_first_bytes_of_an_answer_tell_whether_it_was_taken(answer, taken):
    assert is_taken(answer, 0x0301) is taken


def test_a_name_is_sent_and_an_address_is_not():
    assert b"shop.example" in client_hello("shop.example", 0x0301)
    assert b"127.0.0.1" not in client_hello("127.0.0.1", 0x0301)
    assert len(client_hello("::1", 0x0302)) == len(client_hello("127.0.0.1", 0x0302))


def test_the_days_of_a_certificate_are_counted_where_it_is_trusted():
    served = context(ssl.TLSVersion.TLSv1_2)

    def answer(connection: socket.socket) -> None:
        try:
            served.wrap_socket(connection, server_side=True).close()
        except OSError:  # the client does not trust us
            pass

    with serving(answer) as port:
        left = days_left("127.0.0.1", port, str(CA_FILE))
        assert left is not None and left > 30
        assert days_left("127.0.0.1", port) is None


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'a.test'", "another name"),
        ("certificate verify failed: certificate has expired", "renew"),
        ("certificate verify failed: self-signed certificate", "signed"),
        ("certificate verify failed: unable to get local issuer certificate", "intermediate"),
        ("certificate verify failed: something new", "something new"),
    ],
)
def test_a_certificate_that_is_not_trusted_says_what_to_do(message, word):
    assert message in why_distrusted(message)
    assert word in why_distrusted(message)
