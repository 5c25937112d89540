"""Health, readiness, figures and logs."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from moderation.app import create_app
from moderation.database import Database
from moderation.learning.live import LiveModel
from moderation.log import configure_log
from moderation.policy.rules import Rules
from moderation.services import Services
from tests.factories import CLEAN, ORIGIN, make_person, make_site, post


def test_a_healthy_service_is_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["problems"]) == (200, {})


def test_an_outdated_database_is_told_with_what_mends_it(services: Services, bare_database: Database) -> None:
    client = create_app(replace(services, database=bare_database)).test_client()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "moderation init" in ready.get_json()["problems"]["database"]
    site = make_site(services)
    answer = client.post(site.url, json=CLEAN, headers=site.bearer)
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert "moderation init" in answer.get_json()["detail"]


def test_a_service_without_a_model_is_not_ready(services: Services, tmp_path: Path) -> None:
    from sqlalchemy import delete  # noqa: PLC0415

    from moderation.tables import Promotion  # noqa: PLC0415

    with services.database.writing() as session:
        session.execute(delete(Promotion))
    parts = replace(services, live_model=LiveModel(services.database, tmp_path / "models"))
    ready = create_app(parts).test_client().get("/readyz")
    assert ready.status_code == 503
    assert "moderation init" in ready.get_json()["problems"]["model"]


def test_the_figures_count_what_was_taken_in(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=Rules(hold_everything=True, spam_above=1.0))
    post(client, site)
    text = client.get("/metrics").get_data(as_text=True)
    assert 'moderation_comments{status="pending"} 1.0' in text
    assert 'moderation_comments_taken_in_total{status="pending"}' in text
    assert 'rule="/api/v1/sites/<site>/comments"' in text


def test_the_log_holds_no_personal_data(app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "secretname"
    site = make_site(services)
    person = make_person(services)
    log = io.StringIO()
    app.testing = False
    try:
        with contextlib.redirect_stderr(log):
            configure_log()
            fields = {**CLEAN, "author_name": secret, "author_email": f"{secret}@example.com", "body": secret * 3}
            client = app.test_client()
            client.post(site.url, json={**fields, "ip": "198.51.100.77"}, headers=site.bearer)
            client.post(site.url, json=fields, headers={"Origin": ORIGIN, "User-Agent": secret})
            client.get(f"/api/v1/queue?q={secret}", headers=person.bearer)
            # An error deep inside, with all of it in local variables.
            monkeypatch.setattr("moderation.comments.intake.store", lambda *_: 1 / 0)
            failed = client.post(site.url, json={**fields, "thread": "/x"}, headers=site.bearer)
            assert failed.status_code == 500
    finally:
        structlog.reset_defaults()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {line["event"] for line in lines} >= {"request", "unexpected_error"}
    assert "ZeroDivisionError" in log.getvalue()
    for personal in (secret, "198.51.100.77", site.key, person.token):
        assert personal not in log.getvalue()


def test_the_api_describes_itself(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    intake = document["paths"]["/api/v1/sites/{site}/comments"]["post"]
    assert intake["requestBody"]["content"].keys() == {"application/json", "application/x-www-form-urlencoded"}
    assert {"201", "400", "401", "403", "404", "409", "413", "422", "429"} <= intake["responses"].keys()


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    for response, status in ((client.get("/api/v1/nothing"), 404), (client.delete("/api/v1/queue"), 405)):
        assert (response.status_code, response.content_type) == (status, "application/problem+json")
        assert response.get_json()["status"] == status
