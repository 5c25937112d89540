"""``moderation evaluate``: how good a model is on labelled comments, and what policies would have made of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
import numpy as np

from model.evaluation import evaluate, policy_shares
from model.promise import Terms
from model.sample import Label, LabelledSample
from model.scoring import Scorer
from moderation.commands.context import emit, json_option
from moderation.commands.judges import open_scorer
from moderation.commands.labelled import data_option, read_files, skip_bad_option

#: Promises that are tried on the data; a site without rules of its own has the first.
POLICIES: Final = {
    "default": Terms(),
    "strict": Terms(max_ham_as_spam=0.001, max_spam_in_published=0.01),
    "lenient": Terms(max_ham_as_spam=0.02, max_spam_in_published=0.05),
}


@click.command("evaluate")
@data_option(required=True)
@click.option("--model", "version", metavar="VERSION", help="Not the live model, but this one.")
@skip_bad_option
@json_option
def command(files: tuple[Path, ...], version: str | None, *, skip_bad: bool, as_json: bool) -> None:
    """Measure a model on labelled comments. Needs no database: without one, it measures the starter."""
    samples = read_files(files, skip_bad=skip_bad)
    if not samples:
        message = "There is no labelled comment in the data."
        raise click.ClickException(message)
    emit(measure(open_scorer(version), samples), as_json)


def measure(scorer: Scorer, samples: list[LabelledSample]) -> dict[str, Any]:
    """Return the metrics of the scorer on the samples, and per policy the shares and errors."""
    labels = np.array([one.label is Label.SPAM for one in samples])
    given = np.fromiter(scorer.score_many(one.sample for one in samples), dtype=np.float64, count=len(samples))
    return {
        "model": scorer.version,
        **evaluate(labels, given),
        "policies": {
            name: {**asdict(terms), **policy_shares(labels, given, asdict(scorer.promise(terms).cuts))}
            for name, terms in POLICIES.items()
        },
    }
