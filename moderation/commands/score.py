"""``moderation score``: comments in, judgements out, line by line; for pipes and for a look without a service."""

from __future__ import annotations

import gc
import json
import multiprocessing
import select
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO, Final

import click

from model.jsonl import LONGEST_LINE, BadLine, read_labelled
from model.sample import Sample, Score
from model.scoring import Scorer
from moderation.commands.context import errors_told
from moderation.commands.judges import open_scorer
from moderation.commands.labelled import skip_bad_option
from moderation.machine import processors
from moderation.policy.rules import Rules
from moderation.policy.standing_rules import Facts
from moderation.policy.verdict import verdict

#: Lines that one process judges at a time.
CHUNK: Final = 64
#: From so many lines on, other processes are worth their start.
MANY: Final = 2_000
_BLOCK: Final = 1 << 20


@click.command("score")
@skip_bad_option
def command(*, skip_bad: bool) -> None:
    """Judge JSON lines from standard input as a site with the default policy would, in the same order."""
    out = sys.stdout
    with errors_told():
        for answers in _judged(open_scorer(), _chunks(sys.stdin.buffer)):
            for answer in answers:
                if isinstance(answer, BadLine):
                    _refuse(answer, skip_bad=skip_bad)
                else:
                    out.write(answer + "\n")
            # Whoever asks comment by comment waits for each answer.
            out.flush()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines, the first of which has the number ``first``; ``last`` if whoever asks may now wait for answers."""

    first: int
    lines: Sequence[bytes]
    last: bool


def _chunks(stream: BinaryIO) -> Iterator[Chunk]:
    """Yield the lines as they come: all that have arrived, a few at a time, never waiting for more than one."""
    number = 1
    # A line may come in many blocks; of one that is too long no more is kept than shows that it is.
    begun: list[bytes] = []
    size = 0
    while block := stream.read1(_BLOCK):  # type: ignore[attr-defined]
        *lines, rest = block.split(b"\n")
        if lines:
            lines[0] = b"".join([*begun, lines[0]])
            begun, size = [], 0
        if size <= LONGEST_LINE:
            begun.append(rest)
            size += len(rest)
        for start in range(0, len(lines), CHUNK):
            part = lines[start : start + CHUNK]
            last = start + CHUNK >= len(lines) and not _more_at_once(stream)
            yield Chunk(number, part, last)
            number += len(part)
    if size:
        yield Chunk(number, [b"".join(begun)], last=True)


def _more_at_once(stream: BinaryIO) -> bool:
    try:
        return bool(select.select([stream.fileno()], [], [], 0)[0])
    except (OSError, ValueError):
        return False


def _judged(scorer: Scorer, chunks: Iterator[Chunk]) -> Iterator[list[str | BadLine]]:
    """Yield the answers chunk by chunk, in order; of many lines, by as many processes as there are processors."""
    workers = processors()
    waiting: deque[Future[list[str | BadLine]]] = deque()
    pool: ProcessPoolExecutor | None = None
    with ExitStack() as stack:
        for chunk in chunks:
            if pool is None and chunk.first > MANY and workers > 1:
                pool = stack.enter_context(_pool(workers, scorer))
            if pool is None:
                yield _answers(scorer, chunk)
                continue
            waiting.append(pool.submit(_by_worker, chunk))
            while waiting and (chunk.last or len(waiting) > 4 * workers):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_SCORERS: Final[list[Scorer]] = []


def _pool(workers: int, scorer: Scorer) -> ProcessPoolExecutor:
    # On Linux a copy of this process, which has one thread, is ready at once and shares the judge's memory.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_keep, initargs=(scorer,))


def _keep(scorer: Scorer) -> None:
    """Keep the judge at hand, in each process."""
    # What a judgement leaves behind has no cycles: looking for them every 700 objects would take a tenth of the time.
    gc.set_threshold(50_000)
    _SCORERS.append(scorer)


def _by_worker(chunk: Chunk) -> list[str | BadLine]:
    return _answers(_SCORERS[0], chunk)


def _answers(scorer: Scorer, chunk: Chunk) -> list[str | BadLine]:
    rules = Rules()
    lines = list(read_labelled(chunk.lines, require_label=False))
    given = scorer.judge_many(line.sample for line in lines if not isinstance(line, BadLine))
    answers: list[str | BadLine] = []
    for line in lines:
        if isinstance(line, BadLine):
            answers.append(BadLine(chunk.first + line.number - 1, line.reason))
            continue
        score = next(given)
        cuts = scorer.promise(rules.terms, line.sample.site).cuts
        found = verdict(score.probability, cuts, _facts(line.sample, score), rules)
        record = {"spam_probability": score.probability, "status": found.status.value, "model": score.version}
        answers.append(json.dumps(record))
    return answers


def _refuse(bad: BadLine, *, skip_bad: bool) -> None:
    message = f"Line {bad.number}: {bad.reason}"
    if not skip_bad:
        raise click.ClickException(message)
    click.echo(f"Skipped: {message}", err=True)


def _facts(sample: Sample, score: Score) -> Facts:
    return Facts(
        author_name=sample.author_name,
        author_email=sample.author_email,
        author_url=sample.author_url,
        body=sample.body,
        author_published=int(sample.knowledge.get("author_published", 0)),
        honeypot_filled=False,
        form_seconds=None,
        links=score.links,
    )
