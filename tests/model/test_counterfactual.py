"""The least change that would turn a verdict."""

from __future__ import annotations

from model.counterfactual import counterfactual, status_of
from model.promise import Cuts
from model.sample import Sample
from model.scoring import Scorer


def test_statuses_by_cuts() -> None:
    cuts = Cuts(0.1, 0.9)
    assert [status_of(p, cuts) for p in (0.0, 0.1, 0.5, 0.9, 1.0)] == [
        "published",
        "pending",
        "pending",
        "spam",
        "spam",
    ]


def test_a_shop_behind_a_polite_comment_is_what_turns_it(starter: Scorer) -> None:
    sample = Sample(
        "Thanks Peter, that fixed it. I had forgotten to restart the service after the change.",
        author_name="Tom Hughes",
        author_url="http://www.cheap-replica-handbags-outlet.example.com/gucci-sale.html",
    )
    with_it = starter.score(sample).probability
    without = starter.score(Sample(sample.body, author_name=sample.author_name)).probability
    assert without < with_it
    between = Cuts((with_it + without) / 2, (with_it + without) / 2)
    change = counterfactual(starter, sample, between)
    assert change is not None
    assert change.without == ("the author's link",)
    assert change.status == "published"
    assert change.probability == without


def test_links_are_cut_out_of_the_text_as_it_came(starter: Scorer) -> None:
    sample = Sample("Look at this: http://casino-bonus.example.com/win it is what we talked about at lunch yesterday")
    with_it = starter.score(sample).probability
    without = starter.score(Sample("Look at this:   it is what we talked about at lunch yesterday")).probability
    change = counterfactual(starter, sample, Cuts((with_it + without) / 2, (with_it + without) / 2))
    assert change is not None
    assert change.without == ("the links in the text",)


def test_where_nothing_helps_nothing_is_said(starter: Scorer) -> None:
    assert counterfactual(starter, Sample("anything"), Cuts(0.0, 2.0)) is None
