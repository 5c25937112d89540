"""Figures for Prometheus and the shape of the log. Neither holds personal data."""

from __future__ import annotations

import logging
import os
import sys

import structlog
from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = ["COMMENTS", "CONTENT_TYPE", "REQUESTS", "TAKEN_IN", "configure_log", "exposition", "log"]

log = structlog.get_logger()

REQUESTS = Histogram(
    "moderation_request_seconds",
    "Time to answer a request",
    ["method", "rule", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
TAKEN_IN = Counter("moderation_comments_taken_in_total", "Comments taken in, by first status", ["status"])
COMMENTS = Gauge("moderation_comments", "Stored comments by status", ["status"], multiprocess_mode="mostrecent")


def exposition() -> bytes:
    """Return all figures, of every process where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def configure_log() -> None:
    """Log one JSON object a line to standard error; in a terminal, lines for people."""
    # Tracebacks without local variables: those hold addresses and what people wrote.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    renderers: list[structlog.typing.Processor] = (
        [console]
        if sys.stderr.isatty()
        else [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
