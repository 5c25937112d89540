"""Servers on this machine, for what speaks HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, make_server


@contextmanager
def running(app: WSGIApplication) -> Iterator[tuple[str, BaseWSGIServer]]:
    """Serve an application on a free port. Yields its address and the server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
