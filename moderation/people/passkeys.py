"""Passkeys: key pairs on people's devices. One signs in by itself, since it knows its owner and is held by them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from moderation.clock import new_id
from moderation.errors import FieldError, InvalidError, NotFoundError, UnauthenticatedError
from moderation.people.authenticators import ensure_recovery_codes, forget_unneeded_codes
from moderation.people.deeds import record
from moderation.tables import Passkey, Person

MAX_NAME = 60
_REFUSED = (WebAuthnException, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Relying:
    """Whom a passkey is for: the host, and the origin whose pages may ask for it."""

    host: str
    origin: str


def registration_options(session: Session, relying: Relying, person: Person) -> dict[str, Any]:
    """Return what a browser needs to make a passkey; ``challenge`` is to be kept until it answers."""
    there = [PublicKeyCredentialDescriptor(id=one.credential) for one in list_passkeys(session, person.id)]
    options = generate_registration_options(
        rp_id=relying.host,
        rp_name="Comment moderation",
        user_id=person.id.bytes,
        user_name=person.email,
        exclude_credentials=there,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return dict(json.loads(options_to_json(options)))


def register(
    session: Session, relying: Relying, person: Person, answer: dict[str, Any], challenge: str, name: str, now: datetime
) -> list[str]:
    """Keep a new passkey. Returns recovery codes if there were none. Raises ``InvalidError``."""
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=relying.host,
            expected_origin=relying.origin,
            require_user_verification=True,
        )
    except _REFUSED as error:
        message = "The browser’s answer does not fit; try again."
        raise InvalidError([FieldError("credential", "bad_passkey", message)], message) from error
    name = " ".join(name.split())[:MAX_NAME] or "Passkey"
    session.add(
        Passkey(
            id=new_id(),
            person_id=person.id,
            name=name,
            credential=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            created_at=now,
        )
    )
    session.flush()
    record(session, person.id, f"added the passkey “{name}” of", person.email, now)
    return ensure_recovery_codes(session, person.id)


def authentication_options(session: Session, relying: Relying, person_id: uuid.UUID | None = None) -> dict[str, Any]:
    """Return what a browser needs to sign in, with any passkey or (as a second step) with one of this person's."""
    theirs = list_passkeys(session, person_id) if person_id is not None else []
    options = generate_authentication_options(
        rp_id=relying.host,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one.credential) for one in theirs],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(json.loads(options_to_json(options)))


def authenticate(session: Session, relying: Relying, answer: dict[str, Any], challenge: str, now: datetime) -> Person:
    """Return whose passkey answered the challenge. Raises ``UnauthenticatedError``."""
    refusal = UnauthenticatedError("This passkey does not open anything here.")
    try:
        credential = base64url_to_bytes(str(answer["id"]))
    except _REFUSED as error:
        raise refusal from error
    passkey = session.scalar(select(Passkey).where(Passkey.credential == credential).with_for_update())
    person = session.get(Person, passkey.person_id) if passkey is not None else None
    if passkey is None or person is None or person.disabled_at is not None:
        raise refusal
    try:
        done = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=relying.host,
            expected_origin=relying.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _REFUSED as error:
        raise refusal from error
    passkey.sign_count, passkey.used_at = done.new_sign_count, now
    session.flush()
    return person


def list_passkeys(session: Session, person_id: uuid.UUID) -> list[Passkey]:
    """Return a person's passkeys, the oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id)))


def remove_passkey(session: Session, person: Person, passkey_id: uuid.UUID, now: datetime) -> None:
    """Forget a passkey. Raises ``NotFoundError`` for one that is not this person's."""
    passkey = session.get(Passkey, passkey_id)
    if passkey is None or passkey.person_id != person.id:
        message = "There is no such passkey."
        raise NotFoundError(message)
    session.delete(passkey)
    record(session, person.id, f"removed the passkey “{passkey.name}” of", person.email, now)
    forget_unneeded_codes(session, person.id)
