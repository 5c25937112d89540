"""Figures for Prometheus. They hold no personal data."""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = ["COMMENTS", "CONTENT_TYPE", "JOBS", "REQUESTS", "TAKEN_IN", "WEBHOOKS_FAILING", "exposition"]

REQUESTS = Histogram(
    "moderation_request_seconds",
    "Time to answer a request",
    ["method", "rule", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
TAKEN_IN = Counter("moderation_comments_taken_in_total", "Comments taken in, by first status", ["status"])
COMMENTS = Gauge("moderation_comments", "Stored comments by status", ["status"], multiprocess_mode="mostrecent")
JOBS = Gauge("moderation_jobs", "Unfinished jobs by kind", ["kind", "state"], multiprocess_mode="mostrecent")
WEBHOOKS_FAILING = Gauge(
    "moderation_webhooks_failing", "Webhooks that did not take their last delivery", multiprocess_mode="mostrecent"
)


def exposition() -> bytes:
    """Return all figures, of every process where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
