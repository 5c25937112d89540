from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from model.jsonl import read_labelled
from model.sample import LabelledSample
from moderation.clock import Clock
from moderation.database import Database
from moderation.errors import NotFoundError
from moderation.exchange import export
from moderation.exchange.export import export_site
from moderation.learning.labels import labelled_comments
from tests.exchange.histories import HAM, SPAM, bring_in, make_site

REPLIES = [
    {"kind": "thread", "key": "/bread", "url": "https://blog.example.org/bread", "title": "Bread & butter"},
    {**HAM, "kind": "comment", "id": "1", "knowledge": {"author_published": 3}},
    {"kind": "comment", "id": "2", "parent_id": "1", "thread": "/bread", "status": "pending", "body": "Why? 🥖\u2028"},
    SPAM,
]


def exported(database: Database, site_id: uuid.UUID, *, only_labelled: bool = False) -> list[dict[str, Any]]:
    with database.reading() as session:
        return [json.loads(line) for line in export_site(session, site_id, only_labelled=only_labelled)]


def test_everything_of_the_site_is_there_and_nothing_of_another(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id, other = make_site(database, clock), make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, REPLIES)
    bring_in(database, other, clock, tmp_path, [{**HAM, "body": "Elsewhere."}])
    lines = exported(database, site_id)
    assert [line["kind"] for line in lines] == ["site", "policy", "thread", *["comment", "decision"] * 3]
    assert {line["id" if line["kind"] == "site" else "site"] for line in lines} == {str(site_id)}
    first, reply, _ = [line for line in lines if line["kind"] == "comment"]
    assert reply["parent_id"] == first["id"]
    assert (first["body"], first["author_email"], first["ip"]) == (HAM["body"], HAM["author_email"], HAM["ip"])
    assert (reply["body"], reply["label"], reply["status"]) == ("Why? 🥖\u2028", None, "pending")
    assert not {"digest", "signature", "site_id", "ip_network"} & {name for line in lines for name in line}


def test_labelled_lines_are_the_contracts_and_train_as_the_database_does(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, REPLIES)
    with database.reading() as session:
        read = list(read_labelled(export_site(session, site_id, only_labelled=True)))
        stored = list(labelled_comments(session))
    samples = [found.sample for found in read if isinstance(found, LabelledSample)]
    assert samples == [found.sample for found in stored]
    assert len(samples) == len(read) == 2
    assert samples[0].knowledge == {"author_published": 3.0}


def test_the_same_state_gives_the_same_file_however_it_is_read(
    database: Database, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [{**HAM, "body": f"Note {n}", "thread": f"/{n}"} for n in range(12)])
    whole = exported(database, site_id)
    monkeypatch.setattr(export, "BATCH", 5)
    assert exported(database, site_id) == whole


def test_an_export_comes_in_again_elsewhere_and_is_the_same_there(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id, other = make_site(database, clock), make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, REPLIES)
    lines = exported(database, site_id)
    assert bring_in(database, other, clock, tmp_path, lines).comments == 3
    assert bring_in(database, other, clock, tmp_path, lines).known == 3
    assert bring_in(database, site_id, clock, tmp_path, lines).known == 3
    kept = ("kind", "body", "author_email", "ip", "created_at", "status", "label", "knowledge", "url", "title", "key")

    def essence(site_id: uuid.UUID) -> list[dict[str, Any]]:
        return [{name: line.get(name) for name in kept} for line in exported(database, site_id)[1:]]

    assert essence(other) == essence(site_id)


def test_an_unknown_site_is_told(database: Database) -> None:
    with database.reading() as session, pytest.raises(NotFoundError):
        export_site(session, uuid.uuid4())
