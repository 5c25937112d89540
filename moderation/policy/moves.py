"""The legal moves of a comment, as one table, and what each teaches."""

from __future__ import annotations

from model.sample import Label
from moderation.tables import Action, Status

#: What each of a person's actions makes of a comment, wherever it stood. Every status can be left again: nothing a
#: person or the judge does to a comment is final.
TO_STATUS = {
    Action.PUBLISH: Status.PUBLISHED,
    Action.SPAM: Status.SPAM,
    Action.REJECT: Status.REJECTED,
    Action.HOLD: Status.PENDING,
}

#: What each action teaches. Rejecting and holding teach nothing, and end what an earlier verdict taught.
TEACHES = {
    Action.PUBLISH: Label.HAM,
    Action.SPAM: Label.SPAM,
    Action.REJECT: None,
    Action.HOLD: None,
}

#: Where the judge may put a comment. Only people reject.
JUDGED = frozenset({Status.PUBLISHED, Status.PENDING, Status.SPAM})

#: A judge asked again (the model was away) may move only what no person has decided, and only what was held.
REJUDGED_FROM = frozenset({Status.PENDING})
