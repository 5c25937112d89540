"""Akismet's own host, as far as a client can tell: a proxy on loopback that leads every name to the service.

Clients whose host cannot be set are sent there by the environment's own ``https_proxy`` and ``http_proxy``, with the
certificate of an authority made for the test; nothing of the machine is changed, and nothing of the client.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "rest.akismet.com"


@dataclass(frozen=True, slots=True)
class FarEnd:
    """Where the proxy listens, and the certificate of the authority that vouches for what is behind it."""

    proxy: str
    authority: Path

    @property
    def environment(self) -> dict[str, str]:
        """What leads clients there that know of proxies."""
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        return {
            **dict.fromkeys(names, self.proxy),
            "no_proxy": "",
            "NO_PROXY": "",
            # Perl's library looks at the environment only when told to, and Ruby's and Python's trust this file.
            "PERL_LWP_ENV_PROXY": "1",
            "SSL_CERT_FILE": str(self.authority),
        }


@contextmanager
def far_end(folder: Path, port: int) -> Iterator[FarEnd]:
    """Run the proxy in front of the service at ``port``."""
    authority, chain = _certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_accept, args=(server, context, port), daemon=True)
        thread.start()
        yield FarEnd(f"http://127.0.0.1:{server.getsockname()[1]}", authority)
        # Closing alone would leave it waiting for one more.
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _accept(server: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, context, port), daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as service:
        head = _head(client)
        method, target, rest = head.split(b" ", 2)
        if method == b"CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with context.wrap_socket(client, server_side=True) as secure:
                _pipe(secure, service)
            return
        # A proxy is asked for the whole address, a server for the path.
        path = b"/" + target.split(b"/", 3)[3]
        service.sendall(b" ".join([method, path, rest]))
        _pipe(client, service)


def _head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(1)
    return head


def _pipe(client: socket.socket, service: socket.socket) -> None:
    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=copy, args=(service, client), daemon=True)
    back.start()
    copy(client, service)
    back.join(10)


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Make an authority, and what it signs for the host and all names below it."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = _named("An authority of the tests"), _named(HOST)
    root = (
        _begin(root_name, root_name, root_key, 1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName(f"*.{HOST}")])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    leaf = (
        _begin(name, root_name, key, 2)
        .add_extension(names, critical=False)
        .add_extension(issuer, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    authority, chain = folder / "authority.pem", folder / "chain.pem"
    authority.write_bytes(root.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(private + leaf.public_bytes(pem))
    return authority, chain


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, number: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
