"""What becomes of real comments that the judge has never seen: ``python -m benchmarks.replay --data DIR``.

Holds out a fifth of the labelled comments (whole operators of spam, whole threads of genuine comments: nothing is
judged by its like), trains a judge on the rest as the starter is trained, lets it go live in a new installation, and
sends the held-out comments to the running service over HTTP with ``moderation replay``, for SQLite and for PostgreSQL.
Needs the folder of labelled comments, which is not part of the project. Takes about 15 minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.intake import PORT, process
from model import corpus, train_starter
from moderation.database import Database
from moderation.learning.registry import promote, register
from moderation.settings import Settings
from tests.databases import postgresql_server

MODERATION = [sys.executable, "-m", "moderation"]
HELD_OUT_FOLD = 0


def lines_in_order(data: Path) -> Iterator[tuple[str, str]]:
    """Yield file name and line of every row that ``corpus.load`` keeps, in its order."""
    doubted = frozenset(corpus.DOUBTED.read_text(encoding="ascii").split())
    for source in corpus.SOURCES:
        name = f"{source.name}.jsonl"
        with (data / name).open(encoding="utf-8") as lines:
            for line in lines:
                found = json.loads(line)
                sample = corpus.Sample(body=found["body"], author_name=found.get("author_name") or "")
                if corpus.fingerprint(sample) not in doubted:
                    yield name, line


def divide(data: Path, training: Path, held_out: Path) -> None:
    """Write the held-out comments to a file, and all others as a folder to train on."""
    folds = train_starter.folds(corpus.load(data))
    training.mkdir()
    with ExitStack() as files:
        out = {
            f"{source.name}.jsonl": files.enter_context((training / f"{source.name}.jsonl").open("w"))
            for source in corpus.SOURCES
        }
        apart = files.enter_context(held_out.open("w"))
        for (name, line), fold in zip(lines_in_order(data), folds, strict=True):
            (apart if fold == HELD_OUT_FOLD else out[name]).write(line)


def run(model: Path, held_out: Path, database_url: str | None, given: argparse.Namespace) -> None:
    """Serve with the model and replay the held-out comments."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "MODERATION_HOME": home}
        if database_url:
            env["MODERATION_DATABASE_URL"] = database_url
        subprocess.run([*MODERATION, "init"], env=env, check=True, stdout=subprocess.DEVNULL)
        database = Database(Settings.from_env(env).database)
        now = datetime.now(UTC)
        with database.writing() as session:
            version = register(session, model, ["left a fifth of the data out"], None, now).version
            promote(session, version, None, now, force=True)
        database.dispose()
        made = subprocess.run(
            [*MODERATION, "sites", "create", "Replay", "--origin", "http://127.0.0.1", "--json"],
            env=env, check=True, capture_output=True,
        )  # fmt: skip
        site = json.loads(made.stdout)["id"]
        command = [
            *MODERATION,
            "replay",
            str(held_out),
            "--site",
            site,
            "--url",
            f"http://127.0.0.1:{PORT}",
            "--skip-bad",
        ]
        if given.limit:
            command += ["--limit", str(given.limit)]
        with process([*MODERATION, "serve", "--port", str(PORT)], env):
            subprocess.run(command, env=env, check=True)


def main() -> int:
    """Train, serve, replay, twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled *.jsonl files")
    parser.add_argument("--limit", type=int, help="replay only so many comments")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        held_out, training, model = (Path(folder) / name for name in ("held-out.jsonl", "training", "model"))
        try:
            divide(given.data, training, held_out)
        except corpus.CorpusError as error:
            print(error, file=sys.stderr)
            return 2
        train_starter.build(training, model, datetime.now(UTC))
        print("## SQLite", flush=True)
        run(model, held_out, None, given)
        with postgresql_server() as url:
            print("## PostgreSQL", flush=True)
            run(model, held_out, url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False), given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
