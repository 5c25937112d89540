"""A site's rules as a form: what each field is called, how its value is written, and how it is read back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from moderation.policy.rules import Rules


class Kind(StrEnum):
    """How a rule is written."""

    PERCENT = "percent"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    WORDS = "words"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Field:
    """One rule on the form."""

    name: str
    label: str
    kind: Kind
    help: str = ""
    unit: str = ""
    #: What leaving it empty means; nothing: it must be filled in.
    empty: str = ""


PROMISE = (
    "What may go wrong, and how surely it goes wrong no more often. The model solves its cuts from a promise; blind "
    "audits hold the service to this one."
)
WORDS = (
    "One word or phrase a line. Whole words only, whatever the script and the case, in name, address, link and text."
)
TRUST = (
    "Only for authors who have no spam, and whose address is verified: the site’s own server sends their role, or "
    "they followed a link mailed to it. An address that anybody can type in earns none. The lists above still count."
)
GROUPS: tuple[tuple[str, str, tuple[Field, ...]], ...] = (
    (
        "Mode",
        "",
        (
            Field(
                "log_only",
                "Log-only: act on nothing",
                Kind.FLAG,
                "Every comment that is taken in is published. What would have been done is recorded and counted.",
            ),
            Field("hold_everything", "Publish nothing unseen", Kind.FLAG, "Every comment waits for a moderator."),
        ),
    ),
    (
        "Promise",
        PROMISE,
        (
            Field("max_ham_as_spam", "Genuine comments kept as spam, at most", Kind.PERCENT, unit="%"),
            Field("max_spam_in_published", "Spam among published comments, at most", Kind.PERCENT, unit="%"),
            Field("confidence", "How surely", Kind.PERCENT, unit="%"),
            Field("audit_spam", "Audited of what is kept as spam", Kind.PERCENT, unit="%"),
            Field("audit_published", "Audited of what is published", Kind.PERCENT, unit="%"),
            Field("audit_repeated", "Audits that a second person answers, too", Kind.PERCENT, unit="%"),
        ),
    ),
    (
        "Cuts of your own",
        "Leave both empty to use the model’s, which it solved from its promise.",
        (
            Field("publish_below", "Publish below a spam probability of", Kind.PERCENT, unit="%", empty="the model’s"),
            Field("spam_above", "Keep as spam from a spam probability of", Kind.PERCENT, unit="%", empty="the model’s"),
        ),
    ),
    (
        "Words",
        WORDS,
        (
            Field("spam_words", "Spam list: keeps the comment as spam", Kind.WORDS),
            Field("hold_words", "Watch list: holds the comment", Kind.WORDS),
        ),
    ),
    (
        "Links, forms and floods",
        "",
        (
            Field("max_links", "Hold comments with more links than", Kind.WHOLE, unit="links", empty="any number"),
            Field("min_form_seconds", "Hold forms sent back within", Kind.NUMBER, unit="seconds"),
            Field("comments_per_minute", "Comments from one address, at most", Kind.WHOLE, unit="a minute"),
        ),
    ),
    (
        "Authors",
        "",
        (
            Field("hold_first_comment", "Hold an author’s first comment", Kind.FLAG, "Until one has been published."),
            Field(
                "trust_after",
                "Publish unseen after",
                Kind.WHOLE,
                TRUST,
                unit="published comments",
                empty="never",
            ),
            Field("trusted_roles", "Roles always published", Kind.LIST, "As the site’s server names them, by comma."),
        ),
    ),
    (
        "Threads and writers",
        "",
        (
            Field("edit_minutes", "Let writers change their comment for", Kind.WHOLE, "0: not at all.", unit="minutes"),
            Field("close_after_days", "Take no comments after", Kind.WHOLE, unit="days", empty="never"),
        ),
    ),
)
FIELDS = {field.name: field for _, _, fields in GROUPS for field in fields}


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered: the texts to show again, the rules if they are any, and what is wrong by field."""

    texts: Mapping[str, str]
    rules: Rules | None
    errors: Mapping[str, str]


def texts_of(rules: Rules) -> dict[str, str]:
    """Return the rules as the form writes them."""
    return {name: write(field, getattr(rules, name)) for name, field in FIELDS.items()}


def write(field: Field, value: object) -> str:
    """Return a rule's value as the form writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, tuple):
        return ("\n" if field.kind is Kind.WORDS else ", ").join(value)
    if isinstance(value, int | float):
        return f"{100 * value if field.kind is Kind.PERCENT else value:.10g}"
    return str(value)


def tell(name: str, value: object) -> str:
    """Return a rule's value for people."""
    field = FIELDS.get(name)
    if field is None:
        return str(value)
    if field.kind is Kind.FLAG:
        return "yes" if value else "no"
    return f"{write(field, value)} {field.unit}".strip() if value is not None else field.empty


def read(form: Mapping[str, str], present: Rules) -> Entered:
    """Read the form. Rules that are not on it stay as they are at ``present``; every bad field is named."""
    texts = {name: form.get(name, "") for name in FIELDS}
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, field in FIELDS.items():
        try:
            values[name] = _value(field, texts[name])
        except ValueError as error:
            errors[name] = str(error)
    try:
        good = {name: value for name, value in values.items() if name not in errors}
        rules = Rules.model_validate({**present.model_dump(), **good})
    except ValidationError as error:
        errors.update(_problems(error))
        rules = None
    return Entered(texts, None if errors else rules, errors)


def _value(field: Field, text: str) -> object:
    text = text.strip()
    if field.kind is Kind.FLAG:
        return bool(text)
    if field.kind is Kind.WORDS:
        return tuple(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))
    if field.kind is Kind.LIST:
        return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
    if not text:
        if field.empty:
            return None
        message = "This must be filled in."
        raise ValueError(message)
    return _number(field, text)


def _number(field: Field, text: str) -> float | int:
    try:
        if field.kind is Kind.WHOLE:
            return int(text)
        number = float(text.removesuffix("%").strip().replace(",", "."))
        if not math.isfinite(number):
            raise ValueError(text)  # noqa: TRY301 -- told below like any other text that is no number
    except ValueError as error:
        message = "This must be a whole number." if field.kind is Kind.WHOLE else "This must be a number, such as 0.5."
        raise ValueError(message) from error
    return number / 100 if field.kind is Kind.PERCENT else number


def _problems(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        place = detail["loc"]
        name = str(place[0]) if place else "publish_below"
        field = FIELDS.get(name)
        limits = detail.get("ctx", {})
        message = detail["msg"].removeprefix("Value error, ")
        for key, words in (("ge", "At least"), ("gt", "More than"), ("le", "At most"), ("lt", "Less than")):
            if field is not None and isinstance(limits.get(key), int | float):
                message = f"{words} {write(field, limits[key])} {field.unit}".rstrip() + "."
        if not place:
            message = "Comments cannot be published above the probability from which they are kept as spam."
        elif field is not None and field.kind is Kind.WORDS and len(place) > 1:
            message = f"Entry {int(place[1]) + 1} is too long: at most 200 characters."
        elif field is not None and field.kind is Kind.WORDS:
            message = "At most 10,000 entries."
        found.setdefault(name, message)
    return found
