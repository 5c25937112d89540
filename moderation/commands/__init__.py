"""The command line. Each command lives in a module of its own, loaded only when it is called."""

from __future__ import annotations

import importlib

import click

from moderation.commands.context import Group
from moderation.log import configure_log

#: Command -> its module. Loading them all would make ``moderation score`` wait for the web server's libraries.
COMMANDS = {
    "erase": "erase",
    "evaluate": "evaluate",
    "export": "export",
    "import": "import_",
    "init": "init",
    "models": "models",
    "promise": "promise",
    "purge": "purge",
    "replay": "replay",
    "run": "run",
    "score": "score",
    "serve": "serve",
    "sites": "sites",
    "tokens": "tokens",
    "train": "train",
    "undo": "undo",
    "users": "users",
    "webhooks": "webhooks",
    "worker": "worker",
}


class LazyGroup(Group):
    """Finds a command's module by its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's interface
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command ``command`` of the module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"moderation.commands.{COMMANDS[cmd_name]}")
        command: click.Command = module.command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="comment-moderation")
def main() -> None:
    """Self-hosted comment moderation."""
    configure_log()
