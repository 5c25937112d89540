"""Is it alive, is it ready, and how is it doing."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, Literal

import structlog
from apiflask import APIBlueprint
from flask import Flask, Response, g, jsonify, request
from pydantic import BaseModel

from moderation import metrics
from moderation.api.context import services
from moderation.counters import status_counts
from moderation.errors import ModerationError
from moderation.migrate import check_current
from moderation.outbox import count_unfinished
from moderation.webhooks.deliveries import count_failing

log = structlog.get_logger()

blueprint = APIBlueprint("operations", __name__, tag="Operations")


Answers = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]


class AliveOut(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class ReadyOut(BaseModel):
    """Whether comments can be taken in and judged, and what hinders it."""

    status: Literal["ok", "unavailable"]
    problems: dict[str, str]


_ALIVE = {"application/json": {"schema": AliveOut.model_json_schema()}}
_READY = {"application/json": {"schema": ReadyOut.model_json_schema()}}
_ALIVE_ANSWERS: Answers = {200: {"description": "It lives.", "content": _ALIVE}}
_READY_ANSWERS: Answers = {
    200: {"description": "It is ready.", "content": _READY},
    503: {"description": "It is not, for these reasons.", "content": _READY},
}


@blueprint.get("/healthz")
@blueprint.doc(responses=_ALIVE_ANSWERS)
def healthz() -> Response:
    """Tell that the process lives."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
@blueprint.doc(responses=_READY_ANSWERS)
def readyz() -> Response:
    """Tell whether comments can be taken in and judged: database reachable and current, model loaded."""
    parts = services()
    problems = {}
    try:
        check_current(parts.database)
    except ModerationError as error:
        problems["database"] = error.message
    else:
        if parts.live_model.scorer() is None:
            problems["model"] = parts.live_model.problem or "No model is live. Run: moderation init"
    response = jsonify({"status": "unavailable" if problems else "ok", "problems": problems})
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
    return response


@blueprint.get("/metrics")
@blueprint.doc(hide=True)  # described with what else is no JSON
def get_metrics() -> Response:
    """Return the figures in Prometheus' format."""
    with services().database.reading() as session:
        for status, count in status_counts(session).items():
            metrics.COMMENTS.labels(status=status.value).set(count)
        for (kind, state), count in count_unfinished(session).items():
            metrics.JOBS.labels(kind=kind, state=state.value).set(count)
        metrics.WEBHOOKS_FAILING.set(count_failing(session))
    return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def watch(app: Flask) -> None:
    """Measure every request and log it, without addresses of people or what they wrote."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        # The rule, not the path: a path may hold an address or an id that names a person.
        rule = request.url_rule.rule if request.url_rule else "(none)"
        metrics.REQUESTS.labels(method=request.method, rule=rule, status=response.status_code).observe(seconds)
        if "taken_in" in g:
            metrics.TAKEN_IN.labels(status=g.taken_in.value).inc()
        if not request.path.startswith(("/static/", "/healthz", "/metrics")):
            log.info(
                "request",
                method=request.method,
                rule=rule,
                status=response.status_code,
                milliseconds=round(1000 * seconds, 1),
            )
        return response
