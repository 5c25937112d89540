"""``/embed.js``: the one script by which any page shows a thread and its reply form."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import current_app, make_response, request
from werkzeug.wrappers import Response

from moderation.pages.shell import page_blueprint

blueprint = page_blueprint("embed", __name__)

#: Pages of other people name it without a version, so that they get a new one soon; and a browser asks only whether
#: there is one.
MAX_AGE = 600


@lru_cache(maxsize=2)
def _read(path: Path, _changed: float) -> tuple[bytes, bytes]:
    """Return the script, plain and compressed."""
    source = path.read_bytes()
    return source, gzip.compress(source, compresslevel=9, mtime=0)


@blueprint.get("/embed.js")
def get_script() -> Response:
    """Return the script, compressed where the browser takes it so."""
    path = Path(current_app.static_folder or "") / "embed.js"
    plain, small = _read(path, path.stat().st_mtime)
    compressed = request.accept_encodings["gzip"] > 0
    response = make_response(small if compressed else plain)
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.content_type = "text/javascript; charset=utf-8"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}, stale-while-revalidate=86400"
    # Any page may load it, one that isolates itself (COEP), too.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    return response.make_conditional(request)
