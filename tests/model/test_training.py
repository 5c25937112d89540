"""Training: deterministic, held to what the starter knows, and never measured on what it learnt."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from model import artifact, streaming
from model.artifact import WEIGHTS, read_manifest
from model.fitting import Labels, as_prior, heard, split
from model.grouping import campaigns, conflicts, learnable, weights_of
from model.pipeline import CommentVectorizer
from model.reading import read
from model.sample import Label, LabelledSample, Sample
from model.scoring import STARTER, Scorer
from model.training import MIN_LABELS_PER_CLASS, TrainingError, compare, train
from model.vector import NUMBERS_FROM
from tests.model.conftest import labels

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_candidate_is_written_and_judges(tmp_path: Path) -> None:
    said: list[tuple[float, str]] = []
    result = train(labels(60), out=tmp_path, live=STARTER, progress=lambda done, what: said.append((done, what)))
    assert result.folder == tmp_path / result.version
    assert (result.n_spam, result.n_ham) == (30, 30)
    assert result.metrics["n"] == 60
    assert result.live_metrics is not None
    assert all("cannot promise" in warning for warning in result.warnings)
    scorer = Scorer.load(result.folder)
    assert scorer.version == result.version
    fresh = labels(20, seed=9)
    given = list(scorer.score_many(row.sample for row in fresh))
    assert np.mean([(p > 0.5) == (row.label is Label.SPAM) for p, row in zip(given, fresh, strict=True)]) > 0.9
    assert [done for done, _ in said] == sorted(done for done, _ in said)
    assert said[-1][0] == 1.0
    manifest = read_manifest(result.folder)
    assert manifest.parent == Scorer.load(STARTER).version
    assert manifest.training["n_spam"] == 30


def test_the_same_labels_give_the_same_bits(tmp_path: Path) -> None:
    one = train(labels(40), out=tmp_path / "one", now=NOW)
    two = train(labels(40), out=tmp_path / "two", now=NOW)
    assert one.version == two.version
    assert (one.folder / WEIGHTS).read_bytes() == (two.folder / WEIGHTS).read_bytes()


@pytest.mark.parametrize("label", list(Label))
def test_one_class_teaches_nothing(label: Label, tmp_path: Path) -> None:
    rows = [row for row in labels(20) if row.label is label]
    with pytest.raises(TrainingError, match="both classes are needed"):
        train(rows, out=tmp_path)


def test_few_labels_are_warned_about_and_not_promoted(tmp_path: Path) -> None:
    result = train(labels(10), out=tmp_path)
    assert result.warnings
    assert any("too little" in reason for reason in compare(result.metrics, None))


def test_a_campaign_counts_once() -> None:
    rows = labels(8)
    copies = [replace(rows[0], sample=replace(rows[0].sample, thread=f"t{n}")) for n in range(9)]
    weights = weights_of([*rows, *copies], campaigns([*rows, *copies]))
    assert weights[0] + weights[8:].sum() == pytest.approx(1.0)
    assert weights[1:8] == pytest.approx(np.ones(7))


def test_a_named_group_counts_once_too() -> None:
    rows = [replace(row, group="bulk" if row.label is Label.SPAM else "") for row in labels(8)]
    weights = weights_of(rows, campaigns(rows))
    assert weights[[row.label is Label.SPAM for row in rows]].sum() == pytest.approx(1.0)


def test_conflicting_labels_are_listed(tmp_path: Path) -> None:
    rows = labels(20)
    result = train([*rows, replace(rows[0], label=Label.HAM)], out=tmp_path)
    assert [(conflict.spam, conflict.ham) for conflict in result.conflicts] == [((0,), (20,))]
    assert any("both labels" in warning for warning in result.warnings)


def test_groups_never_straddle_folds() -> None:
    groups = np.random.default_rng(0).integers(0, 30, 200)
    fold = split(groups.tolist(), seed=1)
    assert all(len(np.unique(fold[groups == group])) == 1 for group in range(30))
    sizes = np.bincount(fold)
    assert sizes.max() - sizes.min() <= 10


def _metrics(auc: float, brier: float, n: int = 400) -> dict[str, float]:
    return {"n": n, "n_spam": n // 2, "roc_auc": auc, "brier": brier}


def test_a_worse_candidate_is_not_promoted_and_noise_is_forgiven() -> None:
    assert compare(_metrics(0.90, 0.1), _metrics(0.99, 0.05))
    assert not compare(_metrics(0.985, 0.05), _metrics(0.99, 0.05))
    assert not compare(_metrics(0.99, 0.05), None)
    assert compare(_metrics(0.99, 0.05, n=2 * MIN_LABELS_PER_CLASS - 2), None)


def test_the_report_is_stored_and_checked_with_the_model(tmp_path: Path) -> None:
    result = train(labels(40), out=tmp_path)
    assert {"report.json", "roc.svg", "learning-curve.svg"} <= {path.name for path in result.folder.iterdir()}
    assert "report.json" in read_manifest(result.folder).files


def test_a_label_taken_back_was_never_given(tmp_path: Path) -> None:
    """Forgetting is exact: the model rebuilt without a moderator's labels is bit for bit one that never saw them."""
    rows = [replace(row, sample=replace(row.sample, thread=f"by-{n % 4}")) for n, row in enumerate(labels(40))]
    train(rows, out=tmp_path / "with", now=NOW)
    rebuilt = train([row for row in rows if row.sample.thread != "by-3"], out=tmp_path / "rebuilt", now=NOW)
    never = train([row for n, row in enumerate(rows) if n % 4 != 3], out=tmp_path / "never", now=NOW)
    assert (rebuilt.folder / WEIGHTS).read_bytes() == (never.folder / WEIGHTS).read_bytes()


