"""``python -m moderation``: the same as the command ``moderation``."""

from moderation.commands import main

main()
