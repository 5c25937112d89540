"""Which labelled comments say the same thing: campaigns count once, and never stand on both sides of a split."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from model.copying import copied_spans
from model.neighbours import Union, clusters, signature
from model.sample import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from model.sample import LabelledSample, Sample


@dataclass(frozen=True, slots=True)
class Conflict:
    """Near-identical comments that carry both labels: positions in the samples given, for a person to settle."""

    spam: tuple[int, ...]
    ham: tuple[int, ...]


def campaigns(samples: Sequence[LabelledSample]) -> list[int]:
    """For each sample the first of its campaign: the same ``group``, or near-identical text."""
    union = Union(len(samples))
    for item, first in enumerate(clusters([signature(one.sample.body) for one in samples])):
        union.join(first, item)
    union.join_equal(one.group or None for one in samples)
    return [union.find(item) for item in range(len(samples))]


def folds_of(samples: Sequence[LabelledSample], campaign: Sequence[int]) -> list[int]:
    """What must stay on one side of a split: campaigns, and threads as far as they leave enough to split."""
    union = Union(len(samples))
    for item, first in enumerate(campaign):
        union.join(first, item)
    apart = [union.find(item) for item in range(len(samples))]
    union.join_equal((one.sample.site, one.sample.thread) if one.sample.thread else None for one in samples)
    joined = [union.find(item) for item in range(len(samples))]
    # Threads chained together by campaigns may swallow a whole site; then campaigns alone must do.
    return joined if joined and max(Counter(joined).values()) <= len(samples) / 4 else apart


def weights_of(samples: Sequence[LabelledSample], campaign: Sequence[int]) -> NDArray[np.float64]:
    """Each campaign's weights in each class made to sum to its heaviest: fifty copies teach what one does."""
    total: dict[tuple[int, Label], float] = defaultdict(float)
    most: dict[tuple[int, Label], float] = defaultdict(float)
    for one, first in zip(samples, campaign, strict=True):
        key = (first, one.label)
        total[key] += one.weight
        most[key] = max(most[key], one.weight)
    return np.array(
        [
            one.weight * most[first, one.label] / total[first, one.label]
            for one, first in zip(samples, campaign, strict=True)
        ]
    )


def first_of_each(samples: Sequence[LabelledSample], campaign: Sequence[int]) -> list[int]:
    """Places of the first comment of each campaign in each class, on each site: what are independent witnesses."""
    first: dict[tuple[int, Label, str], int] = {}
    for item, (one, of) in enumerate(zip(samples, campaign, strict=True)):
        first.setdefault((of, one.label, one.sample.site), item)
    return list(first.values())


def learnable(samples: Sequence[LabelledSample], clashes: Sequence[Conflict]) -> list[Sample]:
    """The samples as they may be learnt: spam that copies a genuine comment teaches only what was added to it.

    Otherwise a spammer who pastes other people's comments would teach the judge that those people write spam.
    """
    found = [one.sample for one in samples]
    for clash in clashes:
        genuine = " ".join([samples[item].sample.body for item in clash.ham])
        for item in clash.spam:
            found[item] = replace(found[item], copied=copied_spans(found[item].body, genuine))
    return found


def conflicts(samples: Sequence[LabelledSample], campaign: Sequence[int]) -> list[Conflict]:
    """Campaigns whose comments were called both spam and ham on one site; between sites, tastes may differ."""
    members: dict[tuple[int, str], list[int]] = defaultdict(list)
    for item, (first, one) in enumerate(zip(campaign, samples, strict=True)):
        members[first, one.sample.site].append(item)
    found = []
    for items in members.values():
        spam = tuple(item for item in items if samples[item].label is Label.SPAM)
        ham = tuple(item for item in items if samples[item].label is Label.HAM)
        if spam and ham:
            found.append(Conflict(spam, ham))
    return found
