"""A site's webhooks in the admin's room, and the file that has WordPress's Akismet plugin ask this service."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from flask import Response, g, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from moderation.api import problems
from moderation.api.context import current_actor, read_id, services
from moderation.api.webhooks import call_worker
from moderation.errors import ConflictError, InvalidError
from moderation.exchange.akismet.wordpress import FILE_NAME, plugin_file
from moderation.pages.shell import page_blueprint, show
from moderation.people.access import require_admin
from moderation.people.sites import add_key, get_site
from moderation.tables import KeyPurpose, Site
from moderation.webhooks import endpoints
from moderation.webhooks.deliveries import list_deliveries, send_again
from moderation.webhooks.endpoints import EVENTS, NewSecret

blueprint = page_blueprint("webhooks", __name__)


@blueprint.before_request
def need_admin() -> None:
    """Let nobody in but admins."""
    g.actor = current_actor()
    require_admin(g.actor)


@blueprint.get("/admin/sites/<site>/webhooks")
def get_webhooks(site: str) -> Response:
    """Show the site's webhooks."""
    return _show(_site(site))


@blueprint.post("/admin/sites/<site>/webhooks")
def post_webhook(site: str) -> Response:
    """Make a webhook and show its secret, once."""
    parts, found = services(), _site(site)
    try:
        with parts.database.writing() as session:
            new = endpoints.create_webhook(
                session,
                found.id,
                request.form.get("url", ""),
                parts.secret_key,
                parts.clock(),
                request.form.getlist("events"),
            )
    except (ConflictError, InvalidError) as error:
        return _show(found, error=error)
    return _show(found, new=new)


@blueprint.get("/admin/sites/<site>/webhooks/<webhook>")
def get_webhook(site: str, webhook: str) -> Response:
    """Show what was delivered to a webhook, and what waits."""
    found = _site(site)
    with services().database.reading() as session:
        hook = endpoints.get_webhook(session, found.id, read_id(webhook, "webhook"))
        rows, following = list_deliveries(session, hook, limit=25, cursor=request.args.get("cursor", ""))
    return show("webhook.html", site=found, hook=hook, deliveries=rows, next=following)


@blueprint.post("/admin/sites/<site>/webhooks/<webhook>/<any('enable', 'disable'):action>")
def post_switch(site: str, webhook: str, action: str) -> AnyResponse:
    """Enable or disable a webhook."""
    parts, found = services(), _site(site)
    with parts.database.writing() as session:
        hook = endpoints.get_webhook(session, found.id, read_id(webhook, "webhook"))
        endpoints.change_webhook(session, hook, parts.clock(), enabled=action == "enable")
    return _back(found, hook.id)


@blueprint.post("/admin/sites/<site>/webhooks/<webhook>/secret")
def post_secret(site: str, webhook: str) -> Response:
    """Give a webhook a new secret and show it, once."""
    parts, found = services(), _site(site)
    with parts.database.writing() as session:
        hook = endpoints.get_webhook(session, found.id, read_id(webhook, "webhook"))
        new = endpoints.renew_secret(session, hook, parts.secret_key)
    return _show(found, new=new)


@blueprint.post("/admin/sites/<site>/webhooks/<webhook>/remove")
def post_remove(site: str, webhook: str) -> AnyResponse:
    """Remove a webhook."""
    found = _site(site)
    with services().database.writing() as session:
        endpoints.remove_webhook(session, endpoints.get_webhook(session, found.id, read_id(webhook, "webhook")))
    return redirect(url_for("webhooks.get_webhooks", site=found.id), HTTPStatus.SEE_OTHER)


@blueprint.post("/admin/sites/<site>/webhooks/<webhook>/deliveries/<delivery>/resend")
def post_resend(site: str, webhook: str, delivery: str) -> AnyResponse:
    """Have a delivery sent once more."""
    parts, found = services(), _site(site)
    with parts.database.writing() as session:
        hook = endpoints.get_webhook(session, found.id, read_id(webhook, "webhook"))
        send_again(session, hook, read_id(delivery, "delivery"), parts.clock())
    call_worker(hook.id)
    return _back(found, hook.id)


@blueprint.get("/admin/sites/<site>/wordpress")
def get_wordpress(site: str) -> Response:
    """Tell how WordPress's Akismet plugin comes to ask this service."""
    return show("wordpress.html", site=_site(site), file_name=FILE_NAME, base=services().settings.base_url())


@blueprint.post("/admin/sites/<site>/wordpress.php")
def post_wordpress(site: str) -> Response:
    """Make a new Akismet key, and hand out the plugin file that has it filled in."""
    parts, found = services(), _site(site)
    with parts.database.writing() as session:
        key = add_key(session, found.id, KeyPurpose.AKISMET, parts.clock())
    response = make_response(plugin_file(parts.settings.base_url(), key))
    response.headers["Content-Type"] = "application/x-httpd-php; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


def _site(text: str) -> Site:
    with services().database.reading() as session:
        return get_site(session, read_id(text, "site"))


def _show(site: Site, *, new: NewSecret | None = None, error: ConflictError | InvalidError | None = None) -> Response:
    with services().database.reading() as session:
        hooks = endpoints.list_webhooks(session, site.id)
    return show(
        "webhooks.html",
        problems.status_of(error) if error else HTTPStatus.OK,
        site=site,
        hooks=hooks,
        events=EVENTS,
        new=new,
        wanted=request.form.getlist("events") if error else EVENTS,
        url=request.form.get("url", "") if error else "",
        errors=_errors(error),
    )


def _errors(error: ConflictError | InvalidError | None) -> dict[str, str]:
    if isinstance(error, InvalidError):
        return {one.field: one.message for one in error.errors}
    return {"url": error.message} if error else {}


def _back(site: Site, webhook_id: uuid.UUID) -> AnyResponse:
    return redirect(url_for("webhooks.get_webhook", site=site.id, webhook=webhook_id), HTTPStatus.SEE_OTHER)
