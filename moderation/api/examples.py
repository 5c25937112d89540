"""Examples for the API's description, made from its schemas: whatever is described has one that fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
#: By the name of the member; what is not here is made from its type.
_BY_NAME: dict[str, object] = {
    "thread": "/2026/sourdough/",
    "thread_url": "https://blog.example.org/2026/sourdough/",
    "thread_title": "Sourdough for beginners",
    "author_name": "Mary Miller",
    "author_email": "mary@example.com",
    "author_url": "https://mary.example.com/",
    "author_role": "",
    "body": "I let the dough rest overnight, and the crust came out better than ever.",
    "url": "https://blog.example.org/hooks/comments",
    "body_html": "<p>I let the dough rest overnight, and the crust came out better than ever.</p>",
    "ip": "198.51.100.4",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "referrer": "https://blog.example.org/",
    "site_name": "Bread blog",
    "spam_probability": 0.004,
    "reason": "",
    "q": "",
    "cursor": "",
    "next": None,
    "total": 1,
    "parent_id": None,
    "model": "starter-2026.11",
    "model_version": "starter-2026.11",
    "version": 1,
    "live": "starter-2026.11",
    "counts": {"/2026/sourdough/": 3, "/about/": 0},
    "knowledge": {"author_published": 3},
    "metrics": {"roc_auc": 0.99},
    "person": "mod@example.org",
    "origin": "review",
    "feature": "word",
    "field": "body",
    "message": "",
    "detail": "This comment has been decided on since.",
    "label": None,
}
_BY_FORMAT = {
    "uuid": "019a7c3e-5f10-7b2a-9c41-3e6f0a8d2b17",
    "date-time": "2026-11-23T12:00:00Z",
    "uri": "https://blog.example.org/",
    "email": "mary@example.com",
    "ipv4": "198.51.100.4",
}
_KINDS = {str: "string", int: "integer", float: "number", dict: "object", type(None): "null"}
_DEEPEST = 8


def example_of(schema: Schema, schemas: Mapping[str, Schema], name: str = "", depth: int = 0) -> Any:  # noqa: ANN401 -- any JSON
    """Return a value that fits the schema; ``schemas`` are those that it may refer to."""
    if "$ref" in schema:
        return example_of(schemas[str(schema["$ref"]).rsplit("/", 1)[-1]], schemas, name, depth)
    choices = schema.get("anyOf") or schema.get("oneOf") or ()
    if name in _BY_NAME and _fits(_BY_NAME[name], choices or (schema,)):
        return _BY_NAME[name]
    for told in ("example", "const", "default"):
        if told in schema:
            return schema[told]
    if "enum" in schema:
        return schema["enum"][0]
    return example_of(choices[0], schemas, name, depth) if choices else _by_type(schema, schemas, name, depth)


def _by_type(schema: Schema, schemas: Mapping[str, Schema], name: str, depth: int) -> Any:  # noqa: ANN401 -- any JSON
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        if schema.get("minProperties") and "properties" not in schema:
            key = example_of({"type": "string", **schema.get("propertyNames", {})}, schemas)
            return {key: example_of(schema.get("additionalProperties", {}), schemas, name, depth + 1)}
        properties = schema.get("properties", {}) if depth < _DEEPEST else {}
        return {key: example_of(inner, schemas, key, depth + 1) for key, inner in properties.items()}
    if kind == "array":
        return [example_of(schema.get("items", {}), schemas, name, depth + 1)]
    if kind == "string":
        return _BY_FORMAT.get(str(schema.get("format")), name.replace("_", " ") or "text")
    return {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 0.5), "boolean": False}.get(str(kind))


def _fits(value: object, choices: Sequence[Schema]) -> bool:
    kind = _KINDS[type(value)]
    return any(one.get("type") == kind and "format" not in one for one in choices)
