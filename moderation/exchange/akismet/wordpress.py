"""The file that has WordPress's Akismet plugin ask this service, and nobody else."""

from __future__ import annotations

import re
from importlib.resources import files

FILE_NAME = "comment-moderation.php"
_PLAIN = re.compile(r"https?://[A-Za-z0-9._~:/\[\]-]+")


def plugin_file(base: str, key: str) -> str:
    """Return the file's text, a must-use plugin. ``base``: the service's address, without a slash at its end."""
    if not _PLAIN.fullmatch(base):
        message = f"{base!r} cannot stand in the file"
        raise ValueError(message)
    template = files(__package__).joinpath(FILE_NAME).read_text("utf-8")
    return template.replace("BASE", base).replace("'KEY'", f"'{key}'")
