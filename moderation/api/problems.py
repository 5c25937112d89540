"""The one place where refusals become HTTP: every error is a problem document (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from apiflask import APIFlask
from flask import Response, jsonify
from werkzeug.exceptions import HTTPException, InternalServerError

from moderation import errors

log = structlog.get_logger()

STATUS = {
    errors.MalformedError: HTTPStatus.BAD_REQUEST,
    errors.InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(error: errors.ModerationError) -> HTTPStatus:
    """Return the HTTP status of a refusal."""
    return STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(status: HTTPStatus, detail: str, **extra: Any) -> Response:
    """Return a problem document."""
    response = jsonify({"type": "about:blank", "status": status, "title": status.phrase, "detail": detail, **extra})
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def present(error: errors.ModerationError) -> Response:
    """Return a refusal as a problem document."""
    extra: dict[str, Any] = {"code": error.code, **error.extra}
    if isinstance(error, errors.InvalidError):
        extra["errors"] = [{"field": e.field, "code": e.code, "message": e.message} for e in error.errors]
    response = problem(status_of(error), error.message, **extra)
    if isinstance(error, errors.TooManyError):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.UnauthenticatedError):
        response.headers["WWW-Authenticate"] = 'Bearer realm="moderation"'
    if isinstance(error, errors.UnavailableError):
        response.headers["Retry-After"] = "5"
    return response


def _http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = problem(status, error.description or status.phrase)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _unexpected(error: InternalServerError) -> Response:
    cause = error.original_exception or error
    log.error("unexpected_error", error=type(cause).__name__, exc_info=cause)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side; it has been logged.")


def register(app: APIFlask) -> None:
    """Let the app answer every error with a problem document."""
    app.register_error_handler(errors.ModerationError, present)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(InternalServerError, _unexpected)
    # Flask would log the same error once more, in a form of its own.
    app.logger.disabled = True
