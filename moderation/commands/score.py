"""``moderation score``: comments in, judgements out, line by line; for pipes and for a look without a service."""

from __future__ import annotations

import json
import sys

import click

from model.jsonl import BadLine, read_labelled
from model.sample import Sample
from moderation.commands.context import errors_told
from moderation.commands.judges import open_scorer
from moderation.commands.labelled import skip_bad_option
from moderation.comments.judge import judge
from moderation.policy.rules import Rules
from moderation.policy.standing_rules import Facts


@click.command("score")
@skip_bad_option
def command(*, skip_bad: bool) -> None:
    """Judge JSON lines from standard input as a site with the default policy would, in the same order."""
    scorer, rules = open_scorer(), Rules()
    out = sys.stdout
    with errors_told():
        for read in read_labelled(sys.stdin.buffer, require_label=False):
            if isinstance(read, BadLine):
                _refuse(read, skip_bad=skip_bad)
                continue
            judgement = judge(scorer, read.sample, _facts(read.sample), rules)
            record = {
                "spam_probability": judgement.spam_probability,
                "status": judgement.status.value,
                "model": judgement.model_version,
            }
            out.write(json.dumps(record) + "\n")
            # Whoever asks comment by comment waits for each answer.
            out.flush()


def _refuse(bad: BadLine, *, skip_bad: bool) -> None:
    message = f"Line {bad.number}: {bad.reason}"
    if not skip_bad:
        raise click.ClickException(message)
    click.echo(f"Skipped: {message}", err=True)


def _facts(sample: Sample) -> Facts:
    return Facts(
        author_name=sample.author_name,
        author_email=sample.author_email,
        author_url=sample.author_url,
        body=sample.body,
        author_published=int(sample.knowledge.get("author_published", 0)),
        honeypot_filled=False,
        form_seconds=None,
    )
