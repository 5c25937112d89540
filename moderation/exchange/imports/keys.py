"""By what a site calls its pages: the other system's own key, the path of the page, or its whole address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from urllib.parse import urlsplit

from moderation.exchange.imports.vocabulary import Imported, ImportedComment, ImportedThread
from moderation.exchange.threads import fit_key


class KeyKind(StrEnum):
    """What threads are called by."""

    ID = "id"
    PATH = "path"
    URL = "url"


def rekeyed(found: Iterable[Imported], kind: KeyKind) -> Iterator[Imported]:
    """Yield all with their threads' keys made so; a thread whose address is not known keeps its own."""
    names: dict[str, str] = {}
    for item in found:
        if isinstance(item, ImportedThread):
            name = names[item.key] = fit_key(_key(item, kind))
            yield replace(item, key=name)
        elif isinstance(item, ImportedComment):
            yield replace(item, thread=names.get(item.thread) or fit_key(item.thread))
        else:
            yield item


def _key(thread: ImportedThread, kind: KeyKind) -> str:
    if not thread.url or kind is KeyKind.ID:
        return thread.key
    if kind is KeyKind.URL:
        return thread.url
    try:
        parts = urlsplit(thread.url)
    except ValueError:
        return thread.key
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
