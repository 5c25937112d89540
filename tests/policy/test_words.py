"""Word lists hit whole words only, in any script."""

from __future__ import annotations

import pytest

from moderation.policy.words import listed_words


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("Buy CIALIS now", ("cialis",), ["cialis"]),
        ("I am a specialist", ("cialis",), []),
        ("Andressa wears a dress", ("dress",), ["dress"]),
        ("your website, but", ("website",), ["website"]),
        ("ｖｉａｇｒａ for all", ("viagra",), ["viagra"]),
        ("купить окна дёшево", ("окна",), ["окна"]),
        ("окнами", ("окна",), []),
        ("STRASSE", ("straße",), ["strasse"]),
        ("jalapeños", ("jalapeño",), []),
        ("a $$$ b", ("$$$",), ["$$$"]),
        ("visit my site today", ("my site",), ["my site"]),
        ("nothing", (), []),
        ("nothing", ("  ",), []),
        ("spam spam", ("spam",), ["spam"]),
    ],
)
def test_whole_words_are_found_and_parts_of_words_are_not(text: str, words: tuple[str, ...], found: list[str]) -> None:
    assert listed_words(text, words) == found