def test_copied_text_teaches_nothing_against_the_one_who_wrote_it(tmp_path: Path) -> None:
    """A spammer who pastes a published comment, link added, does not make spam of that comment."""
    rows = labels(40)
    genuine = rows[1]
    stolen = [
        replace(
            rows[0],
            sample=Sample(
                f"{genuine.sample.body} http://shop-{n}.example.com/", author_name="buy bags", thread=f"x{n}"
            ),
        )
        for n in range(6)
    ]
    words = learnable([genuine, *stolen], conflicts([genuine, *stolen], [0] * 7))
    assert words[0].body == genuine.sample.body
    assert words[0].copied == ()
    for n, sample in enumerate(words[1:]):
        assert read(sample).body.text == ""
        assert [link.host for link in read(sample).links] == [f"shop-{n}.example.com"]
    plain = _of_whole_texts(train(rows, out=tmp_path / "plain").folder)
    attacked = _of_whole_texts(train([*rows, *stolen], out=tmp_path / "attacked").folder)
    assert attacked.score(genuine.sample).probability < 0.01
    assert Scorer.load(attacked.folder).score(genuine.sample).probability < 0.01
    # What is left between the two is calibration, which stretches all log-odds alike.
    assert _said_by_words(attacked, genuine.sample) == pytest.approx(_said_by_words(plain, genuine.sample), abs=0.2)


def _of_whole_texts(folder: Path) -> Scorer:
    manifest, weights = artifact.load(folder)
    return Scorer(replace(weights, doubt=artifact.NO_DOUBT), manifest, folder)


def _said_by_words(scorer: Scorer, sample: Sample) -> float:
    """What the body adds to the log-odds, before calibration."""
    body = sum(evidence.weight for evidence in scorer.score(sample).evidence if evidence.field == "body")
    return body / float(scorer.manifest.training["calibration"]["slope"])


def test_both_labels_for_one_text_are_listed_among_many_labels_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = labels(60, site="a")
    again = [
        replace(rows[0], label=Label.HAM),
        replace(rows[0], sample=replace(rows[0].sample, site="b"), label=Label.HAM),
    ]
    monkeypatch.setattr(streaming, "LARGE", 50)
    monkeypatch.setattr(streaming, "SHARD", 40)
    result = train([*rows, *again], out=tmp_path)
    assert [(clash.spam, clash.ham) for clash in result.conflicts] == [((0,), (60,))]


def test_a_site_bends_the_judge_to_its_own_taste_and_to_nobody_elses(tmp_path: Path) -> None:
    """What one site calls spam and another does not: each is believed at home."""
    pool = "our club meets monday harbour hall bring instruments friends choir evening concert tickets door parish tea".split()
    random = np.random.default_rng(2)
    texts = [" ".join(random.permutation(pool)[:11]) for _ in range(31)]
    strict = [LabelledSample(Sample(text, site="strict"), Label.SPAM) for text in texts[:15]]
    kind = [LabelledSample(Sample(text, site="kind"), Label.HAM) for text in texts[15:30]]
    others = labels(40, site="strict") + labels(40, site="kind", seed=4)
    folder = train([*strict, *kind, *others], out=tmp_path).folder
    text = texts[30]
    scorer = Scorer.load(folder)
    assert scorer.score(Sample(text, site="strict")).log_odds > scorer.score(Sample(text, site="kind")).log_odds + 1.0
    assert scorer.score(Sample(text, site="new")).log_odds == scorer.score(Sample(text)).log_odds


