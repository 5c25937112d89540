"""The plain numbers: small named features, and the list that declares them.

Each says what it reads, and what we believed of it before any data (``mean`` and ``sd`` of its weight, in log-odds per
unit). Where the starter's data are silent (e-mail, user agent, what a site knows), the belief *is* the weight; where
they speak, it keeps a number from learning which corpus a comment came from. Every number of an absent fact is 0, so
that absence says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.sample import KNOWLEDGE

if TYPE_CHECKING:
    from model.reading import Reading


@dataclass(frozen=True, slots=True)
class Number:
    """A named number. ``field`` is the attribute of ``Sample`` that it speaks of; ``mean`` ± ``sd`` is its prior."""

    name: str
    field: str
    read: Callable[[Reading], float]
    mean: float = 0.0
    sd: float = 0.5


_SCRIPTED_AGENT: Final = re.compile(
    r"curl|python|libwww|java/|php|perl|wget|go-http|okhttp|scrapy|httpclient", re.IGNORECASE
)


def _trick(name: str) -> Callable[[Reading], float]:
    """How often a disguise was undone in the body, three times or more being 1."""

    def undone(reading: Reading) -> float:
        return min(reading.body.tricks[name], 3) / 3.0

    return undone


def _stolen(reading: Reading) -> float:
    """Somebody else's published comment said again, with a link in it."""
    return float(bool(reading.sample.copied) and bool(reading.links))


def _mail_digits(reading: Reading) -> float:
    local = reading.local
    return sum(char.isdigit() for char in local) / len(local) if local else 0.0


def _mail_of_url(reading: Reading) -> float:
    return float(reading.url is not None and bool(reading.mail_domain) and reading.mail_domain == reading.url.domain)


def _mail_of_name(reading: Reading) -> float:
    """A word of the name stands in the address: most people's, few robots'."""
    local = reading.local
    return float(bool(local) and any(len(word) >= 3 and word in local for word in reading.name.text.split()))


def _scripted_agent(reading: Reading) -> float:
    agent = reading.sample.user_agent
    return float(bool(agent) and _SCRIPTED_AGENT.search(agent) is not None)


def _known(name: str) -> Callable[[Reading], float]:
    def count(reading: Reading) -> float:
        known = reading.sample.knowledge
        value = known.get(name, 0.0) if known else 0.0
        return min(math.log1p(value), 4.0) if value > 0 else 0.0

    return count


# What a site knows, per logarithm of a count. Earlier spam by the same hand weighs about twice what an earlier
# published comment does, because a published comment is also how a patient spammer starts; an address on the network
# is shared by many people, an e-mail address by few; a copy of what stands published is a double click or a thief.
_KNOWN_MEANS: Final = {
    "author_published": -1.0,
    "author_spam": 1.8,
    "ip_published": -0.5,
    "ip_spam": 1.0,
    "domain_published": -0.7,
    "domain_spam": 1.6,
    "copies_published": 0.3,
    "copies_spam": 1.8,
    "copies_other": 0.6,
}

NUMBERS: Final = (
    Number("hidden link", "body", _trick("hidden link"), 1.0, 0.5),
    Number("invisible characters", "body", _trick("invisible"), 0.3, 0.3),
    Number("look-alike letters", "body", _trick("lookalikes"), 1.5, 0.5),
    Number("struck letters", "body", _trick("struck"), 0.5, 0.5),
    Number("signs for letters", "body", _trick("leet"), 0.5, 0.5),
    Number("spaced letters", "body", _trick("spaced"), 0.7, 0.5),
    Number("spun template", "body", _trick("spun"), 1.5, 0.5),
    Number("copied, with a link", "body", _stolen, 3.0, 0.5),
    Number("digits in the address", "author_email", _mail_digits, 0.5, 0.5),
    Number("address belongs to the link", "author_email", _mail_of_url, -0.5, 0.5),
    Number("address belongs to the name", "author_email", _mail_of_name, -0.5, 0.5),
    Number("sent by a script", "user_agent", _scripted_agent, 1.5, 0.5),
    *[Number(name, "knowledge", _known(name), _KNOWN_MEANS[name], 0.5) for name in KNOWLEDGE],
)


def numbers(reading: Reading) -> list[float]:
    """All numbers of one comment, in the order of `NUMBERS`."""
    sample = reading.sample
    # Of most comments most of them are 0, and not asked for.
    told = {
        "body": bool(reading.body.tricks or sample.copied),
        "author_email": bool(reading.local),
        "user_agent": bool(sample.user_agent),
        "knowledge": bool(sample.knowledge),
    }
    return [number.read(reading) if told[number.field] else 0.0 for number in NUMBERS]
