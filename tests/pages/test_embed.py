"""The script that other people's pages load: small, kept, and asking for nothing that a strict page forbids."""

from __future__ import annotations

import gzip
import re

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_it_is_at_most_ten_kilobytes_on_the_wire(client: FlaskClient) -> None:
    response = client.get("/embed.js", headers={"Accept-Encoding": "gzip, br"})
    assert response.mimetype == "text/javascript"
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.data) <= 10_000
    plain = client.get("/embed.js")
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(response.data) == plain.data
    assert response.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_it_is_kept_and_not_sent_twice(client: FlaskClient) -> None:
    first = client.get("/embed.js")
    assert "public" in first.headers["Cache-Control"]
    again = client.get("/embed.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    small = client.get("/embed.js", headers={"Accept-Encoding": "gzip"})
    assert small.headers["ETag"] != first.headers["ETag"]


def test_any_page_may_load_it(client: FlaskClient) -> None:
    headers = client.get("/embed.js").headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in headers


def test_it_asks_nobody_but_the_service_and_evaluates_nothing(client: FlaskClient) -> None:
    source = re.sub(r"/\*.*?\*/", "", client.get("/embed.js").text, flags=re.DOTALL)
    assert not re.search(r"https?://\w", source)
    assert not re.search(r"\beval\b|new Function|document\.(write|cookie)|setAttribute\(\"style", source)
