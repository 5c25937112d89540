"""A million labelled comments, learnt: time and memory. Run as `python -m benchmarks.judge_training [--n 1000000]`.

The comments are made up from a fixed vocabulary with a long tail, thirty words each, half of them spam.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model.sample import Label, LabelledSample, Sample
from model.training import train


def made_up(n: int, words: int = 30, seed: int = 0) -> Iterator[LabelledSample]:
    """``n`` labelled comments of ``words`` words, drawn from two overlapping vocabularies with Zipf's tail."""
    random = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    vocabulary = ["".join(random.choice(letters, size=random.integers(2, 10))) for _ in range(60_000)]
    done = 0
    while done < n:
        size = min(5000, n - done)
        ranks = np.minimum(random.zipf(1.25, size=(size, words)), 50_000) - 1
        spam = random.random(size) < 0.5
        ranks[spam] += np.where(random.random((int(spam.sum()), words)) < 0.3, 10_000, 0)
        for row, unwanted in zip(ranks.tolist(), spam.tolist(), strict=True):
            body = " ".join([vocabulary[rank] for rank in row])
            sample = Sample(body, author_name=f"{vocabulary[row[0]]} {vocabulary[row[1]]}", site=f"site {row[2] % 20}")
            yield LabelledSample(sample, Label.SPAM if unwanted else Label.HAM)
        done += size


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    began = time.perf_counter()

    def progress(done: float, what: str) -> None:
        now = time.perf_counter() - began
        print(f"\r{100 * done:5.1f} %  {what}  {now:6.0f} s", end="", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as out:
        result = train(made_up(chosen.n), out=Path(out), progress=progress, workers=chosen.workers)
    spent = time.perf_counter() - began
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    each = 1e6 * spent / chosen.n
    print(f"\n{chosen.n:,} comments in {spent:.0f} s, {each:.0f} µs each")
    print(f"ROC AUC {result.metrics['roc_auc']:.4f} on the later half, each judged before it was learnt")
    print(f"peak memory {own:.2f} GiB, largest reader {children:.2f} GiB ({chosen.workers} readers)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
