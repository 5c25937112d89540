"""What disguises cost on real spam: `python -m benchmarks.judge_evasion --data DIR`.

A judge that has not seen a fourth of the spam operators and threads judges English spam of that fourth, plain and in
each disguise, at the cut that hits 1 % of that fourth's genuine comments.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.judge import Corpus, load
from benchmarks.judge_attacks import ATTACKS, stuffed
from model import artifact
from model.copying import copied_spans
from model.sample import Sample
from model.scoring import Scorer
from model.train_starter import folds, learn


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--n", type=int, default=1000, help="spam comments attacked")
    chosen = parser.parse_args()
    all_rows = load(chosen.data)
    fold = folds(all_rows.rows)
    weights = learn(all_rows.seen, all_rows.rows, fold != 0)
    english = np.array([row.lang == "en" and row.source != "sms" for row in all_rows.rows])
    order = np.random.default_rng(0)
    spam = order.permutation(np.flatnonzero((fold == 0) & english & all_rows.spam))[: chosen.n]
    ham = order.permutation(np.flatnonzero((fold == 0) & english & ~all_rows.spam))[:4000]
    with tempfile.TemporaryDirectory() as folder:
        scorer = Scorer.load(artifact.save(Path(folder), artifact.Manifest("fold", "", ""), weights))
    cut = float(np.quantile(list(scorer.score_many(all_rows.rows[i].sample for i in ham)), 0.99))
    samples = [all_rows.rows[i].sample for i in spam]
    plain = np.array(list(scorer.score_many(samples)))
    print(f"{len(spam)} spam, {len(ham)} genuine; recall at 1 %: {(plain > cut).mean():.3f}")
    print("| disguise | recall at 1 % | lost, points |\n| --- | --- | --- |")

    def stuffing(between: str, *, first: bool) -> Callable[[str, random.Random], str]:
        def stuff(body: str, chance: random.Random) -> str:
            genuine = all_rows.rows[chance.choice(ham.tolist())].sample.body
            return stuffed(genuine, body, between) if first else stuffed(body, genuine, between)

        return stuff

    hidden = {
        "ham-stuffing: a paragraph before": stuffing("\n\n", first=False),
        "... a paragraph after": stuffing("\n\n", first=True),
        "... lines before": stuffing("\n", first=False),
        "... the same line, before": stuffing(" ", first=False),
        "... the same line, after": stuffing(" ", first=True),
    }
    for name, attack in {**ATTACKS, **hidden}.items():
        chance = random.Random(1)
        given = np.array(list(scorer.score_many(replace(one, body=attack(one.body, chance)) for one in samples)))
        recall = (given > cut).mean()
        print(f"| {name} | {recall:.3f} | {100 * ((plain > cut).mean() - recall):.1f} |", flush=True)
    chance = random.Random(1)
    for name, found in (("copied comment, link added, unnoticed", False), ("... as a site knows it", True)):
        given = np.array(list(scorer.score_many(copy_of(one, all_rows, ham, chance, found=found) for one in samples)))
        recall = (given > cut).mean()
        print(f"| {name} | {recall:.3f} | {100 * ((plain > cut).mean() - recall):.1f} |", flush=True)
    return 0


def copy_of(spam: Sample, all_rows: Corpus, ham: NDArray[np.int64], chance: random.Random, *, found: bool) -> Sample:
    """A genuine comment with the spammer's link and name; ``found``: the near-duplicate index knows the original."""
    original = all_rows.rows[chance.choice(ham.tolist())].sample.body
    body = f"{original} {spam.author_url or 'http://cheap-bags.example/'}"
    copied = copied_spans(body, original) if found else ()
    knowledge = {"copies_published": 1.0} if found else {}
    return replace(spam, body=body, copied=copied, knowledge=knowledge)


if __name__ == "__main__":
    sys.exit(main())
