"""The attack suite: spam in each disguise is still caught, and each disguise is undone to nearly the same score.

The same attacks on the real corpora, with recall at 1 % false positives, are measured by `benchmarks/judge.py`.
"""

from __future__ import annotations

import random
from itertools import product
from statistics import mean

import pytest

from benchmarks.judge_attacks import ATTACKS
from model.sample import Sample
from model.scoring import Scorer
from tests.model.conftest import GENUINE, UNWANTED

ENDINGS = (
    "Visit http://www.best-offers.example.com/buy today.",
    "More at https://shop.cheap-deals.example.net now!",
    "See <a href='http://winner.example.org/x'>this page</a> for details.",
    "",
)
SPAM = [f"{text}. {ending}" for text, ending in product(UNWANTED, ENDINGS)]
FOREIGN = (
    "Vielen Dank für den ausführlichen Bericht, bei mir läuft es jetzt auch unter Windows ohne Fehler.",
    "Merci pour cet article, mais je ne comprends pas la dernière étape avec le fichier de configuration.",
    "Muchas gracias por la explicación, ayer probé lo mismo y no me funcionó en el ordenador de mi hermano.",
    "Dziękuję za odpowiedź, spróbuję jeszcze raz jutro rano i napiszę, co z tego wyszło.",
    "Olá, tenho a mesma dúvida que o João: onde fica o ficheiro depois da instalação?",
)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_disguise_costs_hardly_any_recall(name: str, starter: Scorer) -> None:
    """At the cut that catches all but the weakest plain spam, an attack loses at most three points of recall."""
    plain = sorted(starter.score_many([Sample(text) for text in SPAM]))
    cut = plain[len(plain) // 20]
    before = mean(score >= cut for score in plain)
    attacked = [ATTACKS[name](text, random.Random(seed)) for seed in range(3) for text in SPAM]
    after = mean(score >= cut for score in starter.score_many([Sample(text) for text in attacked]))
    assert after >= before - 0.03


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_changes_the_text(name: str) -> None:
    """The attacks themselves work: no recall is kept by doing nothing."""
    assert any(ATTACKS[name](text, random.Random(1)) != text for text in SPAM)


def test_genuine_comments_stay_genuine(starter: Scorer) -> None:
    """Undoing disguises does not make spam of plain talk, of accents or of other languages."""
    given = list(starter.score_many([Sample(text) for text in (*GENUINE, *FOREIGN)]))
    assert max(given) < starter.cuts.spam_above
    assert mean(score < 0.5 for score in given) > 0.9
