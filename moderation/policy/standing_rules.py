"""The rules that look at a comment itself, each a reason of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.links import count_links
from moderation.policy.first_status import Reason
from moderation.policy.rules import Rules
from moderation.policy.words import listed_words
from moderation.tables import Status


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at, apart from the score."""

    author_name: str
    author_email: str
    author_url: str
    body: str
    #: Earlier published comments of the same author at the site.
    author_published: int
    honeypot_filled: bool
    #: Seconds between showing the form and its coming back; ``None`` where no form of ours was used.
    form_seconds: float | None
    #: Comments of the same author at the site that stand as spam.
    author_spam: int = 0
    #: The site's server says that the author is signed in there, or the browser has proved that the address is theirs.
    address_verified: bool = False
    #: Links in the body, if they were counted when it was judged.
    links: int | None = None


def reasons_of_rules(facts: Facts, rules: Rules) -> Iterator[Reason]:
    """Yield every rule that fires, not only the first: a moderator wants to see them all."""
    text = f"{facts.author_name}\n{facts.author_email}\n{facts.author_url}\n{facts.body}"
    if found := listed_words(text, rules.spam_words):
        yield Reason("spam_words", f"Words on the spam list: {', '.join(found)}.", Status.SPAM)
    if found := listed_words(text, rules.hold_words):
        yield Reason("hold_words", f"Words on the watch list: {', '.join(found)}.", Status.PENDING)
    if rules.max_links is not None:
        links = count_links(facts.body) if facts.links is None else facts.links
        if links > rules.max_links:
            yield Reason("many_links", f"{links} links, more than {rules.max_links}.", Status.PENDING)
    if facts.honeypot_filled:
        yield Reason("honeypot", "A field that people cannot see was filled in.", Status.SPAM)
    if facts.form_seconds is not None and facts.form_seconds < rules.min_form_seconds:
        yield Reason("too_fast", f"The form came back after {facts.form_seconds:.1f} seconds.", Status.PENDING)
    if rules.hold_first_comment and facts.author_published == 0:
        yield Reason("first_comment", "The author has no published comment here yet.", Status.PENDING)
    if rules.hold_everything:
        yield Reason("hold_everything", "This site publishes nothing unseen.", Status.PENDING)


def is_trusted(facts: Facts, rules: Rules) -> bool:
    """Tell whether the author has earned trust. An address that anybody can type in earns and borrows none."""
    return (
        rules.trust_after is not None
        and facts.address_verified
        and facts.author_published >= rules.trust_after
        and facts.author_spam == 0
    )
