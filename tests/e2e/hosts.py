"""A website of somebody else's, at an origin of its own, whose pages forbid whatever they do not need."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Bread</title>{head}</head>
<body><main><h1>Bread</h1><p>Flour, water, salt and <span data-comment-count="/bread">some</span> comments.</p>
{body}</main></body></html>"""


class Host:
    """What the website says at which path, and under which policy. Set before it is asked."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.pages: dict[str, str] = {}
        self.policy = ""

    def put(self, path: str, body: str, head: str = "") -> str:
        """Publish a page and return its address."""
        self.pages[path] = PAGE.format(body=body, head=head)
        return self.url + path


@contextmanager
def serving() -> Iterator[Host]:
    """Serve a website on the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = host.pages.get(urlsplit(self.path).path)
            self.send_response(200 if page else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if host.policy:
                self.send_header("Content-Security-Policy", host.policy)
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        host = Host(server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield host
        server.shutdown()
        thread.join()
