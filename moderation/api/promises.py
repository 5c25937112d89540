"""The promise that the live model makes a site."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from moderation.api.context import current_actor, read_id, services
from moderation.api.schemas import PromiseOut, PromiseQuery
from moderation.errors import UnavailableError
from moderation.learning.promises import standing
from moderation.people.access import require_site
from moderation.people.sites import get_site

blueprint = APIBlueprint("promises", __name__, url_prefix="/api/v1", tag="Moderators")
SECURITY: list[str | dict[str, list[Any]]] = ["PersonalToken", "Session"]


@blueprint.get("/sites/<site>/promise")
@blueprint.input(PromiseQuery, location="query", arg_name="query")
@blueprint.output(PromiseOut)
@blueprint.doc(security=SECURITY, responses=[401, 404, 422, 503])
def get_promise(site: str, query: PromiseQuery) -> PromiseOut:
    """Tell what may go wrong at a site, how surely not more, and how many comments that leaves to read.

    With ``reviews_per_day``, ``bought`` is the strictest promise that leaves no more than so many.
    """
    actor, site_id, parts = current_actor(), read_id(site, "site"), services()
    require_site(actor, site_id, "site")
    scorer = parts.live_model.scorer()
    if scorer is None:
        message = "No model is loaded; see /readyz."
        raise UnavailableError(message, code="no_model")
    with parts.database.reading() as session:
        found = standing(
            session, get_site(session, site_id), scorer, parts.clock(), reviews_per_day=query.reviews_per_day
        )
    return PromiseOut.model_validate(found)
