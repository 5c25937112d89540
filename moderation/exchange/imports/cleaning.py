"""Other systems' names, titles and addresses, in the form that ours have."""

from __future__ import annotations

import html
import ipaddress
import unicodedata

_SPACES = frozenset({"Cc", "Zl", "Zp", "Zs"})
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def one_line(text: str, longest: int) -> str:
    """Return a name or title as it was shown: entities read, one line, no characters that turn its direction."""
    text = html.unescape(text).translate(_BIDI)
    spaced = "".join(" " if unicodedata.category(c) in _SPACES else c for c in text)
    return " ".join(spaced.split())[:longest]


#: What forms and scripts leave behind where nothing was filled in.
_NOTHING = frozenset({"http://", "https://", "http:", "https:", "undefined", "null"})


def web_address(text: str) -> str:
    """Return an address; an empty one where none was given."""
    text = html.unescape(text).strip()
    return "" if text.lower() in _NOTHING else text


def ip_address(text: str) -> str:
    """Return the address, or an empty text for what is none: a digest of it, a name, a list of proxies."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
