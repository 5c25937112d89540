"""What is sent: to a site's server as Standard Webhooks say, to WordPress as its Akismet plugin reads it."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook as Signer

from moderation.tables import Status
from moderation.webhooks.transport import Letter

#: What WordPress is told of each status. It knows spam and not spam; what was rejected must not be shown, so it goes
#: where spam goes. A comment that is held again is left as it is.
AKISMET_RESULTS = {Status.PUBLISHED: "false", Status.SPAM: "true", Status.REJECTED: "true"}
_SECRET_PREFIX = "whsec_"  # noqa: S105 -- what tells a secret from other texts


@dataclass(frozen=True, slots=True)
class News:
    """One change of one comment, with what the site's server needs to show it: no e-mail and no IP address."""

    id: uuid.UUID
    status: Status
    version: int
    changed_at: datetime
    site_id: uuid.UUID
    comment_id: uuid.UUID
    thread: str
    thread_url: str | None
    parent_id: uuid.UUID | None
    author_name: str
    author_url: str
    body: str
    created_at: datetime
    #: What came along in Akismet's protocol.
    akismet: dict[str, Any]


def make_secret() -> str:
    """Return a new signing secret, in the form that the libraries of Standard Webhooks take."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def standard_letter(url: str, secret: str, news: News, now: datetime) -> Letter:
    """Return the signed request that tells a server of the news."""
    body = json.dumps(
        {
            "type": f"comment.{news.status}",
            "timestamp": news.changed_at.isoformat(),
            "data": {
                "id": str(news.comment_id),
                "site": str(news.site_id),
                "thread": news.thread,
                "thread_url": news.thread_url,
                "parent_id": str(news.parent_id) if news.parent_id else None,
                "status": news.status,
                "version": news.version,
                "author_name": news.author_name,
                "author_url": news.author_url,
                "body": news.body,
                "created_at": news.created_at.isoformat(),
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "comment-moderation",
        "Webhook-Id": str(news.id),
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Signer(secret).sign(str(news.id), now, body),
    }
    return Letter(url, headers, body.encode())


def akismet_letter(url: str, key: str, news: News) -> Letter:
    """Return the request that tells WordPress of the news. It is believed for the key that it carries."""
    comment: dict[str, Any] = {"guid": news.comment_id.hex, "result": AKISMET_RESULTS[news.status]}
    # WordPress narrows its search by these; a wrong one would find nothing, so only what it sent itself is sent back.
    for theirs, ours in (("comment_post_ID", "post"), ("comment_parent", "parent")):
        if news.akismet.get(ours):
            comment[theirs] = news.akismet[ours]
    body = json.dumps({"key": key, "endpoint": "comment-check", "comments": [comment]})
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "comment-moderation",
        # Keeps WordPress from reporting the change back to us.
        "X-Akismet-Webhook": "1",
    }
    return Letter(url, headers, body.encode())


def akismet_problem(text: str) -> str:
    """Return what WordPress says went wrong with the one comment it was told of; nothing where it did as told."""
    try:
        comments = json.loads(text)["comments"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""
    found = list(comments.values()) if isinstance(comments, dict) else []
    if found and isinstance(found[0], dict) and found[0].get("status") == "error":
        return str(found[0].get("message") or "error")
    return ""
