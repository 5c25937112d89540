"""Handing a letter to the mail server, by SMTP."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

from moderation.errors import ModerationError
from moderation.settings import Settings

TIMEOUT = 20
PORTS = {"smtp": 587, "smtps": 465}
_PERMANENT = 500


class MailError(ModerationError):
    """The letter cannot be sent, now or ever. The message names neither whom it was for nor what it said."""

    code = "mail_refused"


class MailDelayedError(Exception):
    """The mail server is away or asks to try later."""


def send(settings: Settings, letter: EmailMessage) -> None:
    """Send the letter. Raises ``MailDelayedError`` where it is worth trying again, else ``MailError``."""
    if settings.smtp_url is None:
        message = "No mail server is set (MODERATION_SMTP_URL)."
        raise MailError(message)
    parts = urlsplit(settings.smtp_url.get_secret_value())
    try:
        with _connect(parts) as server:
            server.send_message(letter)
    except smtplib.SMTPAuthenticationError:
        # Somebody will mend the setting, and no letter is to be lost by it.
        message = "The mail server refuses the name or the password."
        raise MailDelayedError(message) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code) from None
    except smtplib.SMTPRecipientsRefused as error:
        # What the server says may quote the address, and this is for a log that people read.
        raise _refused(max(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPNotSupportedError:
        message = "The mail server cannot do what this address or the password needs."
        raise MailError(message) from None
    except (OSError, smtplib.SMTPException) as error:
        message = f"The mail server cannot be reached ({type(error).__name__})."
        raise MailDelayedError(message) from None


def _refused(code: int) -> Exception:
    if code >= _PERMANENT:
        return MailError(f"The mail server refuses the letter ({code}).")
    return MailDelayedError(f"The mail server asks to try later ({code}).")


def _connect(parts: SplitResult) -> smtplib.SMTP:
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        _sign_in(server, parts, encrypted=parts.scheme == "smtps" or _is_this_machine(host))
    except BaseException:
        server.close()
        raise
    return server


def _sign_in(server: smtplib.SMTP, parts: SplitResult, *, encrypted: bool) -> None:
    server.ehlo()
    if not encrypted and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
        encrypted = True
    if parts.username:
        if not encrypted:
            message = "The mail server offers no encryption, and the password is not sent without."
            raise MailError(message)
        server.login(unquote(parts.username), unquote(parts.password or ""))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
