"""The report: figures that can be counted by hand, pictures that are the same every time, no text of anyone's."""

from __future__ import annotations

import json

import numpy as np

from model import report
from model.promise import Cuts
from model.sample import Label, LabelledSample, Sample

CUTS = Cuts(0.2, 0.8)


def _held(live: bool = True) -> report.Results:
    labels = [Label.SPAM] * 10 + [Label.HAM] * 10
    samples = [
        LabelledSample(
            Sample(f"secret text {n}", site="a" if n % 2 else ""), label, source="x", lang="en" if n < 15 else "de"
        )
        for n, label in enumerate(labels)
    ]
    given = np.array([*np.linspace(0.3, 0.99, 10), *np.linspace(0.01, 0.6, 10)])
    return _results(samples, given, np.full(20, 0.5) if live else None)


def _results(samples: list[LabelledSample], given: np.ndarray, live: np.ndarray | None = None) -> report.Results:
    spam = np.array([one.label is Label.SPAM for one in samples])
    n = len(samples)
    return report.Results(spam, given, np.ones(n), report.groups_of(samples), np.arange(n), live)


def test_figures_are_told_by_group_and_side() -> None:
    found = report.report(_held(), CUTS)
    assert found["all"]["n"] == 20
    assert set(found["by_lang"]) == {"de", "en"}
    assert found["by_site"]["a"]["n"] == 10
    assert found["worst"]["spam"][0] == {"position": 0, "probability": 0.3}
    assert found["worst"]["ham"][0]["position"] == 19
    assert sum(found["histogram"]["spam"]) == 10
    assert found["policy"]["spam_published"] == 0


def test_what_changed_against_the_live_model_is_counted() -> None:
    changed = report.report(_held(), CUTS)["live"]["changed"]
    assert changed == {"pending → published": 3, "pending → spam": 3}


def test_no_text_of_anyone_is_kept() -> None:
    stored = report.files(_held(), CUTS)
    assert not any(b"secret" in content for content in stored.values())
    json.loads(stored[report.JSON])


def test_pictures_are_the_same_every_time() -> None:
    one = report.files(_held(), CUTS, [{"labels": 5, "roc_auc": 0.8}, {"labels": 9, "roc_auc": 0.9}])
    two = report.files(_held(), CUTS, [{"labels": 5, "roc_auc": 0.8}, {"labels": 9, "roc_auc": 0.9}])
    assert one == two
    assert set(one) == {
        "report.json", "roc.svg", "precision-recall.svg", "calibration.svg", "scores.svg", "learning-curve.svg",
    }  # fmt: skip
    assert all(content.startswith(b"<?xml") for name, content in one.items() if name.endswith(".svg"))


def test_one_class_gets_figures_but_no_pictures() -> None:
    samples = [LabelledSample(Sample("a"), Label.HAM)] * 3
    assert set(report.files(_results(samples, np.array([0.1, 0.2, 0.3])), CUTS)) == {"report.json"}
