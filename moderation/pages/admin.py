"""The admin's room at a glance: the model, the sites, the people."""

from __future__ import annotations

from flask import g
from werkzeug.wrappers import Response

from moderation.api.context import services
from moderation.counters import status_counts
from moderation.learning.registry import list_versions
from moderation.pages.models_room import UNFINISHED, retraining
from moderation.pages.rooms import admin_blueprint
from moderation.pages.shell import show
from moderation.people.administration import list_people
from moderation.people.sites import list_sites

blueprint = admin_blueprint("admin", __name__)


@blueprint.get("/admin")
def get_admin() -> Response:
    """Show the model, the sites and the people."""
    with services().database.reading() as session:
        sites = list_sites(session, g.actor)
        job = retraining(session)
        return show(
            "admin.html",
            live=next((one for one in list_versions(session) if one.live), None),
            model_problem=services().live_model.problem,
            job=job,
            running=job is not None and job.state in UNFINISHED,
            sites=[(site, status_counts(session, [site.id])) for site in sites],
            people=list_people(session),
        )
