"""What is described beside the routes of the API: addresses for pages and other systems, and the news that we send."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from http import HTTPStatus
from typing import Any, Final

from moderation.api.examples import example_of
from moderation.comments.submission import SERVER_FIELDS
from moderation.exchange.akismet.calls import CALLS, READ
from moderation.tables import Status
from moderation.webhooks.endpoints import EVENTS

Spec = dict[str, Any]
_REF: Final = "#/components/schemas/"
_API: Final = "/api/v1/sites/{site}/comments"
_SITE: Final[Spec] = {"name": "site", "in": "path", "required": True, "schema": {"type": "string"}}
_HTML, _TEXT, _ATOM, _SCRIPT = "text/html", "text/plain", "application/atom+xml", "text/javascript"
_ID: Final[Spec] = {"type": "string", "format": "uuid"}
_TIME: Final[Spec] = {"type": "string", "format": "date-time"}
_LINE: Final[Spec] = {"type": "string"}
_NEWS: Final[Spec] = {
    "type": "object",
    "description": "A comment whose status has changed: no e-mail and no IP address.",
    "properties": {
        "type": {"type": "string", "enum": [f"comment.{event}" for event in EVENTS]},
        "timestamp": _TIME,
        "data": {
            "type": "object",
            "properties": {
                "id": _ID,
                "site": _ID,
                "thread": _LINE,
                "thread_url": {"type": ["string", "null"]},
                "parent_id": {"anyOf": [_ID, {"type": "null"}]},
                "status": {"type": "string", "enum": [status.value for status in Status]},
                "version": {"type": "integer", "minimum": 1},
                "author_name": _LINE,
                "author_url": _LINE,
                "body": _LINE,
                "created_at": _TIME,
            },
        },
    },
}
for _object in (_NEWS, _NEWS["properties"]["data"]):
    _object["required"] = list(_object["properties"])


def add(spec: Spec) -> None:
    """Put it into the description that the routes have made."""
    spec["paths"] |= _pages(spec) | _akismet()
    spec["tags"] = [*spec.get("tags", ()), {"name": "Akismet"}]
    schemas = spec["components"]["schemas"]
    schemas |= {"News": deepcopy(_NEWS), "VisitorCommentIn": _of_visitor(schemas["CommentIn"])}
    spec["webhooks"] = {f"comment.{event}": {"post": _news(event)} for event in EVENTS}


def _pages(spec: Spec) -> Spec:
    reading = deepcopy(spec["paths"][_API]["get"]["parameters"])
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
    form = {kind: {"schema": {"$ref": f"{_REF}VisitorCommentIn"}} for kind in kinds}
    thread = {**next(one for one in reading if one["name"] == "thread"), "required": False}
    # Pages refuse with pages; the web server, and what has not changed, without a word.
    asked = _refusals((400, 404, 422, 503), _HTML) | _refusals((304, 414, 431))
    return {
        "/sites/{site}/comments": {
            "post": {
                "tags": ["Websites"],
                "operationId": "post_form",
                "summary": "Send a comment from a plain form. The browser is led back to the page.",
                "security": [{"Visitor": []}],
                "parameters": [deepcopy(_SITE)],
                "requestBody": {"content": form},
                "responses": {
                    "200": _answer("Thanks, where there is no page to go back to.", _HTML),
                    "303": {"description": "Back to the page, with ?comment=published or ?comment=pending."},
                    # A person reads it: the form again, with what is wrong.
                    **_refusals((400, 403, 404, 409, 413, 422, 429, 503), _HTML),
                },
            }
        },
        "/sites/{site}/thread": {
            "get": {
                "tags": ["Websites"],
                "summary": "Read a thread's published comments as a piece of HTML for any page.",
                "parameters": reading,
                "responses": {
                    "200": _answer("The comments.", _HTML),
                    **asked,
                },
            }
        },
        "/sites/{site}/feed.atom": {
            "get": {
                "tags": ["Websites"],
                "summary": "Read the newest comments of a site, or of one of its threads, as an Atom feed.",
                "parameters": [deepcopy(_SITE), thread],
                "responses": {
                    "200": _answer("The feed.", _ATOM),
                    **asked,
                },
            }
        },
        "/embed.js": {
            "get": {
                "tags": ["Websites"],
                "summary": "Get the script that shows a thread and its form on any page.",
                "responses": {"200": _answer("The script.", _SCRIPT), **_refusals((304,))},
            }
        },
        "/metrics": {
            "get": {
                "tags": ["Operations"],
                "summary": "Tell the figures in Prometheus' format.",
                "responses": {"200": _answer("The figures.", _TEXT), **_refusals((503,))},
            }
        },
    }


def _of_visitor(comment: Spec) -> Spec:
    """Return what anyone may send; what only a site's server knows is passed over in a form."""
    properties = {name: one for name, one in comment["properties"].items() if name not in SERVER_FIELDS}
    return {**comment, "title": "VisitorCommentIn", "description": "A comment.", "properties": properties}


def _akismet() -> Spec:
    """Describe the protocol, to which nothing is wrong enough for more than a text: so no field has a type."""
    fields: Spec = {
        "properties": {
            "api_key": {"description": "The site's akismet_key."},
            "blog": {"description": "The website's address."},
            "comment_content": {"description": "The comment, and so on as Akismet's documentation has it."},
        }
    }
    example = {"api_key": "0123456789ab", "blog": "https://blog.example.org", "comment_content": "How long to rest it?"}
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")
    content = {kind: {"schema": deepcopy(fields), "example": example} for kind in kinds}
    for kind in kinds[:2]:
        content[kind]["schema"]["type"] = "object"
    answers = {
        "200": _answer("A text, or JSON where the protocol says so; a refusal, too, with X-akismet-debug-help.", _TEXT),
        **_refusals((404, 429, 503), _TEXT),
    }
    key = {"name": "api_key", "in": "query", "schema": {"type": "string"}, "required": False, "example": "0123456789ab"}
    return {
        "/1.1/{call}": {
            "get": {
                "tags": ["Akismet"],
                "summary": "Ask what Akismet's clients may ask without a body.",
                "parameters": [_call(READ), key],
                "responses": deepcopy(answers) | _refusals((414, 431)),
            },
            "post": {
                "tags": ["Akismet"],
                "summary": "Ask as Akismet's clients do. The same under /1.2, and under /k/{key} before either.",
                "parameters": [_call(CALLS)],
                "requestBody": {"content": content, "required": False},
                "responses": answers,
            },
        }
    }


def _call(names: Iterable[str]) -> Spec:
    schema = {"type": "string", "enum": sorted(names)}
    return {"name": "call", "in": "path", "required": True, "schema": schema, "description": "What is asked."}


def _news(event: str) -> Spec:
    example = example_of(_NEWS, {})
    example |= {"type": f"comment.{event}", "data": {**example["data"], "status": event}}
    content = {"schema": {"$ref": f"{_REF}News"}, "example": example}
    return {
        "summary": f"A comment's status has become {event}. Signed as Standard Webhooks say.",
        "operationId": f"on_comment_{event}",
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {"200": {"description": "Any 2xx: taken. All else is sent again later."}},
    }


def _answer(description: str, kind: str) -> Spec:
    return {"description": description, "content": {kind: {"schema": {"type": "string"}}}}


def _refusals(codes: Iterable[int], kind: str | None = None) -> Spec:
    phrases = {str(code): HTTPStatus(code).phrase for code in codes}
    return {code: _answer(phrase, kind) if kind else {"description": phrase} for code, phrase in phrases.items()}
