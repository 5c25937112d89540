"""The API's documentation."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.pages.markup import Page

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_every_operation_and_schema_of_the_description_is_shown(client: FlaskClient) -> None:
    spec = client.get("/api/v1/openapi.json").get_json()
    page = Page(client.get("/api/docs"))
    assert page.status == 200
    for path, methods in spec["paths"].items():
        for method, details in methods.items():
            assert f"{method.upper()} {path}" in page.text
            for kind in details.get("requestBody", {}).get("content", {}):
                assert kind in page.text
            assert details["summary"].partition(". ")[0].removesuffix(".").replace("``", "") in page.text
    anchors = {a["id"] for _, a in page.tags if "id" in a}
    links = {a["href"].removeprefix("#") for a in page.having("a") if a["href"].startswith("#")}
    assert links <= anchors
    assert any(anchor.startswith("schema-") and anchor.endswith("CommentOut") for anchor in anchors)


def test_pages_are_no_part_of_the_description(client: FlaskClient) -> None:
    spec = client.get("/api/v1/openapi.json").get_json()
    assert not {"/review", "/login", "/admin", "/demo"} & set(spec["paths"])
