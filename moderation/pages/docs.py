"""The API's documentation, made from its own description; nothing is fetched from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast

from apiflask import APIFlask
from flask import current_app
from werkzeug.wrappers import Response

from moderation.api.context import current_actor
from moderation.errors import UnauthenticatedError
from moderation.pages.shell import page_blueprint, show

blueprint = page_blueprint("docs", __name__)

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema in words, and the component that tells more, where there is one."""

    text: str
    component: str = ""
    #: A value of it as JSON, where the description gives one.
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API does."""

    method: str
    path: str
    details: Mapping[str, Any]
    bodies: tuple[tuple[str, Shape], ...]
    answers: tuple[tuple[str, str, Shape | None], ...]

    @property
    def title(self) -> str:
        """What it does, in a few words: the first sentence of its summary."""
        return self._told[0]

    @property
    def more(self) -> str:
        """The rest of what is told of it."""
        return " ".join(part for part in (self._told[2], self.details.get("description", "")) if part)

    @property
    def _told(self) -> tuple[str, str, str]:
        summary = str(self.details.get("summary", self.path)).replace("``", "")
        return summary.removesuffix(".").partition(". ")

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        return f"{self.method}{self.path}".replace("/", "-").replace("{", "").replace("}", "")


@blueprint.get("/api/docs")
def get_docs() -> Response:
    """Show what the API does."""
    # Who is signed in sees the way back to the desk; nobody has to be.
    with suppress(UnauthenticatedError):
        current_actor()
    spec = cast("dict[str, Any]", cast("APIFlask", current_app).spec)
    components = spec.get("components", {})
    return show(
        "docs.html",
        info=spec["info"],
        groups=_groups(spec),
        schemas={name: s for name, s in components.get("schemas", {}).items() if "properties" in s or "enum" in s},
        security=components.get("securitySchemes", {}),
        shape=shape,
    )


def _groups(spec: Mapping[str, Any]) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in spec.get("tags", ())}
    for path, methods in sorted(spec["paths"].items()):
        for method in _METHODS:
            if method in methods:
                tag = next(iter(methods[method].get("tags", ())), "Other")
                groups.setdefault(tag, []).append(_operation(method, path, methods[method]))
    return {tag: operations for tag, operations in groups.items() if operations}


def _operation(method: str, path: str, details: Mapping[str, Any]) -> Operation:
    bodies = tuple(
        (kind, _shown(content)) for kind, content in details.get("requestBody", {}).get("content", {}).items()
    )
    answers = tuple(
        (code, answer.get("description", ""), _content(answer)) for code, answer in sorted(details["responses"].items())
    )
    return Operation(method, path, details, bodies, answers)


def _content(holder: Mapping[str, Any]) -> Shape | None:
    content: Mapping[str, Any] = next(iter(holder.get("content", {}).values()), {})
    return _shown(content) if content.get("schema") else None


def _shown(content: Mapping[str, Any]) -> Shape:
    example = content.get("example")
    shown = json.dumps(example, indent=2, ensure_ascii=False) if example is not None else None
    return replace(shape(content["schema"]), example=shown)


def shape(schema: Mapping[str, Any]) -> Shape:
    """Return a schema in a few words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return Shape(name, name)
    if "enum" in schema:
        return Shape(" | ".join(str(value) for value in schema["enum"]))
    if "const" in schema:
        return Shape(str(schema["const"]))
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            # That an empty text counts as none is the same everywhere, and no news.
            parts = [shape(one) for one in schema[several] if one != {"const": ""}]
            return Shape(" | ".join(part.text for part in parts), next((p.component for p in parts if p.component), ""))
    if schema.get("type") == "array":
        inner = shape(schema.get("items", {}))
        return Shape(f"list of {inner.text}", inner.component)
    kind = schema.get("type", "any")
    text = " | ".join(kind) if isinstance(kind, list) else str(kind)
    return Shape(text + (f" ({schema['format']})" if "format" in schema else "") + _limits(schema))


def _limits(schema: Mapping[str, Any]) -> str:
    names = {"minLength": "≥ {} characters", "maxLength": "≤ {} characters", "minimum": "≥ {}", "maximum": "≤ {}"}
    told = [words.format(schema[name]) for name, words in names.items() if name in schema]
    return f", {', '.join(told)}" if told else ""
