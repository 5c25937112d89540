"""Ways in which spammers dress up a text, as functions from text and chance to text. Used by tests and benchmarks."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

from model.lookalikes import TO_LATIN

_CYRILLIC: Final = {latin: other for other, latin in TO_LATIN.items() if "\u0430" <= other <= "\u044f"}
_LEET: Final = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "$"}
_MARKS: Final = "\u0336\u0301\u0327\u0323"
_WORD: Final = re.compile(r"[A-Za-z]{4,}")
_LINK: Final = re.compile(r"https?://(?:www\.)?([\w-]+(?:\.[\w-]+)+)([^\s'\"<>]*)")

Attack = Callable[[str, random.Random], str]


def _each_word(text: str, chance: random.Random, change: Callable[[str], str], share: float) -> str:
    """Change a share of the longer words; what is in links stays."""
    links = [match.span() for match in re.finditer(r"https?://\S+|<[^>]*>|\[[^\]]*\]", text)]

    def one(match: re.Match[str]) -> str:
        inside = any(start <= match.start() < end for start, end in links)
        return match[0] if inside or chance.random() > share else change(match[0])

    return _WORD.sub(one, text)


def _inside(word: str, sign: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + sign + word[place:]


def _letters(table: dict[str, str], share: float) -> Attack:
    def attack(text: str, chance: random.Random) -> str:
        def change(word: str) -> str:
            return "".join(
                table.get(char.lower(), char) if place and chance.random() < share else char
                for place, char in enumerate(word)
            )

        return _each_word(text, chance, change, 1.0)

    return attack


def _signs(signs: str) -> Attack:
    def attack(text: str, chance: random.Random) -> str:
        return _each_word(text, chance, lambda word: _inside(word, chance.choice(signs), chance), 1.0)

    return attack


def _fullwidth(text: str, chance: random.Random) -> str:
    return _each_word(text, chance, lambda word: "".join(chr(ord(char) + 0xFEE0) for char in word), 0.7)


def _mathematical(text: str, chance: random.Random) -> str:
    def bold(char: str) -> str:
        return chr(0x1D41A + ord(char) - 97) if char.islower() else chr(0x1D400 + ord(char) - 65)

    return _each_word(text, chance, lambda word: "".join(map(bold, word)), 0.7)


def _spaced(text: str, chance: random.Random) -> str:
    return _each_word(text, chance, lambda word: chance.choice((" ", ".", "-")).join(word), 0.4)


def _struck(text: str, chance: random.Random) -> str:
    return _each_word(text, chance, lambda word: "".join(char + chance.choice(_MARKS) for char in word), 0.7)


def _entities(text: str, chance: random.Random) -> str:
    return _each_word(text, chance, lambda word: "".join(f"&#{ord(char)};" for char in word), 0.5)


def _tags(text: str, chance: random.Random) -> str:
    return _each_word(
        text, chance, lambda word: _inside(word, chance.choice(("<b></b>", "<!-- x -->", "<i></i>")), chance), 0.5
    )


def _repeats(text: str, chance: random.Random) -> str:
    def longer(word: str) -> str:
        place = chance.randrange(len(word))
        return word[:place] + word[place] * 4 + word[place + 1 :]

    return _each_word(text, chance, longer, 0.5)


def _capitals(text: str, chance: random.Random) -> str:
    return _each_word(
        text, chance, lambda word: "".join(chance.choice((char.upper(), char.lower())) for char in word), 1.0
    )


def _spun(text: str, chance: random.Random) -> str:
    return _each_word(text, chance, lambda word: f"{{{word}|{word[::-1]}|thing}}", 0.2)


def _dot_com(text: str, chance: random.Random) -> str:
    return _LINK.sub(lambda match: match[1].replace(".", chance.choice((" dot ", "(dot)", "[.]"))), text)


def _hxxp(text: str, _chance: random.Random) -> str:
    return text.replace("http", "hxxp")


def _bbcode(text: str, _chance: random.Random) -> str:
    return _LINK.sub(lambda match: f"[url={match[0]}]{match[1]}[/url]", text)


#: By name. Each takes a text and chance, and leaves its meaning to a reader.
ATTACKS: Final[dict[str, Attack]] = {
    "zero-width characters": _signs("\u200b\u200c\u200d\u2060\ufeff"),
    "soft hyphens": _signs("\u00ad"),
    "bidi controls": _signs("\u202a\u202c\u200e\u2066\u2069"),
    "Cyrillic look-alikes": _letters(_CYRILLIC, 0.5),
    "leetspeak": _letters(_LEET, 0.4),
    "full-width letters": _fullwidth,
    "mathematical letters": _mathematical,
    "accents and strikes": _struck,
    "spaced words": _spaced,
    "HTML entities": _entities,
    "tags inside words": _tags,
    "repeated letters": _repeats,
    "random capitals": _capitals,
    "spun template": _spun,
    "dot com": _dot_com,
    "hxxp": _hxxp,
    "BBCode links": _bbcode,
}


def stuffed(spam: str, ham: str, between: str = "\n\n") -> str:
    """A genuine comment copied, with the spam added."""
    return f"{ham}{between}{spam}"
