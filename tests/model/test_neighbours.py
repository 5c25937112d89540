"""Near-duplicates are found whatever they wear; strangers are not."""

from __future__ import annotations

import hashlib

from model.neighbours import SAME, SIGNATURE_BYTES, bands, clusters, signature, similarity
from tests.model.conftest import GENUINE, UNWANTED

SPAM = "Buy cheap replica watches online, best quality and free shipping, visit our shop today http://a.example/x"


def test_copies_in_another_dress_match() -> None:
    dressed = "BUY cheap r e p l i c a watches 0nline, <b>best</b> quality and fr\u200bee shipping, visit our shop today www.b.example!!"
    assert similarity(signature(SPAM), signature(dressed)) > SAME
    assert set(bands(signature(SPAM))) & set(bands(signature(dressed)))


def test_strangers_do_not_match() -> None:
    signatures = [signature(text) for text in (*GENUINE, *UNWANTED)]
    assert clusters(signatures) == list(range(len(signatures)))


def test_clusters_name_their_first() -> None:
    signatures = [signature(text) for text in (GENUINE[0], SPAM, GENUINE[1], SPAM + " now", SPAM.upper())]
    assert clusters(signatures) == [0, 1, 2, 1, 1]


def test_short_texts_have_no_neighbours() -> None:
    assert bands(signature("Thanks!")) == []
    assert similarity(signature("Thanks!"), signature("Thanks!")) == 0.0


def test_bands_fit_a_signed_column() -> None:
    found = bands(signature(SPAM))
    assert len(found) == 8
    assert all(0 <= key < 2**63 for key in found)


def test_signatures_are_the_same_for_ever() -> None:
    """They are stored with comments: another value here makes every stored one worthless."""
    found = signature(SPAM)
    assert len(found) == SIGNATURE_BYTES
    assert hashlib.sha256(found).hexdigest()[:16] == DIGEST


DIGEST = "98ad709c8d94d2a0"
