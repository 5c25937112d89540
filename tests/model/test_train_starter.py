"""Rebuilding the starter: deterministic, and plain about missing data. The corpora here are made up."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model import corpus
from model.artifact import WEIGHTS, read_manifest
from model.reading import read
from model.sample import Label
from model.scoring import STARTER, Scorer
from model.train_starter import build, main
from model.views import views
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


def test_spam_is_mostly_shown_without_its_links() -> None:
    row = next(row for row in labels(4) if row.label is Label.SPAM)
    sample = row.sample.__class__("Buy now http://a.example.com/x", author_url="http://b.example.com/")
    shown = views(row, read(sample), random.Random(1), ["anna"])
    assert sum(share for _, share in shown) == pytest.approx(1.0)
    assert sum(share for view, share in shown if view.url is not None) == pytest.approx(0.15)
    assert sum(share for view, share in shown if view.links) == pytest.approx(0.30)


def test_the_shipped_starter_is_small_and_has_its_card() -> None:
    assert sum(path.stat().st_size for path in STARTER.iterdir()) <= 5_000_000
    card = (STARTER / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert all(source.name in card for source in corpus.SOURCES)
    manifest = read_manifest(STARTER)
    assert f"{manifest.training['n']:,} comments" in card
