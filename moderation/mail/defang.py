"""Making what strangers wrote harmless in a mail: nothing in it can be clicked, and nothing hides."""

from __future__ import annotations

import re
import unicodedata

#: All that browsers take for the dot of a host name.
_DOT = re.compile(r"(?<=[\w\]])[.\u3002\uff0e\uff61](?=[\w\[])")
_SCHEME = re.compile(r"\bhttp(s?)\b", re.IGNORECASE)
_COLON = re.compile(r":(?=//)|(?<=\bmailto):", re.IGNORECASE)
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co"})


def defang(text: str) -> str:
    """Return the text on one line, with links and addresses that neither a hand nor a mail program can follow."""
    visible = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _HIDDEN)
    line = " ".join(visible.split())
    line = _COLON.sub("[:]", _SCHEME.sub(r"hxxp\1", line))
    return _DOT.sub("[.]", line).replace("@", "[at]")


def excerpt(text: str, length: int) -> str:
    """Return the beginning of a text, defanged."""
    line = defang(text[: 2 * length])
    return line if len(line) <= length and len(text) <= 2 * length else line[:length].rstrip() + "…"
