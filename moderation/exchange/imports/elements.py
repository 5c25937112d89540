"""XML read as a stream: never a tree, never an entity of the file's own, never more memory than one record needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.entities import html5
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from moderation.exchange.imports.files import CHUNK, UnreadableError, opened, read_chunks, read_text

#: Levels of nesting. Exports have six.
MAX_DEPTH = 64
#: Characters of one element's own text; of what is longer, the rest is passed over.
MAX_TEXT = 1_000_000
#: Characters of one tag with its attributes.
MAX_TAG = 1_000_000

_CDATA, _CDATA_END = "<![CDATA[", "]]>"
# WordPress writes a commenter's address as it is, ``?a=1&b=2``, which is no XML.
_BARE_AMPERSAND = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
#: Characters of the longest reference, and more than ``<![CDATA[`` has.
_LONGEST_REFERENCE = 34

# What XML forbids, and exports contain all the same, since databases take it.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(slots=True)
class Element:
    """An element with its own text. ``name`` and the names of attributes go without their prefixes."""

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    length: int = 0
    depth: int = 0
    is_end: bool = False

    @property
    def text(self) -> str:
        """All of its own text, without that of the elements in it."""
        return "".join(self.parts)

    @property
    def is_cut(self) -> bool:
        """Whether it was too long to be kept whole."""
        return self.length > MAX_TEXT


def read_elements(path: Path, root: str) -> Iterator[Element]:
    """Yield each element of the file twice: as it begins, without text, and as it ends (``is_end``).

    Raises ``UnreadableError``, naming the line, where the file stops being XML, has a document type (no export has
    one, and it is where attacks live), is nested too deeply, or is of another kind than ``root``.
    """
    reader = _Reader(root)
    with opened(path) as file:
        for text in mend_ampersands(read_text(read_chunks(file))):
            yield from reader.feed(text)
            reader.complain()
    yield from reader.close()
    reader.complain()


def mend_ampersands(texts: Iterable[str]) -> Iterator[str]:
    """Yield the text with each ampersand that stands for itself written as XML wants it; CDATA is left as it is."""
    rest, is_cdata = "", False
    for text in texts:
        mended, rest, is_cdata = _mended(rest + text, is_cdata=is_cdata)
        yield mended
    yield rest if is_cdata else _BARE_AMPERSAND.sub("&amp;", rest)


def _mended(text: str, *, is_cdata: bool) -> tuple[str, str, bool]:
    """Return what can be told now, what has to wait for the text that follows, and whether that is in CDATA."""
    done: list[str] = []
    while True:
        mark = _CDATA_END if is_cdata else _CDATA
        part, found, after = text.partition(mark)
        if not found:
            break
        done += [part if is_cdata else _BARE_AMPERSAND.sub("&amp;", part), mark]
        text, is_cdata = after, not is_cdata
    if is_cdata:
        keep = max(len(text) - len(_CDATA_END) + 1, 0)
        return "".join([*done, text[:keep]]), text[keep:], True
    # What may be the beginning of a mark or of a reference is in the last characters.
    tail = max(len(text) - _LONGEST_REFERENCE, 0)
    keep = min((i for i in (text.find("&", tail), text.find("<", tail)) if i >= 0), default=len(text))
    return "".join([*done, _BARE_AMPERSAND.sub("&amp;", text[:keep])]), text[keep:], False


class _Reader:
    def __init__(self, root: str) -> None:
        self._root = root
        self._open: list[Element] = []
        self._found: list[Element] = []
        self._fed = 0
        self._started = False
        self._seen_root = False
        self._error: UnreadableError | None = None
        parser = self._parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        # Without it, an HTML entity (``&nbsp;``) would end the reading; with it, it is told as one that was skipped.
        parser.UseForeignDTD(True)  # noqa: FBT003 -- expat's interface
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.SkippedEntityHandler = self._entity

    def feed(self, text: str) -> list[Element]:
        text = _FORBIDDEN.sub("", text)
        if not self._started:
            # Blank lines before the declaration, from a plugin with a stray one, are no XML either.
            text = text.lstrip("\ufeff \t\r\n")
            self._started = bool(text)
        for start in range(0, len(text), CHUNK):
            self._parse(text[start : start + CHUNK].encode(errors="replace"))
        return self._taken()

    def close(self) -> list[Element]:
        self._parse(b"", is_final=True)
        return self._taken()

    def complain(self) -> None:
        """Raise what stopped the reading, once what came before it has been handed out."""
        if self._error is not None:
            raise self._error

    def _taken(self) -> list[Element]:
        found, self._found = self._found, []
        return found

    def _parse(self, piece: bytes, *, is_final: bool = False) -> None:
        if self._error is not None:
            return
        self._fed += len(piece)
        try:
            self._parser.Parse(piece, is_final)
            if self._fed - max(self._parser.CurrentByteIndex, 0) > MAX_TAG and not is_final:
                self._refuse(f"a tag of more than {MAX_TAG} characters")
        except UnreadableError as error:
            self._error = error
        except expat.ExpatError as error:
            if not self._seen_root:
                reason = "this is no XML" if self._started else "the file is empty"
            else:
                reason = "the file ends too early" if is_final else f"no XML: {expat.ErrorString(error.code)}"
            self._error = UnreadableError(reason, error.lineno)

    def _refuse(self, reason: str) -> NoReturn:
        raise UnreadableError(reason, self._parser.CurrentLineNumber)

    def _doctype(self, *_: object) -> None:
        self._refuse("a document type declaration, which no export has; such files are not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = _local(name)
        if not self._seen_root and name != self._root:
            self._refuse(f"the file begins with <{name:.40}>, not with <{self._root}>")
        self._seen_root = True
        if len(self._open) >= MAX_DEPTH:
            self._refuse(f"nested more than {MAX_DEPTH} levels deep")
        named = {_local(key): value for key, value in attributes.items()}
        element = Element(name, self._parser.CurrentLineNumber, named, depth=len(self._open))
        self._open.append(element)
        self._found.append(Element(name, element.line, named, depth=element.depth))

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        element.is_end = True
        self._found.append(element)

    def _text(self, text: str) -> None:
        if self._open:
            element = self._open[-1]
            if element.length <= MAX_TEXT:
                element.parts.append(text[: MAX_TEXT + 1 - element.length])
            element.length += len(text)

    def _entity(self, name: str, is_parameter: bool) -> None:  # noqa: FBT001 -- expat's interface
        if not is_parameter:
            self._text(html5.get(f"{name};", f"&{name};"))


def _local(name: str) -> str:
    return name.rpartition(":")[2]
