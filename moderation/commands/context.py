"""What every command shares: the service's parts, errors for people, and one way to print a record."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import click

from moderation.errors import InvalidError, ModerationError
from moderation.services import Services, build_services
from moderation.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])


def open_services(*, check: bool = True) -> Services:
    """Return the service's parts. Raises ``ModerationError`` for bad settings or (``check``) an outdated database."""
    services = build_services(Settings.from_env())
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(services.database.dispose)
    if check:
        # Imported here, since Alembic is slow to import and not every command needs a database.
        from moderation.migrate import check_current  # noqa: PLC0415

        check_current(services.database)
    return services


class Group(click.Group):
    """A group of commands that tells a refusal in words and not in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 -- click's interface
        """Run the command; a ``ModerationError`` becomes a message and exit code 1."""
        with errors_told():
            return super().invoke(ctx)


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn refusals into click's errors: a message on standard error and exit code 1."""
    try:
        yield
    except ModerationError as error:
        raise click.ClickException(describe(error)) from error
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        message = f"{error.filename or 'The output'}: {error.strerror or error}"
        raise click.ClickException(message) from error


def describe(error: ModerationError) -> str:
    """Return a refusal in words, with every bad field."""
    if isinstance(error, InvalidError):
        return "\n".join([error.message, *(f"  {e.field}: {e.message}" for e in error.errors)])
    return error.message


def json_option(function: Function) -> Function:
    """Give a command the option ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def emit(record: Mapping[str, Any], as_json: bool, *, text: str | None = None) -> None:  # noqa: FBT001 -- click's flag
    """Print a record: one JSON document, or ``text``, or a line for each member."""
    if as_json:
        click.echo(json.dumps(record, default=_plain, ensure_ascii=False))
    elif text is not None:
        click.echo(text)
    else:
        width = max(map(len, record), default=0)
        for name, value in record.items():
            shown = value if isinstance(value, str) else json.dumps(value, default=_plain, ensure_ascii=False)
            click.echo(f"{name:<{width}}  {shown}")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
