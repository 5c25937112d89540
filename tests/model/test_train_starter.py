"""Rebuilding the starter: deterministic, and plain about missing data. The corpora here are made up."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from model import corpus, train_starter
from model.artifact import WEIGHTS, read_manifest
from model.home_pages import with_home_page
from model.pipeline import CommentVectorizer
from model.reading import read
from model.sample import Label, Sample
from model.scoring import STARTER, Scorer
from model.train_starter import UNTAUGHT, build, design, learn, main, pool, taught
from model.vector import AUTHORS_LINK, LETTERS, WORDS
from tests.model.conftest import labels

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _write(folder: Path) -> None:
    folder.mkdir()
    for number, source in enumerate(corpus.SOURCES):
        lines = [
            json.dumps({"body": row.sample.body, "author_name": f"{row.sample.author_name} {number} {n}", "label": row.label.value,
                        "thread": row.sample.thread, "author_url": f"http://shop-{number}-{n}.example.com/" if n % 4 == 0 else ""})
            for n, row in enumerate(labels(12, seed=number))
        ]  # fmt: skip
        (folder / f"{source.name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_missing_data_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "lacks wordpress_spam_2.jsonl" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_same_data_give_the_same_starter(tmp_path: Path) -> None:
    _write(tmp_path / "data")
    one = build(tmp_path / "data", tmp_path / "one", NOW)
    two = build(tmp_path / "data", tmp_path / "two", NOW)
    assert (one / WEIGHTS).read_bytes() == (two / WEIGHTS).read_bytes()
    assert read_manifest(one) == read_manifest(two)
    assert Scorer.load(one).version.startswith("starter-")


def test_comments_written_for_the_judge_teach_and_are_no_witnesses(tmp_path: Path) -> None:
    _write(tmp_path / "data")
    manifest = read_manifest(build(tmp_path / "data", tmp_path / "out", NOW))
    assert manifest.metrics["all"]["n"] == 12 * len(corpus.SOURCES)
    assert set(manifest.metrics) == {"all", *(source.name for source in corpus.SOURCES)}
    assert manifest.training["n"] > 1000


def test_genuine_writers_without_a_link_get_one_and_nobody_else() -> None:
    ham, spam = (next(row for row in labels(4) if row.label is label) for label in (Label.HAM, Label.SPAM))
    given = 0
    for number in range(200):
        chance = random.Random(number)
        for row in (ham, spam):
            bare = replace(row, lang="en", sample=Sample("Hello there", author_name="Anna"))
            shown = with_home_page(bare, read(bare.sample), chance, ["anna"])
            assert shown.url is None or row.label is Label.HAM
            given += shown.url is not None
        linked = replace(ham, sample=Sample("Hello there", author_url="http://anna.example.com/"))
        assert with_home_page(linked, read(linked.sample), chance, ["anna"]).url == read(linked.sample).url
    assert given / 200 == pytest.approx(0.3, abs=0.1)


def test_an_expert_that_hears_nothing_says_nothing() -> None:
    """A name of which only one class has any teaches nothing, and whoever has no name is judged by the text alone."""
    rows = labels(40)
    seen = design(rows)
    everyone = np.ones(len(rows), dtype=np.bool_)
    whole = learn(seen, rows, everyone)
    text = pool([taught(expert, seen, rows, everyone) for expert in (WORDS, LETTERS)])
    bare = CommentVectorizer().transform([Sample(row.sample.body) for row in rows if "http" not in row.sample.body])
    assert bare @ whole.weights + whole.intercept == pytest.approx(
        bare @ text.weights + text.intercept, abs=0.01
    )  # but for collisions


def test_the_shipped_starter_is_small_and_has_its_card() -> None:
    assert sum(path.stat().st_size for path in STARTER.iterdir()) <= 5_000_000
    card = (STARTER / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert all(source.name in card for source in corpus.SOURCES)
    manifest = read_manifest(STARTER)
    assert f"{manifest.training['n']:,} comments" in card


def test_a_link_that_looks_genuine_is_half_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly all genuine home pages are made up; what looks like spam's is believed in full."""
    hosts = {Label.SPAM: "cheap-bags", Label.HAM: "anna-keller"}
    rows = [
        replace(row, sample=replace(row.sample, author_url=f"http://{hosts[row.label]}{number}.example.com/"))
        for number, row in enumerate(labels(40))
    ]
    seen = design(rows)
    everyone = np.ones(len(rows), dtype=np.bool_)
    half = taught(AUTHORS_LINK, seen, rows, everyone).weights - UNTAUGHT.weights
    monkeypatch.setattr(train_starter, "_MADE_UP_SPEAKS", 1.0)
    whole = taught(AUTHORS_LINK, seen, rows, everyone).weights - UNTAUGHT.weights
    assert (whole < 0).any()
    assert half[whole < 0] == pytest.approx(0.5 * whole[whole < 0])
    assert half[whole >= 0].tolist() == whole[whole >= 0].tolist()
