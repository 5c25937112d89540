"""What the judge's tests share: a judge with random weights, one that is shipped, and comments written for the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from model.artifact import Manifest, Weights, save
from model.parts import Doubt
from model.sample import Label, LabelledSample, Sample
from model.scoring import STARTER, Scorer
from model.vector import WIDTH

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def random_weights() -> Weights:
    """Weights that agree with nothing, so that no error can hide behind a zero."""
    random = np.random.default_rng(7)
    weights = Weights(
        random.normal(size=WIDTH), np.full(WIDTH, 0.1), 0.25, frozenset({"a-site"}), Doubt(-9.0, 9.0, 0.5)
    )
    return weights.stored()


@pytest.fixture(scope="session")
def random_folder(tmp_path_factory: pytest.TempPathFactory, random_weights: Weights) -> Path:
    manifest = Manifest("random", "2026-11-23T00:00:00+00:00", "", training={"sites": ["a-site"]})
    return save(tmp_path_factory.mktemp("models"), manifest, random_weights)


@pytest.fixture(scope="session")
def random_scorer(random_folder: Path) -> Scorer:
    return Scorer.load(random_folder)


@pytest.fixture(scope="session")
def starter() -> Scorer:
    return Scorer.load(STARTER)


PEOPLE = ("Anna Keller", "Tom Hughes", "Priya Raman", "Jonas Berg", "Maria Lopez")
GENUINE = (
    "I tried this on my old laptop and the second step fails for me with a permission error, any idea why?",
    "We had the same discussion at work last week, and in the end we kept the older version.",
    "The photograph of the harbour is lovely. Was that taken from the ferry?",
    "I disagree with the third point: the budget was already spent before the council voted.",
    "Thanks Peter, that fixed it. I had forgotten to restart the service after the change.",
    "My grandmother made this with plums instead of cherries and a bit less sugar.",
    "Could you say more about how you measured the temperature on the second day?",
    "There is a typo in the second paragraph, it should be 1987 and not 1978.",
)
UNWANTED = (
    "Buy cheap replica watches online, best quality and free shipping, visit our shop today",
    "I earn 5000 dollars every week from home, click the link and start your online job now",
    "Best casino bonus without deposit, play slots for real money and win big tonight",
    "Cheap viagra and cialis without prescription, discreet delivery to your door",
    "Get payday loans with bad credit approved in minutes, apply online today",
    "Hot singles near you want to meet tonight, join free and chat with them now",
    "Increase your website traffic and rank first on google with our SEO backlinks service",
    "Designer handbags outlet, louis vuitton and gucci at 80% discount, order now",
)


def labels(n: int = 16, site: str = "", seed: int = 0) -> list[LabelledSample]:
    """``n`` labelled comments, half of them spam, no two alike."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(n):
        unwanted = number % 2 == 0
        texts = UNWANTED if unwanted else GENUINE
        first, second = random.permutation(len(texts))[:2]
        body = f"{texts[first]} {' '.join(random.permutation(texts[second].split())[:9])} {number}"
        name = "cheap online shop" if unwanted else PEOPLE[number % len(PEOPLE)]
        sample = Sample(body, author_name=name, site=site, thread=f"thread-{number % 9}")
        found.append(LabelledSample(sample, Label.SPAM if unwanted else Label.HAM))
    return found
