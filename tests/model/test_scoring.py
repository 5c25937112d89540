"""The fast path equals the pipeline, its evidence adds up, and the shipped judge is sensible."""

from __future__ import annotations

import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.links import count_links
from model.pipeline import fitted
from model.sample import KNOWLEDGE, Sample
from model.scoring import STARTER, Scorer, probability
from tests.model.conftest import GENUINE, UNWANTED

if TYPE_CHECKING:
    from model.artifact import Weights

PIECES = st.sampled_from(
    ["casino", "http://a.example/b?c", "<a href='http://x.ru'>win</a>", "[url=http://y.com]z[/url]", "é", "很好", "привет",
     "v1agra", "s p a m s", "\u200b", "!!!!", "{a|b}", "5000", "😀", "x.com", "ВИАГRА", "the", "post"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.lists(st.one_of(PIECES, st.just("\n\n"), st.just("end.\n")), min_size=40, max_size=90).map(" ".join),
)
SAMPLES = st.builds(
    Sample,
    body=TEXTS,
    author_name=TEXTS,
    author_email=st.one_of(st.just(""), TEXTS, st.just("joe.bloggs7@example.com")),
    author_url=st.one_of(st.just(""), TEXTS, st.just("http://cheap-bags.example.co.uk/a/b")),
    user_agent=st.sampled_from(["", "curl/8", "Mozilla/5.0"]),
    site=st.sampled_from(["", "a-site", "another"]),
    knowledge=st.dictionaries(st.sampled_from(KNOWLEDGE), st.floats(0, 50)),
)


@settings(max_examples=300, deadline=None)
@given(sample=SAMPLES)
def test_the_fast_path_equals_the_scikit_learn_pipeline(
    sample: Sample, random_scorer: Scorer, random_weights: Weights
) -> None:
    pipeline = fitted(random_weights)
    score = random_scorer.score(sample, explain=False)
    assert score.log_odds == pytest.approx(float(pipeline.decision_function([sample])[0]), abs=1e-9)
    assert score.probability == pytest.approx(float(pipeline.predict_proba([sample])[0, 1]), abs=1e-9)
    assert list(random_scorer.score_many([sample])) == [pytest.approx(score.probability, abs=1e-12)]


@settings(max_examples=100, deadline=None)
@given(samples=st.lists(SAMPLES, max_size=9))
def test_many_are_judged_as_each_by_itself(samples: list[Sample], random_scorer: Scorer) -> None:
    assert list(random_scorer.score_many(samples)) == [
        random_scorer.score(sample, explain=False).probability for sample in samples
    ]


def test_the_longest_comments_are_judged_together(random_scorer: Scorer) -> None:
    """Neither a text as long as is read, nor a name of letters that stand for eighteen each, is too much to hash."""
    longest = Sample("word " * 20_000, author_name="\ufdfa" * 300, author_email="x" * 400 + "@example.org")
    samples = [longest, Sample("short"), longest]
    assert list(random_scorer.score_many(samples)) == [random_scorer.score(one).probability for one in samples]


@settings(max_examples=100, deadline=None)
@given(sample=SAMPLES)
def test_a_score_tells_how_many_links_a_reader_finds(sample: Sample, random_scorer: Scorer) -> None:
    expected = count_links(sample.body)
    assert [one.links for one in random_scorer.judge_many([sample])] == [expected]
    assert random_scorer.score(sample).links == expected


@settings(max_examples=300, deadline=None)
@given(sample=SAMPLES)
def test_evidence_adds_up_and_points_into_the_fields(sample: Sample, random_scorer: Scorer) -> None:
    score = random_scorer.score(sample)
    assert math.fsum(evidence.weight for evidence in score.evidence) == pytest.approx(score.log_odds, abs=1e-6)
    assert score.log_odds == random_scorer.score(sample, explain=False).log_odds
    for evidence in score.evidence:
        if evidence.start is not None:
            assert evidence.end is not None
            assert 0 <= evidence.start < evidence.end <= len(getattr(sample, evidence.field))


@pytest.mark.parametrize("field", ["body", "author_name", "author_email", "author_url", "user_agent", "thread", "site"])
def test_half_a_character_in_any_field_is_judged(field: str, random_scorer: Scorer) -> None:
    broken: dict[str, Any] = {field: "http://a\ud800.com/\udc00 b@c\ud800.org"}
    sample = replace(Sample("hello"), **broken)
    assert math.isfinite(random_scorer.score(sample).log_odds)


def test_evidence_marks_the_words_as_they_were_written(random_scorer: Scorer) -> None:
    body = "Nice <b>post</b>, buy V1AGRA &amp; c\u200basino"
    marked = {
        one.feature: body[one.start : one.end]
        for one in random_scorer.score(Sample(body)).evidence
        if one.field == "body"
    }
    assert marked["viagra"] == "V1AGRA"
    assert marked["casino"] == "c\u200basino"
    assert marked["post"] == "post"


def test_the_starter_tells_spam_from_comments(starter: Scorer) -> None:
    spam = list(starter.score_many([Sample(text) for text in UNWANTED]))
    ham = list(starter.score_many([Sample(text) for text in GENUINE]))
    assert min(spam) > max(ham)
    assert sum(spam) / len(spam) > 0.7
    assert sum(ham) / len(ham) < 0.2


def test_a_keyword_for_a_name_and_a_shop_for_a_link_tell(starter: Scorer) -> None:
    text = "Thank you for this article, I will come back to read more."
    person = starter.score(Sample(text, author_name="Anna Keller", author_url="https://annakeller.de/"))
    shop = starter.score(
        Sample(text, author_name="cheap ugg boots uk", author_url="http://www.cheap-ugg-boots-uk.com/buy.html")
    )
    assert shop.probability > 0.9
    assert person.probability < 0.5


@pytest.mark.parametrize("name", ["", "Anonymous", "anonymous", "Guest"])
def test_no_name_is_no_evidence(name: str, starter: Scorer) -> None:
    scores = [starter.score(Sample(text, author_name=name)) for text in GENUINE]
    assert not any(evidence.field == "author_name" for score in scores for evidence in score.evidence)


def test_absent_facts_hardly_move_a_score(starter: Scorer) -> None:
    """Whoever names nobody and nothing is judged by the text; whoever does is not judged by that alone."""
    for text in GENUINE:
        named = Sample(text, author_name="Tom Hughes")
        full = replace(named, author_email="tom.hughes@example.org", ip="192.0.2.1", user_agent="Mozilla/5.0")
        assert abs(starter.score(full).log_odds - starter.score(named).log_odds) < 1.0
        assert all(starter.score(one).probability < 0.02 for one in (Sample(text), named, full))


@pytest.mark.parametrize(
    ("known", "sign"),
    [
        ("author_spam", 1),
        ("domain_spam", 1),
        ("copies_spam", 1),
        ("ip_spam", 1),
        ("author_published", -1),
        ("ip_published", -1),
    ],
)
def test_what_the_site_knows_counts(known: str, sign: int, starter: Scorer) -> None:
    before = starter.score(Sample("Nice post, thank you")).log_odds
    after = starter.score(Sample("Nice post, thank you", knowledge={known: 5})).log_odds
    assert (after - before) * sign > 0.5


def test_any_number_of_threads_may_score(starter: Scorer) -> None:
    samples = [Sample(text) for text in (*UNWANTED, *GENUINE)] * 20
    alone = list(starter.score_many(samples))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda sample: starter.score(sample).probability, samples))
    assert together == alone