def test_a_site_whose_texts_have_no_spaces_has_a_taste_of_its_own_too(tmp_path: Path) -> None:
    syllables = [chr(code) for code in range(0x3042, 0x3082)]
    random = np.random.default_rng(3)
    texts = ["".join(random.permutation(syllables)[:14]) + "\u5b9d\u5242" for _ in range(31)]
    strict = [LabelledSample(Sample(text, site="strict"), Label.SPAM) for text in texts[:15]]
    kind = [LabelledSample(Sample(text, site="kind"), Label.HAM) for text in texts[15:30]]
    others = labels(40, site="strict") + labels(40, site="kind", seed=4)
    scorer = Scorer.load(train([*strict, *kind, *others], out=tmp_path).folder)
    at_strict, at_kind = (scorer.score(Sample(texts[30], site=site)) for site in ("strict", "kind"))
    assert at_strict.log_odds > at_kind.log_odds + 1.0
    assert "letters of the site" in {one.feature for one in at_strict.evidence}


def test_a_site_that_the_starter_gets_wrong_is_not_held_back_by_it(tmp_path: Path) -> None:
    """Where all that the starter takes for spam is welcome, and the reverse, its word counts for next to nothing."""
    starter = artifact.load(STARTER)[1]
    contrary = [replace(one, label=Label.HAM if one.label is Label.SPAM else Label.SPAM) for one in labels(60)]
    matrix = CommentVectorizer().transform([one.sample for one in contrary])
    spam = np.array([one.label is Label.SPAM for one in contrary])
    prior = heard(Labels(matrix, spam, np.ones(60), [""] * 60), as_prior(starter))
    loudness = np.abs(prior.weights[:NUMBERS_FROM]).sum() / np.abs(starter.weights[:NUMBERS_FROM]).sum()
    assert loudness < 0.15
    assert prior.weights[NUMBERS_FROM:].tolist() == starter.weights[NUMBERS_FROM:].tolist()
    judged = Scorer.load(train(contrary, out=tmp_path).folder)
    fresh = labels(40, seed=8)
    given = np.array(list(judged.score_many(row.sample for row in fresh)))
    assert np.mean((given > 0.5) == [row.label is Label.HAM for row in fresh]) > 0.8


def test_copies_are_one_witness_in_a_promise(tmp_path: Path) -> None:
    """Nobody buys a promise with one comment sent six hundred times."""
    rows = labels(30)
    thanks = "Thank you all for the lovely walk along the river yesterday, the dogs slept the whole way home."
    copies = [LabelledSample(Sample(thanks, thread=f"walk-{n}", site="club"), Label.HAM) for n in range(700)]
    result = train([*rows, *copies], out=tmp_path)
    assert result.n_ham == 715
    assert result.promise.n_ham == 16
    assert result.promise.missing_ham > 0


def test_cores_do_not_change_a_bit(tmp_path: Path) -> None:
    """The same labels give the same weights, however many threads the linear algebra may use."""
    code = (
        "import sys; from pathlib import Path; from tests.model.test_training import NOW, labels, train;"
        "train(labels(60), out=Path(sys.argv[1]), now=NOW)"
    )
    written = []
    for threads in ("1", "2"):
        out = tmp_path / threads
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        subprocess.run([sys.executable, "-c", code, str(out)], check=True, env=environment, cwd=ROOT)
        (folder,) = out.iterdir()
        written.append((folder / WEIGHTS).read_bytes())
    assert written[0] == written[1]


def test_many_labels_are_learnt_shard_by_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rule in pieces: nearly the same judge, the same bits however many processes read, one pass only."""
    rows = labels(160)
    whole = Scorer.load(train(rows, out=tmp_path / "whole").folder)
    monkeypatch.setattr(streaming, "LARGE", 50)
    monkeypatch.setattr(streaming, "SHARD", 40)
    alone = train(iter(rows), out=tmp_path / "alone", live=STARTER, now=NOW)
    pooled = train(iter(rows), out=tmp_path / "pooled", live=STARTER, now=NOW, workers=2)
    assert (alone.folder / WEIGHTS).read_bytes() == (pooled.folder / WEIGHTS).read_bytes()
    assert (alone.n_spam, alone.n_ham) == (80, 80)
    assert alone.metrics["n"] < 160
    assert alone.live_metrics is not None
    fresh = labels(30, seed=8)
    ours = np.array(list(Scorer.load(alone.folder).score_many(row.sample for row in fresh)))
    theirs = np.array(list(whole.score_many(row.sample for row in fresh)))
    assert np.mean((ours > 0.5) == (theirs > 0.5)) > 0.9
    with pytest.raises(TrainingError, match="both classes"):
        train([row for row in rows if row.label is Label.HAM], out=tmp_path)
