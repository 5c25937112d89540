"""What a site's own first labels bring: `python -m benchmarks.judge_sites --data DIR`.

YouTube (each video a site) and a site of blog comments under links are left out of a starter; then each site labels 50
or 200 of its comments, and the rest is judged by the starter alone and by the retrained judge. Then: what a site whose
labels are all wrong does to the others. Last, one site is all of YouTube: it labels four videos (all their comments, or
the first 70 % of every video in time), and the rest is judged.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import Corpus, Mask, hash_of, load, said, tfidf_words_and_letters
from model import artifact
from model.evaluation import evaluate
from model.fitting import calibrated
from model.sample import Label, LabelledSample
from model.scoring import STARTER, Scorer
from model.train_starter import believed, learn
from model.training import train

FIGURES = ("roc_auc", "recall_at_fpr_0.01", "brier", "ece")


def sites(all_rows: Corpus) -> Iterator[tuple[str, Mask]]:
    """Names and rows of the sites."""
    thread = np.array([row.sample.thread for row in all_rows.rows])
    youtube = all_rows.of("youtube")
    for video in sorted(set(thread[youtube])):
        yield f"youtube {video}", youtube & (thread == video)
    half = np.array([hash_of(row.group) % 8 == 0 for row in all_rows.rows])
    spam = all_rows.of("wordpress_spam", "wordpress_spam_2") & all_rows.spam & half
    yield "blog", spam | all_rows.of("blog_mademistakes", "blog_network")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    all_rows = load(chosen.data)
    left_out = np.zeros(len(all_rows.rows), dtype=np.bool_)
    for _, here in sites(all_rows):
        left_out |= here
    known = ~left_out & ~np.isin(all_rows.near, np.unique(all_rows.near[left_out]))
    raw = learn(all_rows.seen, all_rows.rows, known)
    # The shipped starter's calibration, near enough for a starter with two sources less.
    fit = artifact.read_manifest(STARTER).training["calibration"]
    weights = believed(calibrated(raw, fit["slope"], fit["offset"]), all_rows.seen)
    with tempfile.TemporaryDirectory() as folder:
        starter = artifact.save(Path(folder), artifact.Manifest("starter", "", ""), weights)
        print("| site | labels | judge | ROC AUC | recall at 1 % | Brier | ECE |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name, here in sites(all_rows):
            for labels in (50, 200):
                _site(all_rows, (name, here), labels, starter, chosen.seeds)
        _neighbours(all_rows, starter)
        _videos(all_rows, starter, newest_first(chosen.data))
    return 0


def _neighbours(all_rows: Corpus, starter: Path, labels: int = 200) -> None:
    """Print what all sites but one make of the labels of all, where those of that one are right, or all wrong."""
    print("| labels of one site | the others' ROC AUC | recall at 1 % | Brier | ECE |")
    print("| --- | --- | --- | --- | --- |")
    learnt: dict[str, list[LabelledSample]] = {}
    rest: list[LabelledSample] = []
    odd, *others = dict(sites(all_rows))
    for name, here in sites(all_rows):
        order = np.random.default_rng(0).permutation(np.flatnonzero(here))
        learnt[name] = [_of_site(all_rows.rows[i], name) for i in np.sort(order[:labels])]
        rest += [_of_site(all_rows.rows[i], name) for i in order[labels : 3 * labels] if name != odd]
    truth = np.array([row.label is Label.SPAM for row in rest])
    wrong = [replace(row, label=Label.HAM if row.label is Label.SPAM else Label.SPAM) for row in learnt[odd]]
    for told, of_odd in (("none", []), ("right", learnt[odd]), ("all wrong", wrong)):
        with tempfile.TemporaryDirectory() as out:
            rows = [*of_odd, *(row for name in others for row in learnt[name])]
            scorer = Scorer.load(train(rows, prior=starter, out=Path(out)).folder)
            got = evaluate(truth, np.array(list(scorer.score_many(row.sample for row in rest))))
        print(f"| {told} | {' | '.join(f'{float(got[key] or 0.0):.3f}' for key in FIGURES)} |", flush=True)


def _videos(all_rows: Corpus, starter: Path, backwards: frozenset[str]) -> None:
    """Print what labels of four videos bring to the fifth, and the beginning of each video to its end.

    Beside it, what TF-IDF on words and letters with logistic regression makes of the same labels and nothing else.
    """
    print("| YouTube as one site | ROC AUC | recall at 1 % | Brier | ECE | accuracy |")
    print("| --- | --- | --- | --- | --- | --- |")
    videos: dict[str, NDArray[np.int64]] = {}
    for name, here in sites(all_rows):
        if name.startswith("youtube"):
            videos[name] = np.flatnonzero(here)[:: -1 if name.removeprefix("youtube ") in backwards else 1]
    early = {name: round(0.7 * len(own)) for name, own in videos.items()}
    beginnings = np.sort(np.concatenate([own[: early[name]] for name, own in videos.items()]))
    found: dict[str, list[list[float]]] = {}
    for name, own in videos.items():
        others = np.sort(np.concatenate([rows for other, rows in videos.items() if other != name]))
        for split, learnt, rest in (
            ("a video left out", others, own),
            ("first 70 % of all, then the rest", beginnings, own[early[name] :]),
        ):
            with tempfile.TemporaryDirectory() as out:
                rows = [_of_site(all_rows.rows[i], "youtube") for i in learnt]
                scorer = Scorer.load(train(rows, prior=starter, out=Path(out)).folder)
            given = np.array(list(scorer.score_many(_of_site(all_rows.rows[i], "youtube").sample for i in rest)))
            plain = tfidf_words_and_letters().fit(
                [said(all_rows.rows[i].sample) for i in learnt], all_rows.spam[learnt]
            )
            by_words = plain.predict_proba([said(all_rows.rows[i].sample) for i in rest])[:, 1]
            for judge, probabilities in ((split, given), (f"{split}, TF-IDF", by_words)):
                got = evaluate(all_rows.spam[rest], probabilities)
                right = float(((probabilities >= 0.5) == all_rows.spam[rest]).mean())
                found.setdefault(judge, []).append([*(float(got[key] or 0.0) for key in FIGURES), right])
                print(f"| {name}: {judge} | {' | '.join(f'{v:.3f}' for v in found[judge][-1])} |", flush=True)
    for split, values in found.items():
        print(f"| mean: {split} | {' | '.join(f'{value:.3f}' for value in np.mean(values, axis=0))} |", flush=True)


def newest_first(data: Path) -> frozenset[str]:
    """The videos whose comments stand in the file from the newest to the oldest; the others' are in order of time."""
    dates: dict[str, list[str]] = {}
    with (data / "youtube.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("created_at"):
                dates.setdefault(row["thread"], []).append(row["created_at"])
    return frozenset(video for video, found in dates.items() if found[0] > found[-1])


def _site(all_rows: Corpus, site: tuple[str, Mask], labels: int, starter: Path, seeds: int) -> None:
    """Print what the starter and the retrained judge make of one site's other comments, means over the seeds."""
    name, here = site
    found: dict[str, list[list[float]]] = {"starter alone": [], "with its labels": []}
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(np.flatnonzero(here))
        own, rest = order[:labels], order[labels:]
        rest = rest[~np.isin(all_rows.near[rest], all_rows.near[own])]
        learnt = [_of_site(all_rows.rows[i], name) for i in np.sort(own)]
        with tempfile.TemporaryDirectory() as out:
            folder = train(learnt, prior=starter, out=Path(out)).folder
            for judge, scorer in (("starter alone", Scorer.load(starter)), ("with its labels", Scorer.load(folder))):
                given = list(scorer.score_many(_of_site(all_rows.rows[i], name).sample for i in rest))
                got = evaluate(all_rows.spam[rest], given)
                found[judge].append([float(got[key] or 0.0) for key in FIGURES])
    for judge, values in found.items():
        shown = " | ".join(f"{value:.3f}" for value in np.mean(values, axis=0))
        print(f"| {name} | {labels} | {judge} | {shown} |", flush=True)


def _of_site(row: LabelledSample, name: str) -> LabelledSample:
    return replace(row, sample=replace(row.sample, site=name), weight=1.0, group="")


if __name__ == "__main__":
    sys.exit(main())
