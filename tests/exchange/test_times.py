from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.exchange.times import read_time

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2013-07-13T13:27:39.441000", datetime(2013, 7, 13, 13, 27, 39, 441000, UTC)),
        ("2013-07-13 13:27:39+02:00", datetime(2013, 7, 13, 11, 27, 39, tzinfo=UTC)),
        ("2013-07-13T13:27:39Z", datetime(2013, 7, 13, 13, 27, 39, tzinfo=UTC)),
        ("2008-05-01 12:00:00 -0700", datetime(2008, 5, 1, 19, tzinfo=UTC)),
        ("2016-11-02 9:05 pm", datetime(2016, 11, 2, 21, 5, tzinfo=UTC)),
        ("2016-11-02 12:05 AM", datetime(2016, 11, 2, 0, 5, tzinfo=UTC)),
        ("Tue, 01 Nov 2016 10:00:00 +0100", datetime(2016, 11, 1, 9, tzinfo=UTC)),
        (" 1478000000 ", datetime(2016, 11, 1, 11, 33, 20, tzinfo=UTC)),
        ("1478000000000", datetime(2016, 11, 1, 11, 33, 20, tzinfo=UTC)),
        ("2016-11-02", datetime(2016, 11, 2, tzinfo=UTC)),
    ],
)
def test_common_forms_are_read(text: str, moment: datetime) -> None:
    assert read_time(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "02/03/2016", "2026-01-05T12:00:01+00:00", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+05:00"],
)
def test_what_is_no_time_or_cannot_be_is_unknown(text: str) -> None:
    assert read_time(text, NOW) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9 :+,TZ-]{1,30}"))
def test_no_text_is_too_strange(text: str) -> None:
    found = read_time(text, NOW)
    assert found is None or found <= NOW
