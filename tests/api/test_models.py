"""Models and jobs over the API: for admins, with objections told and one training at a time."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from model.artifact import read_manifest
from model.scoring import STARTER
from moderation.services import Services
from moderation.tables import Role
from tests.factories import make_person, make_site
from tests.learning.artifacts import METRICS, add_model

#: What admins may ask for, and others not.
ADMIN_ONLY = [
    ("GET", "/api/v1/models"),
    ("POST", "/api/v1/models"),
    ("GET", f"/api/v1/jobs/{uuid.UUID(int=7)}"),
    ("POST", "/api/v1/models/m-1/promote"),
    ("POST", "/api/v1/models/rollback"),
]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
def test_only_admins_may(services: Services, client: FlaskClient, method: str, path: str) -> None:
    moderator = make_person(services, Role.MODERATOR, make_site(services))
    assert client.open(path, method=method).status_code == 401
    assert client.open(path, method=method, headers=moderator.bearer).status_code == 403


def test_models_are_listed_with_what_is_live(services: Services, client: FlaskClient, tmp_path: Path) -> None:
    add_model(services.database, tmp_path / "out", "m-1", services.clock(), objections=["worse"])
    answer = client.get("/api/v1/models", headers=make_person(services).bearer).get_json()
    starter = read_manifest(STARTER).version
    assert answer["live"] == starter
    shown = {model["version"]: (model["live"], model["objections"]) for model in answer["models"]}
    assert shown == {starter: (True, []), "m-1": (False, ["worse"])}
    assert next(model["metrics"] for model in answer["models"] if model["version"] == "m-1") == METRICS


def test_a_training_is_a_job_to_be_watched_and_there_is_one_at_a_time(services: Services, client: FlaskClient) -> None:
    admin = make_person(services)
    answer = client.post("/api/v1/models", headers=admin.bearer)
    assert answer.status_code == 202, answer.get_json()
    job = answer.get_json()
    assert (job["state"], job["progress"], job["result"]) == ("queued", 0.0, None)
    watched = client.get(answer.headers["Location"], headers=admin.bearer)
    assert watched.get_json() == job
    again = client.post("/api/v1/models", headers=admin.bearer)
    assert (again.status_code, again.get_json()["job"]) == (409, job["id"])


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("job", [str(uuid.UUID(int=7)), "no-id"])
def test_an_unknown_job_is_404(services: Services, client: FlaskClient, job: str) -> None:
    assert client.get(f"/api/v1/jobs/{job}", headers=make_person(services).bearer).status_code == 404


def test_promote_and_rollback(services: Services, client: FlaskClient, tmp_path: Path) -> None:
    add_model(services.database, tmp_path / "out", "m-1", services.clock())
    admin = make_person(services).bearer
    answer = client.post("/api/v1/models/m-1/promote", headers=admin)
    assert (answer.status_code, answer.get_json()["version"]) == (200, "m-1")
    scorer = services.live_model.scorer()
    assert scorer is not None
    assert scorer.version == "m-1"
    back = client.post("/api/v1/models/rollback", headers=admin)
    assert (back.status_code, back.get_json()["version"]) == (200, read_manifest(STARTER).version)
    assert client.post("/api/v1/models/rollback", headers=admin).status_code == 409
    assert client.post("/api/v1/models/m-9/promote", headers=admin).status_code == 404


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", [{"json": {"force": True}}, {"query_string": {"force": "true"}}])
def test_objections_are_told_and_overridden_by_force(
    services: Services, client: FlaskClient, tmp_path: Path, how: dict[str, dict[str, object]]
) -> None:
    add_model(services.database, tmp_path / "out", "m-1", services.clock(), objections=["too few spam labels"])
    admin = make_person(services).bearer
    refused = client.post("/api/v1/models/m-1/promote", headers=admin)
    assert (refused.status_code, refused.get_json()["objections"]) == (409, ["too few spam labels"])
    forced = client.post("/api/v1/models/m-1/promote", headers=admin, **how)
    assert (forced.status_code, forced.get_json()["forced"]) == (200, True)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("body", [b"no json", b'{"force": "perhaps"}', b'{"froce": true}'])
def test_a_bad_body_is_refused(services: Services, client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/v1/models/m-1/promote", headers=make_person(services).bearer, data=body)
    assert answer.status_code in {400, 422}
