"""Answers that a reader may keep, and ask for again only if they have changed."""

from __future__ import annotations

from flask import Response, request


def not_modified(tag: str) -> Response | None:
    """Return the short answer (304) for a reader who has this state already, else ``None``."""
    if not request.if_none_match.contains_weak(tag):
        return None
    return with_tag(Response(status=304), tag)


def with_tag(response: Response, tag: str) -> Response:
    """Let the answer be kept, and asked for again each time by its tag."""
    # Weak, since a proxy may compress what it hands on.
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "public, no-cache"
    return response


def headers_of(tag: str) -> dict[str, str]:
    """Return the headers of an answer that may be kept."""
    return {"ETag": f'W/"{tag}"', "Cache-Control": "public, no-cache"}
