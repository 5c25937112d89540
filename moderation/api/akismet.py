"""Akismet's protocol over HTTP: ``/1.1/…``, ``/1.2/…``, and ``/k/<key>/…`` for clients that can set only a path."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from apiflask import APIBlueprint
from flask import Request, Response, g, request
from werkzeug.exceptions import HTTPException

from moderation import jobs
from moderation.api import problems
from moderation.api.bodies import read_bytes
from moderation.api.context import services
from moderation.errors import ModerationError, NotFoundError, TooManyError, UnavailableError
from moderation.exchange.akismet.answers import Reply
from moderation.exchange.akismet.calls import CALLS, READ
from moderation.exchange.akismet.taking_in import Parts
from moderation.exchange.akismet.wire import MAX_FIELDS, Fields, gather, key_of, read_form, read_json, unslash

log = structlog.get_logger(__name__)

blueprint = APIBlueprint("akismet", __name__, enable_openapi=False)
#: Refusals that keep their status. To all others the protocol answers 200: clients throw at anything else, and let the
#: comment pass.
_KEPT = frozenset(
    {
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)


@blueprint.route("/<any('1.1', '1.2'):version>/<call>", methods=["GET", "POST"])
@blueprint.route("/k/<path_key>/<any('1.1', '1.2'):version>/<call>", methods=["GET", "POST"])
def answer(version: str, call: str, path_key: str = "") -> Response:  # noqa: ARG001 -- both versions mean the same
    """Answer a call."""
    if call not in CALLS or (request.method != "POST" and call not in READ):
        message = f"There is no call {call[:100]!r} here with {request.method}."
        raise NotFoundError(message)
    fields: Fields = _read(request)
    if request.user_agent.string.startswith("WordPress/"):
        fields = unslash(fields)
    parts = services()
    calling = Parts(parts.database, parts.live_model.scorer, parts.clock, parts.secret_key)
    outcome = CALLS[call](calling, key_of(call, fields, request.host, path_key), fields)
    if outcome.job_id is not None:
        jobs.wake(parts, outcome.job_id)
    if outcome.taken_in is not None:
        g.taken_in = outcome.taken_in
    return _present(outcome.reply)


def _read(incoming: Request) -> dict[str, str]:
    asked = gather(incoming.args.items(multi=True))
    if incoming.method != "POST":
        return asked
    if incoming.mimetype == "multipart/form-data":
        incoming.max_form_parts = MAX_FIELDS
        return {**asked, **gather(incoming.form.items(multi=True))}
    raw = read_bytes(incoming)
    if incoming.mimetype == "application/json":
        return {**asked, **read_json(raw)}
    # Some clients name no content type, or only its character set.
    return {**asked, **read_form(raw, incoming.mimetype_params.get("charset", ""))}


def _present(reply: Reply) -> Response:
    response = Response(reply.body, reply.status, content_type=f"{reply.mimetype}; charset=utf-8")
    response.headers.update(reply.headers)
    return response


@blueprint.errorhandler(ModerationError)
def refuse(error: ModerationError) -> Response:
    """Return a refusal as the protocol's clients can read it: a text, and what would help."""
    response = _present(_refusal(error.message, problems.status_of(error)))
    if isinstance(error, TooManyError | UnavailableError):
        response.headers["Retry-After"] = str(getattr(error, "retry_after", 5))
    return response


@blueprint.errorhandler(HTTPException)
def refuse_request(error: HTTPException) -> Response:
    """Return a refusal of Flask's own likewise."""
    return _present(_refusal(error.description or error.name, HTTPStatus(error.code or 500)))


@blueprint.errorhandler(Exception)
def refuse_unexpectedly(error: Exception) -> Response:
    """Return a text for what nobody foresaw, and log it."""
    log.error("unexpected_error", error=type(error).__name__, exc_info=error)
    return refuse(UnavailableError("Something went wrong on our side; it has been logged."))


def _refusal(text: str, status: HTTPStatus) -> Reply:
    header = " ".join(text.encode("ascii", "replace").decode().split())
    return Reply(text, {"X-akismet-debug-help": header}, status if status in _KEPT else HTTPStatus.OK)
