from __future__ import annotations

from model.sample import Label
from moderation.exchange.replay.report import Report
from moderation.exchange.replay.service import Answer, Outcome


def test_the_report_says_what_became_of_each_kind() -> None:
    report = Report(seconds=2.0)
    for label, outcome, count in (
        (Label.SPAM, Outcome.SPAM, 7),
        (Label.SPAM, Outcome.HELD, 2),
        (Label.SPAM, Outcome.PUBLISHED, 1),
        (Label.SPAM, Outcome.DUPLICATE, 3),
        (Label.HAM, Outcome.PUBLISHED, 3),
        (Label.HAM, Outcome.SPAM, 1),
    ):
        for _ in range(count):
            report.add(label, Answer(outcome, model="m-1"))
    report.add(Label.HAM, Answer(Outcome.REFUSED, "422 author_url: invalid_url"))
    told = report.as_json()
    assert told["spam"] == {
        "total": 13,
        "kept_as_spam": 7,
        "held": 2,
        "published": 1,
        "refused": 0,
        "duplicates": 3,
        "failed": 0,
        "rates": {"kept_as_spam": 0.7, "held": 0.2, "published": 0.1},
    }
    assert told["genuine"]["rates"] == {"published": 0.75, "held": 0.0, "lost_as_spam": 0.25}
    assert told["reasons"] == [
        {"reason": "422 author_url: invalid_url", "label": "ham", "outcome": "refused", "count": 1}
    ]
    assert (told["sent"], told["duplicates"], told["comments_per_second"], told["models"]) == (18, 3, 9.0, ["m-1"])
    assert told["complete"]


def test_of_nothing_there_are_no_rates() -> None:
    told = Report().as_json()
    assert told["spam"]["rates"] == {"kept_as_spam": None, "held": None, "published": None}
    assert told["comments_per_second"] == 0
