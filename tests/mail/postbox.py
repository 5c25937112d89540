"""A real mail server on the loopback, which keeps what it is sent."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "comments", "p@ss word"


class Postbox:
    """What has come, and what the server answers next."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        #: The last letter as it came over the wire: what is parsed hides how it was folded.
        self.wire = b""
        #: Answers to give instead of taking a letter.
        self.answers: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- its name
        """Keep a letter."""
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        letter = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        assert envelope.rcpt_tos == [letter["To"].addresses[0].addr_spec]
        self.letters.append(letter)
        self.wire = content
        return "250 OK"

    def take(self) -> EmailMessage:
        """Return the one letter there is, and empty the box."""
        (letter,) = self.letters
        self.letters.clear()
        return letter


def text_of(letter: EmailMessage) -> str:
    """Return a letter's words."""
    return str(letter.get_content()).replace("\r\n", "\n")


def _check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object) -> AuthResult:
    assert isinstance(login, LoginPassword)
    good = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@contextmanager
def serving(*, wants_password: bool = False) -> Iterator[Postbox]:
    """Serve a mailbox."""
    postbox = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        postbox.port = free.getsockname()[1]
    more: dict[str, Any] = (
        {"authenticator": _check, "auth_required": True, "auth_require_tls": False} if wants_password else {}
    )
    controller = Controller(postbox, hostname="127.0.0.1", port=postbox.port, **more)
    controller.start()
    try:
        yield postbox
    finally:
        controller.stop()
