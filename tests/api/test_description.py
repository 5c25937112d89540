"""The API's description: a valid one, whole, with examples that fit it."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from moderation.api.bodies import MAX_BYTES
from moderation.api.schemas import CommentIn
from moderation.comments.submission import SEEN_LINE, SEEN_TEXT, is_blank, parse_submission
from moderation.services import Services
from moderation.tables import Status
from moderation.webhooks.payloads import News, make_secret, standard_letter
from tests.databases import START
from tests.factories import ORIGIN, make_person, make_site

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

_REST: tuple[Any, ...] = (None, None, "Ann", "", "Hello?", START, {})
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def spec(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return found


def operations(spec: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method in METHODS:
            if method in methods:
                yield f"{method} {path}", methods[method]


def fits(spec: Mapping[str, Any], schema: Mapping[str, Any], value: object) -> None:
    validator = OAS31Validator(
        {**schema, "components": spec["components"]}, format_checker=OAS31Validator.FORMAT_CHECKER
    )
    validator.validate(value)


def test_it_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(spec).iter_errors()) == []


def test_every_refusal_is_a_problem_document(spec: dict[str, Any]) -> None:
    assert "HTTPError" not in spec["components"]["schemas"]
    for name, operation in operations(spec):
        if "/api/" not in name:
            continue
        codes = {code for code in operation["responses"] if int(code) >= 400}
        assert {"400", "503"} <= codes, name
        assert ({"401", "403"} <= codes) >= bool(operation["security"]), name
        for code in codes - {"414", "431"}:
            assert set(operation["responses"][code]["content"]) == {"application/problem+json"}, (name, code)


def test_every_operation_says_what_it_does_who_may_and_shows_an_example_that_fits(spec: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(spec)]
    assert len(set(names)) == len(names)
    for name, operation in operations(spec):
        assert operation["summary"], name
        assert {scheme for one in operation["security"] for scheme in one} <= set(spec["components"]["securitySchemes"])
        holders = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (content for holder in holders for content in holder.get("content", {}).values()):
            fits(spec, content["schema"], content["example"])
        for parameter in operation.get("parameters", ()):
            fits(spec, parameter["schema"], parameter["example"])
        good = {code: answer for code, answer in operation["responses"].items() if int(code) < 300}
        assert good, name
        assert all("content" in answer for code, answer in good.items() if code != "204"), name


def test_what_is_no_part_of_the_api_but_open_to_all_is_there_too(
    client: FlaskClient, services: Services, spec: dict[str, Any]
) -> None:
    site = make_site(services)
    for path, kind in {
        "/sites/{site}/thread": "text/html",
        "/sites/{site}/feed.atom": "application/atom+xml",
        "/embed.js": "text/javascript",
        "/metrics": "text/plain",
    }.items():
        answer = client.get(path.replace("{site}", str(site.id)), query_string={"thread": "/bread"})
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert set(spec["paths"][path]["get"]["responses"]["200"]["content"]) == {kind}
    form = {"thread": "/bread", "author_name": "Ann", "body": "Hello?"}
    sent = client.post(f"/sites/{site.id}/comments", data=form, headers={"Origin": ORIGIN})
    assert str(sent.status_code) in spec["paths"]["/sites/{site}/comments"]["post"]["responses"]
    calls = spec["paths"]["/1.1/{call}"]["post"]["parameters"][0]["schema"]["enum"]
    assert {"comment-check", "submit-ham", "token"} <= set(calls)
    assert {client.post(f"/1.1/{call}").status_code for call in calls} == {200}


def test_what_webhooks_tell_is_what_was_described(spec: dict[str, Any]) -> None:
    assert set(spec["webhooks"]) == {"comment.published", "comment.pending", "comment.spam", "comment.rejected"}
    for name, methods in spec["webhooks"].items():
        content = methods["post"]["requestBody"]["content"]["application/json"]
        assert (content["example"]["type"], content["example"]["data"]["status"]) == (name, name.partition(".")[2])
        fits(spec, content["schema"], content["example"])
        some = [uuid.uuid4() for _ in range(3)]
        told = News(some[0], Status(name.partition(".")[2]), 1, START, some[1], some[2], "/bread", *_REST)
        letter = json.loads(standard_letter("https://blog.example.org/hook", make_secret(), told, START).body)
        fits(spec, content["schema"], letter)
        described = spec["components"]["schemas"]["News"]["properties"]["data"]["properties"]
        assert set(letter["data"]) == set(described)


def test_what_is_refused_is_what_was_described(client: FlaskClient, spec: dict[str, Any]) -> None:
    for answer in (
        client.get("/api/v1/queue"),
        client.get("/api/v1/sites/nowhere/counts?thread=a"),
        client.post("/api/v1/sites/nowhere/comments", data=b"{", content_type="application/json"),
    ):
        assert answer.mimetype == "application/problem+json"
        fits(spec, {"$ref": "#/components/schemas/Problem"}, answer.get_json())


def test_a_body_that_is_too_large_is_refused_as_described_wherever_one_is_taken(
    client: FlaskClient, services: Services, spec: dict[str, Any]
) -> None:
    site, admin = make_site(services), make_person(services)
    taking = [(name, one) for name, one in operations(spec) if "requestBody" in one and "/api/" in name]
    assert len(taking) > 10
    for name, operation in taking:
        method, path = name.split()
        path = re.sub(r"\{\w+\}", str(uuid.uuid4()), path.replace("{site}", str(site.id)))
        bearer = site.bearer if {"SiteKey": []} in operation["security"] else admin.bearer
        body = b'{"body": "' + b"x" * MAX_BYTES + b'"}'
        headers = {**bearer, "Edit-Token": "x"}
        answer = client.open(path, method=method.upper(), data=body, content_type="application/json", headers=headers)
        assert answer.status_code == 413, name
        assert "413" in operation["responses"], name
        assert answer.get_json()["code"] == "too_large", name


@pytest.mark.parametrize(
    "text",
    ["a", " a ", "\n\u200b", "\u3164", "a\nb", "a\u202eb", "\x85\x85", "\u2028", "🥖", "\u00ad", "é", "\t!\t", "\x7f"],
)
def test_a_text_is_taken_where_its_pattern_says_so(spec: dict[str, Any], text: str) -> None:
    described = spec["components"]["schemas"][CommentIn.__name__]["properties"]
    assert (described["author_name"]["pattern"], described["body"]["pattern"]) == (SEEN_LINE, SEEN_TEXT)
    for name in ("author_name", "body"):
        fields = {"thread": "t", "author_name": "n", "author_email": "", "body": "b", name: text}
        try:
            parse_submission(fields, by_server=True, name_required=True, email_required=False, now=START)
            taken = True
        except Exception:  # noqa: BLE001 -- whatever refuses it
            taken = False
        try:
            fits(spec, described[name], text)
            promised = True
        except Exception:  # noqa: BLE001 -- whatever it breaks
            promised = False
        assert taken is promised, (name, text, is_blank(text))
