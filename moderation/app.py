"""The web application: the only place where all parts meet."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from importlib.metadata import version

from apiflask import APIFlask
from flask import Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from moderation.api import (
    akismet,
    comments,
    description,
    desk,
    models,
    operations,
    problems,
    promises,
    review,
    webhooks,
    writers,
)
from moderation.api.bodies import MAX_BYTES
from moderation.log import configure_log
from moderation.pages import (
    account,
    admin,
    demo,
    docs,
    embed,
    form,
    history,
    invitation,
    login,
    mail,
    many,
    models_room,
    numbers,
    people_room,
    policy,
    second_step,
    sites_room,
    threads,
)
from moderation.pages import review as review_page
from moderation.pages import webhooks as webhooks_page
from moderation.people.logins import LIFETIME
from moderation.services import Services, build_services
from moderation.settings import Settings

API = (comments, writers, review, desk, models, promises, operations, akismet, webhooks)
ROOMS = (admin, models_room, policy, sites_room, people_room, history, numbers, account)
PAGES = (
    *(login, second_step, invitation, review_page, many, *ROOMS),
    *(demo, form, docs, webhooks_page, threads, embed, mail),
)


def create_app(services: Services) -> APIFlask:
    """Return the WSGI application built from the given parts."""
    app = APIFlask(
        __name__,
        title="Comment moderation",
        version=version("comment-moderation"),
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        json_errors=False,
    )
    _configure(app, services)
    problems.register(app)
    description.register(app)
    operations.watch(app)
    for part in (*API, *PAGES):
        app.register_blueprint(part.blueprint)
    app.after_request(_safe_headers)
    proxies = services.settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    return app


def _configure(app: APIFlask, services: Services) -> None:
    app.extensions["moderation"] = services
    app.config.update(
        SECRET_KEY=services.secret_key,
        MAX_CONTENT_LENGTH=MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BYTES,
        SESSION_COOKIE_NAME="moderation",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=services.settings.base_url().startswith("https:"),
        PERMANENT_SESSION_LIFETIME=LIFETIME,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
        OPENAPI_VERSION="3.1.0",
        SERVERS=[{"url": services.settings.base_url()}],
        VALIDATION_ERROR_STATUS_CODE=HTTPStatus.UNPROCESSABLE_ENTITY,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # A module that another one imports is asked for without its version, and must not outlive an upgrade.
    keep = app.get_send_file_max_age
    app.get_send_file_max_age = lambda filename: keep(filename) if "v" in request.args else 0  # type: ignore[method-assign]
    app.security_schemes = {
        "SiteKey": {"type": "http", "scheme": "bearer", "description": "The site's key."},
        "Visitor": {"type": "apiKey", "in": "header", "name": "Origin", "description": "A page of the site."},
        "EditToken": {"type": "apiKey", "in": "header", "name": "Edit-Token", "description": "Told to who sent it."},
        "PersonalToken": {"type": "http", "scheme": "bearer", "description": "A personal token."},
        "Session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "moderation",
            "description": "Signed in, with X-CSRF-Token.",
        },
    }


def _safe_headers(response: Response) -> Response:
    # A form of ours may lead on to a page of the site; browsers hold form-action against the redirect, too.
    targets = " ".join(["'self'", *g.get("form_targets", ())])
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def from_environment() -> APIFlask:
    """Return the application as the environment describes it; what the web server's processes call."""
    configure_log()
    services = build_services(Settings.from_env())
    services.live_model.warm_up()
    return create_app(services)
