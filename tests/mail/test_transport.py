"""Handing letters to a mail server: what is worth another try, and what is never said."""

from __future__ import annotations

import smtplib
import socket
from email.message import EmailMessage
from urllib.parse import quote, urlsplit

import pytest
from pydantic import SecretStr

from moderation.mail import transport
from moderation.mail.transport import MailDelayedError, MailError, send
from moderation.settings import Settings
from tests.mail.postbox import PASSWORD, USER, Postbox, serving, text_of


def settings_of(url: str) -> Settings:
    """Return settings by which mail goes there."""
    return Settings(smtp_url=SecretStr(url), mail_from="comments@service.example")


def letter(recipient: str = "mary@example.com") -> EmailMessage:
    """Return a letter."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Comments <comments@service.example>", recipient, "Grüße"
    made.set_content("Zwölf Boxkämpfer\n")
    return made


def test_a_letter_arrives_as_written() -> None:
    with serving() as postbox:
        send(settings_of(postbox.url), letter())
        arrived = postbox.take()
    assert (arrived["Subject"], arrived["To"]) == ("Grüße", "mary@example.com")
    assert text_of(arrived) == "Zwölf Boxkämpfer\n"


# The server warns of what it is told to do here.
without_encryption = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@without_encryption
def test_a_password_is_used_and_never_told() -> None:
    with serving(wants_password=True) as postbox:
        send(settings_of(f"smtp://{USER}:{quote(PASSWORD)}@127.0.0.1:{postbox.port}"), letter())
        assert postbox.take()
        with pytest.raises(MailDelayedError) as caught:
            send(settings_of(f"smtp://{USER}:wrong-secret@127.0.0.1:{postbox.port}"), letter())
        with pytest.raises(MailError):
            send(settings_of(postbox.url), letter())
    assert "secret" not in str(caught.value)
    settings = settings_of("smtp://me:wrong-secret@mail.example.org")
    assert "wrong-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@without_encryption
def test_no_password_goes_out_where_nothing_is_encrypted() -> None:
    with serving(wants_password=True) as postbox, smtplib.SMTP("127.0.0.1", postbox.port) as server:
        parts = urlsplit(f"smtp://{USER}:{quote(PASSWORD)}@mail.example.org")
        with pytest.raises(MailError, match="no encryption"):
            transport._sign_in(server, parts, encrypted=False)


@pytest.mark.parametrize(
    ("answer", "error"),
    [("451 Try later", MailDelayedError), ("421 Busy", MailDelayedError), ("554 No such mary@example.com", MailError)],
)
def test_what_a_server_says_decides_whether_to_try_again(answer: str, error: type[Exception]) -> None:
    with serving() as postbox:
        postbox.answers.append(answer)
        with pytest.raises(error) as caught:
            send(settings_of(postbox.url), letter())
    assert "mary" not in str(caught.value)


def test_a_server_that_is_away_is_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(MailDelayedError):
            send(settings_of(url), letter())


def test_nothing_is_sent_without_a_server(postbox: Postbox) -> None:
    with pytest.raises(MailError, match="MODERATION_SMTP_URL"):
        send(Settings(), letter())
