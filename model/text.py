"""Undoing evasion: a text as a reader sees it, with a map back to the text as it came.

Every step is either a whole-string operation of the standard library or a regular expression, applied by `Trace` in
one of two ways: fast (no map) when only the score is wanted, and slowly with a map when spans are wanted too. A
property test holds both ways equal. A step runs only when a cheap test says that it may have work: plain English pays
for almost none of this.

Sources: Unicode Standard Annex 15 (compatibility forms), Technical Standard 39 (mixed-script detection: only a word
that mixes scripts is folded, so that Greek and Russian stay what they are).
"""

from __future__ import annotations

import html
import re
import string
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.lookalikes import ALWAYS, TO_CYRILLIC, TO_LATIN, latin_base

if TYPE_CHECKING:
    from collections.abc import Callable

#: Code points of a field that are read: its head and its tail. Longer texts are judged on both ends, because a
#: spammer who pads a text pads it on one side. It also bounds the time that one comment may cost.
HEAD: Final = 12_000
TAIL: Final = 4_000

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# Format characters (zero-width, bidi, soft hyphen, tags), variation selectors, invisible fillers, and the combining
# marks used to strike letters out. Marks of living scripts (Thai, Arabic, Indic) are in blocks of their own: kept.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U000e0000-\U000e0fff\u0000-\u0008\u000e-\u001f\u007f-\u0084"
    "\u0086-\u009f\ud800-\udfff]+"
)
_STRUCK = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
# What compatibility composition may change as one: an ASCII letter goes with the marks that follow it.
_COMPOSED = re.compile(r"[\x00-\x7f][\u0300-\u036f]+|[^\x00-\x7f]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_MIXED = re.compile(r"[a-z][\u0370-\u058f]|[\u0370-\u058f][a-z]")
# Digits or signs standing in for letters inside a word, and one at the end of such a word: "v1agr4", "c@sino"; "mp3",
# "2nd" and "room1" stay.
_LEET = re.compile(r"(?<![a-z])[a-z]+(?:[013457@$!|]{1,3}[a-z]+)+(?:[0134](?!\w))?")
_LEET_LETTERS = str.maketrans("013457@$!|", "oieastasil")
# The look-behind stands after the first sign, so that the search may skip to those.
_HAS_LEET = re.compile(r"[013457@$!|](?<=[a-z].)[013457@$!|]?[a-z]")
# Single letters, each parted from the next by the same one or two signs: "v i a g r a", "v.i.a.g.r.a".
_SPACED = re.compile(r"(?<![^\W_])[^\W_]([ .\-_*~,·|/]{1,2})(?:[^\W_]\1){2,}[^\W_](?![^\W_])")
_SPACED_SIGN = re.compile(r"[ .\-_*~,·|/]{1,2}")
# Cheaper, and true wherever four single letters stand in a row.
_HAS_SPACED = re.compile(r"[ .\-_*~,·|/]\w[ .\-_*~,·|/]{1,2}\w[ .\-_*~,·|/]")
# Three or more of a letter are one ("viiiagra", "sooo"), of any other sign two. That takes "freeee" for "fre", which is
# the lesser evil: few words have a double letter in the right place.
_HAS_REPEATED = re.compile(r"(.)\1\1", re.DOTALL)
_REPEATED = re.compile(r"(.)\1{2,}", re.DOTALL)
_GAP = re.compile(r"\s\s+|[^\S ]")
_EDGE_GAP = re.compile(r"\A\s+|\s+\Z")
# "{hello|hi|hey} there": an unspun template. The first choice stands for all.
_SPUN = re.compile(r"\{([^{}|]{0,200})\|[^{}]{0,2000}\}")


class _Folded(dict[int, str]):
    """Accents off Latin letters; letters that no living script uses (squared, small capitals) to the plain ones.

    Filled as characters are met, for `str.translate`.
    """

    def __missing__(self, point: int) -> str:
        char = chr(point)
        folded = ALWAYS.get(char) or latin_base(char)
        if len(self) < _MOST_FOLDED:
            self[point] = folded
        return folded


_MOST_FOLDED: Final = 16_384
_FOLDED: Final = _Folded()
#: So many different letters are folded one by one faster than by a table that all letters of the text are looked up in.
_FEW_FOLDED: Final = 12
_PLAIN: Final = frozenset(string.printable)


@dataclass(frozen=True, slots=True)
class Trace:
    """A text on its way to normal form; ``at[i]`` is the span of the original that its character ``i`` stands for.

    ``at`` is ``None`` when no map is wanted. ``tricks`` counts what was undone, by name. ``loose`` is a finished text
    before its gaps were tidied: lines and paragraphs still apart, links marked (see `links.mark`).
    """

    text: str
    at: list[tuple[int, int]] | None
    tricks: Counter[str]
    loose: str = ""

    def replace(self, pattern: re.Pattern[str], new: Callable[[re.Match[str]], str], trick: str = "") -> Trace:
        """Replace every match by ``new(match)``; characters that a match keeps in number keep their places."""
        count = 0

        def counted(match: re.Match[str]) -> str:
            nonlocal count
            replacement = new(match)
            count += replacement != match[0]
            return replacement

        if self.at is None:
            text, at = pattern.sub(counted if trick else new, self.text), None
        else:
            text, at = _replace_mapped(self.text, self.at, pattern, counted)
        if count and trick:
            self.tricks[trick] += count
        return Trace(text, at, self.tricks)

    def cut(self, pattern: re.Pattern[str], new: Callable[[re.Match[str]], str | tuple[str, int, int]]) -> Trace:
        """Replace every match by a string, or by a gap, a part of itself (its span), and one more gap."""
        pieces: list[str] = []
        places: list[tuple[int, int]] = []
        done = 0
        for match in pattern.finditer(self.text):
            start, end = match.span()
            part = new(match)
            pieces.append(self.text[done:start])
            if isinstance(part, str):
                pieces.append(part)
            else:
                gap, first, last = part
                pieces += (gap, self.text[first:last], " ")
            if self.at is not None:
                places += self.at[done:start]
                if isinstance(part, str):
                    places += _places(match[0], part, self.at[start:end])
                else:
                    whole = [(self.at[start][0], self.at[end - 1][1])]
                    places += whole * len(gap) + self.at[first:last] + whole
            done = end
        pieces.append(self.text[done:])
        at = None if self.at is None else places + self.at[done:]
        return Trace("".join(pieces), at, self.tricks)

    def head(self, length: int) -> Trace:
        """Keep only the first ``length`` characters."""
        if len(self.text) <= length:
            return self
        return Trace(self.text[:length], None if self.at is None else self.at[:length], self.tricks)

    def mapped(self, function: Callable[[str], str]) -> Trace:
        """Apply a length-preserving ``function`` to the whole text."""
        return Trace(function(self.text), self.at, self.tricks)


def _replace_mapped(
    text: str, at: list[tuple[int, int]], pattern: re.Pattern[str], new: Callable[[re.Match[str]], str]
) -> tuple[str, list[tuple[int, int]]]:
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    done = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        pieces.append(text[done:start])
        places += at[done:start]
        replacement = new(match)
        pieces.append(replacement)
        places += _places(match[0], replacement, at[start:end])
        done = end
    pieces.append(text[done:])
    places += at[done:]
    return "".join(pieces), places


def _places(old: str, new: str, at: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where the characters of ``new``, which replaces ``old``, stand: one by one if possible, else the whole span."""
    if len(old) == len(new):
        return at
    kept = _subsequence(old, new)
    if kept is not None:
        return [at[i] for i in kept]
    single = [unicodedata.normalize("NFKC", char) for char in old]
    if "".join(single) == new:
        return [at[i] for i, chars in enumerate(single) for _ in chars]
    whole = (at[0][0], at[-1][1]) if at else (0, 0)
    return [whole] * len(new)


def _subsequence(old: str, new: str) -> list[int] | None:
    """Positions in ``old`` of the characters of ``new``, if they stand there in this order."""
    kept: list[int] = []
    position = -1
    for char in new:
        position = old.find(char, position + 1)
        if position < 0:
            return None
        kept.append(position)
    return kept


def start(text: str, *, trace: bool) -> Trace:
    """Begin with a text as it came, cut to what is read, compatibility forms folded, in lower case, nothing hidden."""
    if len(text) > HEAD + TAIL:
        tail = len(text) - TAIL
        at = [(i, i + 1) for i in (*range(HEAD), *range(tail, len(text)))] if trace else None
        text = text[:HEAD] + text[tail:]
    else:
        at = [(i, i + 1) for i in range(len(text))] if trace else None
    now = Trace(text, at, Counter())
    if "&" in text:
        now = now.replace(_ENTITY, lambda match: html.unescape(match[0]), "entities")
    if not now.text.isascii():
        now = _fold_foreign(now)
    elif not now.text.isprintable():
        now = now.replace(_INVISIBLE, lambda _: "")
    # Once more, since one compatibility character may stand for eighteen.
    return now.mapped(str.lower).head(HEAD + TAIL)


def _fold_foreign(now: Trace) -> Trace:
    """Fold what is not ASCII. What no character of a text calls for is not looked for in the text."""
    strange = _strange(now.text)
    if _INVISIBLE.search(strange):
        now = now.replace(_INVISIBLE, lambda _: "", "invisible")
    if not unicodedata.is_normalized("NFKC", now.text):
        now = now.replace(_COMPOSED, lambda match: unicodedata.normalize("NFKC", match[0]))
        strange = _strange(now.text)
    if _STRUCK.search(strange):
        now = now.replace(_STRUCK, lambda _: "", "struck")
    now = now.mapped(_folded)
    # Compatibility forms may decompose into invisible characters.
    return now.replace(_INVISIBLE, lambda _: "") if _INVISIBLE.search(strange) else now


def _strange(text: str) -> str:
    """The characters of a text but the plain ones, each once."""
    return "".join(set(text) - _PLAIN)


def _folded(text: str) -> str:
    # "İ" is the one letter whose lower case is longer than itself.
    lower = text.replace("\u0130", "i").lower()
    folded = [(char, _FOLDED[ord(char)]) for char in _strange(lower)]
    changed = [(char, plain) for char, plain in folded if char != plain]
    if len(changed) > _FEW_FOLDED:
        return lower.translate(_FOLDED)
    for char, plain in changed:
        lower = lower.replace(char, plain)
    return lower


def finish(now: Trace) -> Trace:
    """Undo what hides words: mixed scripts, leetspeak, spaced letters, repeats, spun templates; then tidy the gaps."""
    if "{" in now.text:
        now = now.replace(_SPUN, lambda match: match[1], "spun")
    if not now.text.isascii() and _MIXED.search(now.text):
        now = now.replace(_LETTERS, _one_script, "lookalikes")
    if _HAS_LEET.search(now.text):
        now = now.replace(_LEET, lambda match: match[0].translate(_LEET_LETTERS), "leet")
    if _HAS_SPACED.search(now.text):
        now = now.replace(_SPACED, lambda match: _SPACED_SIGN.sub("", match[0]), "spaced")
    if _HAS_REPEATED.search(now.text):
        now = now.replace(_REPEATED, lambda match: match[1] if match[1].isalpha() else match[1] * 2)
    loose = now.text
    if now.at is None:
        return Trace(" ".join(loose.split()), None, now.tricks, loose)
    now = now.replace(_GAP, lambda _: " ").replace(_EDGE_GAP, lambda _: "")
    return Trace(now.text, now.at, now.tricks, loose)


def _one_script(match: re.Match[str]) -> str:
    """A word that mixes Latin with Cyrillic, Greek or Armenian letters, written in the script it means."""
    word = match[0]
    if not _MIXED.search(word):
        return word
    as_latin = "".join([TO_LATIN.get(char, char) for char in word])
    if as_latin.isascii():
        # All strangers have a Latin look-alike; the majority says which script is meant.
        latin = sum(char.isascii() for char in word)
        as_cyrillic = "".join([TO_CYRILLIC.get(char, char) for char in word])
        if latin * 2 >= len(word) or any(char.isascii() for char in as_cyrillic):
            return as_latin
        return as_cyrillic
    return "".join([TO_CYRILLIC.get(char, char) for char in word])


def normal(text: str, *, trace: bool = False) -> Trace:
    """The normal form of a short text without links (a name, a signature)."""
    return finish(start(text, trace=trace))
