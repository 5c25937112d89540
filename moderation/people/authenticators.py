"""Second factors besides passkeys: one-time codes of an app, and recovery codes on paper."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from moderation.errors import ConflictError, FieldError, InvalidError, UnauthenticatedError
from moderation.people.deeds import record
from moderation.people.secrets import digest_secret
from moderation.tables import Authenticator, Passkey, Person, RecoveryCode

ISSUER = "Comment moderation"
CODES = 10
#: Clocks of phones differ: the code before and the one after count, too.
_DRIFT = (0, -1, 1)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app needs to know: the secret, for typing, and the QR code that holds it, as SVG."""

    secret: str
    svg: str


def enrol(session: Session, person: Person, secret_key: str, now: datetime) -> Enrolment:
    """Begin to set up an app. It counts only once ``confirm`` has seen a code of it; until then, the secret stays."""
    row = session.get(Authenticator, person.id)
    if row is not None and row.confirmed_at is not None:
        message = "One-time codes are set up already. Remove them first to set up another app."
        raise ConflictError(message)
    secret = _open(row, secret_key) if row is not None else None
    if secret is None:
        secret = pyotp.random_base32()
        sealed = _vault(secret_key).encrypt(secret.encode())
        session.merge(Authenticator(person_id=person.id, secret=sealed, created_at=now, confirmed_at=None, last_step=0))
        session.flush()
    address = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER)
    picture = BytesIO()
    segno.make(address, error="m").save(
        picture, kind="svg", scale=4, border=2, xmldecl=False, svgns=True, svgclass="qr", lineclass=None, light="#fff"
    )
    return Enrolment(secret, picture.getvalue().decode())


def confirm(session: Session, person: Person, code: str, secret_key: str, now: datetime) -> list[str]:
    """Switch one-time codes on. Returns recovery codes if there were none. Raises ``InvalidError``."""
    row = session.get(Authenticator, person.id, with_for_update=True)
    if row is None or row.confirmed_at is not None or not _code_fits(row, code, secret_key, now):
        message = "This is not the code that the app shows now. Is the phone’s clock right?"
        raise InvalidError([FieldError("code", "wrong_code", message)], message)
    row.confirmed_at = now
    record(session, person.id, "set up one-time codes for", person.email, now)
    return ensure_recovery_codes(session, person.id)


def remove(session: Session, person: Person, now: datetime) -> None:
    """Switch one-time codes off."""
    session.execute(delete(Authenticator).where(Authenticator.person_id == person.id))
    record(session, person.id, "removed one-time codes of", person.email, now)
    forget_unneeded_codes(session, person.id)


def forget_unneeded_codes(session: Session, person_id: uuid.UUID) -> None:
    """Recovery codes stand in for a second factor; where there is none, they go, too."""
    session.flush()
    if not has_second_factor(session, person_id):
        session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def has_second_factor(session: Session, person_id: uuid.UUID) -> bool:
    """Tell whether a password alone does not let this person in."""
    return has_authenticator(session, person_id) or (
        session.scalar(select(Passkey.id).where(Passkey.person_id == person_id).limit(1)) is not None
    )


def has_authenticator(session: Session, person_id: uuid.UUID) -> bool:
    """Tell whether one-time codes are set up."""
    row = session.get(Authenticator, person_id)
    return row is not None and row.confirmed_at is not None


def check_code(session: Session, person: Person, code: str, secret_key: str, now: datetime) -> None:
    """Take a one-time code or a recovery code; each opens once. Raises ``UnauthenticatedError``."""
    row = session.get(Authenticator, person.id, with_for_update=True)
    if row is not None and row.confirmed_at is not None and _code_fits(row, code, secret_key, now):
        return
    digest = digest_secret(_plain(code))
    used = session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.person_id == person.id, RecoveryCode.digest == digest, RecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .returning(RecoveryCode.digest)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        message = "This code is not right, or was used already."
        raise UnauthenticatedError(message)
    record(session, person.id, "used a recovery code of", person.email, now)


def ensure_recovery_codes(session: Session, person_id: uuid.UUID) -> list[str]:
    """Make recovery codes if there are none, and return the new ones, the only time they are known."""
    return [] if recovery_codes_left(session, person_id) else new_recovery_codes(session, person_id)


def new_recovery_codes(session: Session, person_id: uuid.UUID) -> list[str]:
    """Make recovery codes in place of those there are."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    # 80 random bits, which a plain digest is enough for.
    plain = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(CODES)]
    session.add_all(RecoveryCode(person_id=person_id, digest=digest_secret(code)) for code in plain)
    session.flush()
    return ["-".join(code[place : place + 4] for place in range(0, 16, 4)) for code in plain]


def recovery_codes_left(session: Session, person_id: uuid.UUID) -> int:
    """Return how many recovery codes have not been used."""
    query = select(func.count()).select_from(RecoveryCode)
    return session.scalar(query.where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))) or 0


def _code_fits(row: Authenticator, code: str, secret_key: str, now: datetime) -> bool:
    secret = _open(row, secret_key)
    digits = _plain(code)
    if secret is None or not (digits.isascii() and digits.isdigit()):
        return False
    totp = pyotp.TOTP(secret)
    present = totp.timecode(now)
    for drift in _DRIFT:
        step = present + drift
        if step > row.last_step and hmac.compare_digest(totp.generate_otp(step), digits):
            row.last_step = step
            return True
    return False


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()[:64]


def _vault(secret_key: str) -> Fernet:
    # A key of its own out of the service's secret, which is not in the database.
    key = hashlib.blake2b(secret_key.encode(), digest_size=32, person=b"authenticator").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _open(row: Authenticator, secret_key: str) -> str | None:
    try:
        return _vault(secret_key).decrypt(row.secret).decode()
    except InvalidToken:
        # The service's secret has been changed since; the app must be set up anew.
        return None
