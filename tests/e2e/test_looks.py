"""Every page in every look: axe finds nothing, and nothing is wider than the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.looks import LOOKS, check_looks, each_look
from tests.factories import MadePerson

pytestmark = pytest.mark.e2e


@each_look
def test_signing_in_and_the_queue(ann: MadePerson, sign_in: Open, look: str) -> None:
    check_looks(sign_in(None, "/login", **LOOKS[look]))
    page = sign_in(ann, **LOOKS[look])
    check_looks(page)
    page.get_by_role("link", name="Spam", exact=False).first.click()
    expect(page.get_by_text("No comments here.")).to_be_visible()
    check_looks(page)
