"""JSON that is one document, so that all of it is in memory at once."""

from __future__ import annotations

from pathlib import Path

from moderation.exchange.imports.files import UnreadableError, opened, read_chunks

#: Bytes.
LARGEST = 32_000_000
#: Commas and opening brackets: the values that the document can hold, each of which takes far more than its bytes.
MOST_VALUES = 3_000_000


def read_document(path: Path) -> bytearray:
    """Return the text of a document that can be taken apart in memory. Raises ``UnreadableError`` for a larger one."""
    whole = bytearray()
    with opened(path) as file:
        for chunk in read_chunks(file):
            whole += chunk
            if len(whole) > LARGEST:
                message = f"more than {LARGEST // 1_000_000} MB"
                raise UnreadableError(message)
    if sum(whole.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        message = f"more than {MOST_VALUES} values"
        raise UnreadableError(message)
    return whole