def test_serving_needs_no_scikit_learn() -> None:
    """Web workers stay small and start fast."""
    program = (
        "import sys; from model.scoring import STARTER, Scorer; from model.sample import Sample\n"
        "Scorer.load(STARTER).score(Sample('hello http://a.example'))\n"
        "print([name for name in ('sklearn', 'scipy', 'matplotlib', 'rensa') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_probabilities_never_overflow() -> None:
    # A site that sets its cut at 1 keeps nothing as spam by itself.
    assert 1.0 - 1e-12 < probability(1e4) < 1.0
    assert probability(-1e4) == 0.0


@pytest.mark.parametrize(
    "body",
    [
        "\ufdfa" * 65_536,  # each stands for eighteen letters
        "中" * 65_536,
        "аb " + "中" * 60_000,
        "a1b " + "a" * 60_000,
        "a\u0301" * 30_000,
        "[" * 60_000,
        "{a|b" * 15_000,
        "http://" * 9_000,
    ],
)
def test_a_text_made_to_break_or_to_delay_is_judged_like_any_other(body: str) -> None:
    score = Scorer.load(STARTER).score(Sample(body=body))
    assert 0 <= score.probability <= 1
    assert sum(e.weight for e in score.evidence) == pytest.approx(score.log_odds, abs=1e-6)
