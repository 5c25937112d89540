"""``moderation webhooks``."""

from __future__ import annotations

import json

from click.testing import CliRunner
from flask.testing import FlaskClient

from moderation.commands import main
from moderation.services import Services
from tests.factories import make_site, post


def test_made_listed_and_sent_again(client: FlaskClient, services: Services, runner: CliRunner) -> None:
    site = make_site(services)

    def run(*arguments: str, code: int = 0) -> str:
        result = runner.invoke(main, ["webhooks", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    url = "https://example.org/hook"
    made = json.loads(run("create", url, "--site", str(site.id), "--event", "published", "--json"))
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["published"]
    post(client, site)
    assert "enabled" in run("list", "--site", str(site.id))
    (delivery,) = json.loads(run("deliveries", made["id"], "--json"))["deliveries"]
    assert (delivery["status"], delivery["state"]) == ("published", "waiting")
    assert "sent again" in run("resend", made["id"], delivery["id"])
    assert "disabled" in run("disable", made["id"])
    assert "enabled" in run("enable", made["id"])
    assert "removed" in run("remove", made["id"])
    assert "no webhooks" in run("list", "--site", str(site.id))
    assert "no such webhook" in run("deliveries", made["id"], code=1)
    assert "no web address" in run("create", "nowhere", "--site", str(site.id), code=1)
