"""The queue's address: which part of it is looked at, read strictly and written shortly, so that it can be shared."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import redirect, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response

from moderation.api.schemas import QueueQuery
from moderation.comments.submission import field_errors
from moderation.errors import InvalidError

#: Enough to work on for a while without a further request, few enough to come at once.
PAGE = 25
#: A campaign is one card at the desk; the API lists every comment unless told otherwise.
PLAIN = QueueQuery(limit=PAGE, collapse=True)


def read_query() -> QueueQuery:
    """Return what the address asks for. Raises ``InvalidError``."""
    fields: dict[str, Any] = {name: value for name, value in request.args.items() if value}
    try:
        return QueueQuery.model_validate({"limit": PAGE, "collapse": True, **fields})
    except ValidationError as error:
        raise InvalidError(field_errors(error), "This address asks for a queue that does not exist.") from error


def filters_of(query: QueueQuery) -> dict[str, Any]:
    """Return what of the address differs from the plain queue."""
    found = {name: getattr(query, name) for name in QueueQuery.model_fields}
    return {name: _text(value) for name, value in found.items() if value is not None and value != getattr(PLAIN, name)}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def queue_address(query: QueueQuery, **changes: Any) -> str:
    """Return the address of the queue with some of it changed."""
    # The cursor belongs to the list as it was: with another filter or order it stands nowhere.
    return url_for("desk.get_queue", **filters_of(query.model_copy(update={"cursor": "", **changes})))


def back(comment_id: object = None, **told: Any) -> Response:
    """Lead back to where a form was sent from, to be told there what was done."""
    if request.args.get("from") == "comment" and comment_id is not None:
        address = url_for("desk.get_comment", comment_id=comment_id, **told)
    else:
        address = url_for("desk.get_queue", **filters_of(read_query()), **told)
    return redirect(address, HTTPStatus.SEE_OTHER)
