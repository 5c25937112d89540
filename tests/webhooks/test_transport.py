"""Sending one request: to the address that was looked at, bounded in time and size, redirects not followed."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from moderation.webhooks.transport import KEPT_ANSWER, Letter, Transport
from tests.webhooks.receivers import receiving


def letter(url: str) -> Letter:
    return Letter(url, {"Content-Type": "application/json"}, b"{}")


LOCAL = Transport(allow_private=True, deadline=1.0)


def test_an_answer_is_kept_in_part() -> None:
    with receiving(text=b"line\nline\x00 \xff" + b"x" * 100_000) as receiver:
        answer = LOCAL(letter(f"{receiver.url}/a/path?with=query"))
    assert answer.status == 200
    assert answer.text.startswith("line line")
    assert len(answer.text) <= KEPT_ANSWER


def test_a_redirect_is_not_followed() -> None:
    with receiving(answers=["302 Found"]) as receiver:
        assert LOCAL(letter(receiver.url)).status == 302
        assert len(receiver.bodies) == 1


def test_nothing_is_sent_to_a_private_address_unless_it_is_allowed() -> None:
    with receiving() as receiver:
        answer = Transport()(letter(receiver.url))
        assert answer.status is None
        assert "private" in answer.text
        assert Transport()(letter(receiver.url.replace("127.0.0.1", "localhost"))).status is None
        assert receiver.bodies == []


def test_a_name_is_resolved_once_and_that_address_connected_to() -> None:
    """A name server that says something else the second time is asked no second time."""
    with receiving() as receiver:
        port = int(receiver.url.rpartition(":")[2])
        asked: list[str] = []

        def rebinding(host: str, _port: int) -> Sequence[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

        answer = Transport(allow_private=True, resolve=rebinding)(letter(f"http://rebinding.example:{port}/"))
        assert (answer.status, asked) == (200, ["rebinding.example"])
        assert receiver.headers[0]["host"] == f"rebinding.example:{port}"
        refused = Transport(resolve=lambda *_: ["127.0.0.1"])(letter(f"http://rebinding.example:{port}/"))
        assert (refused.status, len(receiver.bodies)) == (None, 1)


def test_a_name_that_is_none_is_told() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    answer = Transport(resolve=unknown)(letter("https://nowhere.example/"))
    assert (answer.status, answer.text) == (None, "nowhere.example cannot be found: Name or service not known.")


@contextmanager
def speaking(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that says what it is told to the first who comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    speak(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(10)


def drip(what: bytes) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        connection.sendall(what)
        for _ in range(200):
            connection.sendall(b"a")
            time.sleep(0.05)

    return speak


@pytest.mark.parametrize(
    ("beginning", "status"),
    [
        (b"", None),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 200),
    ],
)
def test_a_server_that_sends_byte_by_byte_is_cut_off(beginning: bytes, status: int | None) -> None:
    with speaking(drip(beginning)) as url:
        started = time.monotonic()
        answer = LOCAL(letter(url))
        assert time.monotonic() - started < 5
    assert answer.status == status


@pytest.mark.parametrize("words", [b"", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 ??? OK\r\n\r\n"])
def test_an_answer_that_is_none_is_told(words: bytes) -> None:
    def speak(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(words)

    with speaking(speak) as url:
        answer = LOCAL(letter(url))
    assert answer.status is None
    assert answer.text.startswith("The connection failed")


def test_a_closed_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    answer = LOCAL(letter(f"http://127.0.0.1:{port}/"))
    assert (answer.status, answer.text) == (None, "The connection failed: Connection refused.")


def test_a_certificate_that_is_not_the_names_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = make_certificate("other.example")
    (folder / "both.pem").write_bytes(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    with speaking(lambda connection: context.wrap_socket(connection, server_side=True).close()) as url:
        answer = LOCAL(letter(url.replace("http:", "https:")))
    assert answer.status is None
    assert "SSL" in answer.text or "certificate" in answer.text


def make_certificate(name: str) -> tuple[bytes, bytes]:
    """A certificate that nobody trusts, and its key."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem), private
