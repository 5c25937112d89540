"""Sites, people and tokens from the command line."""

from __future__ import annotations

import json

from click.testing import CliRunner

from moderation.commands import main


def run(runner: CliRunner, *words: str, given: str | None = None) -> dict[str, object]:
    """Run a command with ``--json`` and return what it printed."""
    result = runner.invoke(main, [*words, "--json"], input=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    printed: dict[str, object] = json.loads(result.stdout)
    return printed


def test_a_site_with_its_secrets_a_moderator_and_their_token(runner: CliRunner) -> None:
    site = run(runner, "sites", "create", "Blog", "--origin", "https://Blog.example.org/x")
    assert site["origins"] == ["https://blog.example.org"]
    assert {"id", "key", "akismet_key"} <= site.keys()
    person = run(
        runner, "users", "create", "Mo@example.org", "--role", "moderator", "--site", str(site["id"]),
        "--password-stdin", given="a long enough password\n",
    )  # fmt: skip
    assert (person["email"], person["sites"]) == ("mo@example.org", [site["id"]])
    assert "password" not in person
    assert str(run(runner, "tokens", "create", "mo@example.org")["token"]).startswith("token_")
    assert len(str(run(runner, "users", "create", "ad@example.org", "--role", "admin")["password"])) >= 12


def test_what_is_wrong_is_told(runner: CliRunner) -> None:
    for words, told in (
        (["sites", "create", "Blog", "--origin", "blog"], "no web address"),
        (["sites", "create", "Blog"], "--origin"),
        (["users", "create", "nobody", "--role", "admin"], "email"),
        (["users", "create", "a@example.org", "--role", "king"], "king"),
        (["tokens", "create", "a@example.org"], "nobody with the address"),
    ):
        result = runner.invoke(main, words)
        assert result.exit_code in {1, 2}
        assert told in result.output


def test_every_command_explains_itself(runner: CliRunner) -> None:
    overview = runner.invoke(main, ["--help"])
    assert overview.exit_code == 0
    for line in overview.output.partition("Commands:")[2].splitlines():
        if line.strip():
            assert runner.invoke(main, [line.split()[0], "--help"]).exit_code == 0
