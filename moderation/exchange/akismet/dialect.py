"""What a call says of a comment, in our words. Nothing a client sends is refused: what cannot be used is kept aside."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from moderation.comments.submission import MAX_BODY, MAX_NAME, MAX_THREAD, MAX_URL, Submission, is_blank
from moderation.exchange.akismet.wire import Fields
from moderation.people.sites import origin_of

_GUARANTEED_AUTHOR: Final = ("akismet-guaranteed-spam", "viagra-test-123")
_GUARANTEED_EMAIL: Final = "akismet-guaranteed-spam@example.com"
#: Fields that people do not see, whatever a form calls them: filled in, they give a machine away.
_HONEYPOTS: Final = ("hidden_honeypot_field", "POST_ak_hp_textarea", "akismet_api_honeypot_field")
_LIMITS: Final = {
    "thread": MAX_THREAD,
    "thread_url": MAX_URL,
    "author_name": MAX_NAME,
    "author_email": 320,
    "author_url": MAX_URL,
    "body": MAX_BODY,
    "ip": 60,
    "user_agent": 2000,
    "referrer": MAX_URL,
    "created_at": 40,
    "author_role": 100,
}
_LINES: Final = frozenset(_LIMITS) - {"body", "user_agent", "referrer"}
_ADMINISTRATOR: Final = "administrator"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_BIDI: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call about a comment."""

    submission: Submission
    #: What could not be used as it came, by our names.
    unusable: dict[str, str]
    blog: str
    #: A person cannot have filled this in.
    honeypot: str
    is_guaranteed_spam: bool
    is_administrator: bool
    is_test: bool
    wants_discard: bool
    wants_class: bool
    #: Why a comment that was checked before is checked again.
    recheck_reason: str
    callback: str
    guid: uuid.UUID | None
    reporter: str
    post: str
    parent: str


def parse_asked(fields: Fields, origins: Sequence[str]) -> Asked:
    """Return what the fields say. ``origins``: the site's own, by which its pages are known."""
    roles = [role.strip().lower() for role in fields.get("user_role", "").split(",") if role.strip()]
    submission, unusable = _submission(fields, roles, origins)
    author, email = fields.get("comment_author", "").strip().lower(), fields.get("comment_author_email", "").strip()
    return Asked(
        submission=submission,
        unusable=unusable,
        blog=fields.get("blog", "").strip(),
        honeypot=_honeypot(fields),
        is_guaranteed_spam=author in _GUARANTEED_AUTHOR or email.lower() == _GUARANTEED_EMAIL,
        is_administrator=_ADMINISTRATOR in roles,
        is_test=_is_true(fields.get("is_test", "")),
        wants_discard=_is_true(fields.get("test_discard", "")),
        wants_class=_is_true(fields.get("classify", "")),
        recheck_reason=fields.get("recheck_reason", "").strip(),
        callback=fields.get("callback", "").strip(),
        guid=_guid(fields.get("guid", "") or fields.get("akismet_guid", "")),
        reporter=_reporter(fields.get("reporter", "")),
        post=_number(fields.get("comment_post_ID", "")),
        parent=_number(fields.get("comment_parent", "")),
    )


def is_blog(blog: str) -> bool:
    """Tell whether this can be the address of a website, with its scheme or without."""
    return origin_of(blog if "//" in blog else f"http://{blog}") is not None


def _submission(fields: Fields, roles: Sequence[str], origins: Sequence[str]) -> tuple[Submission, dict[str, str]]:
    permalink = fields.get("permalink", "").strip()
    kind = _line(fields.get("comment_type", "") or fields.get("content_type", "")) or "comment"
    body = _text(fields.get("comment_content", ""))
    given = {
        "thread": thread_key(permalink, kind, origins),
        "thread_url": permalink if origin_of(permalink) in origins else "",
        "author_name": fields.get("comment_author", ""),
        "author_email": fields.get("comment_author_email", ""),
        "author_url": fields.get("comment_author_url", ""),
        # Of a registration there is no text to be checked; a comment of ours has one.
        "body": f"[{kind} without text]" if is_blank(body) else body,
        "ip": fields.get("user_ip", "") or fields.get("comment_author_IP", ""),
        "user_agent": fields.get("user_agent", ""),
        "referrer": fields.get("referrer", "") or fields.get("referer", ""),
        "created_at": fields.get("comment_date_gmt", ""),
        "author_role": _ADMINISTRATOR if _ADMINISTRATOR in roles else next(iter(roles), ""),
    }
    usable = {name: _fit(name, value) for name, value in given.items()}
    usable = {name: value for name, value in usable.items() if value}
    unusable: dict[str, str] = {}
    while True:
        try:
            return Submission.model_validate(usable), unusable
        except ValidationError as error:
            # Thread and body are made to fit, so each round has something to put aside.
            for name in {str(detail["loc"][0]) for detail in error.errors()}:
                unusable[name] = usable.pop(name)


def thread_key(permalink: str, kind: str, origins: Sequence[str]) -> str:
    """Return by what a page is known: its path on the site itself, its whole address elsewhere, else what it is for."""
    if origin_of(permalink) is None:
        return f"({kind})"[:MAX_THREAD]
    key = _line(permalink)
    if origin_of(permalink) in origins:
        parts = urlsplit(key)
        key = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if len(key) > MAX_THREAD:
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        key = f"{key[: MAX_THREAD - len(digest) - 1]}#{digest}"
    return key


def _fit(name: str, value: str) -> str:
    clean = _line(value) if name in _LINES else _text(value)
    return clean[: _LIMITS[name]]


def _text(value: str) -> str:
    return _CONTROL.sub(" ", value)


def _line(value: str) -> str:
    text = _BIDI.sub("", _text(value))
    return "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text).strip()


def _honeypot(fields: Fields) -> str:
    names = (fields.get("honeypot_field_name", ""), *_HONEYPOTS)
    return next((fields[name] for name in names if name and fields.get(name, "").strip()), "")


def _reporter(value: str) -> str:
    # WordPress names nobody as 0.
    name = _line(value)[:100]
    return "" if name == "0" else name


def _is_true(value: str) -> bool:
    return value.strip().lower() in {"1", "true", "yes", "on"}


def _guid(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value.strip())
    except ValueError:
        return None


def _number(value: str) -> str:
    value = value.strip()
    return value if value.isascii() and value.isdecimal() and len(value) <= 20 else ""  # noqa: PLR2004 -- 64 bits
