"""The API's description (OpenAPI 3.1), completed: errors as they are, who asks, headers, an example of everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask

from moderation.api import beside
from moderation.api.examples import example_of

Spec = dict[str, Any]
PROBLEM = "Problem"
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/"
_SCHEMA: Spec = {
    "type": "object",
    "description": "What went wrong (RFC 9457): code is for machines, detail for people.",
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "array", "description": "Every bad field.", "items": {"$ref": f"{_REF}BadField"}},
    },
    "required": ["type", "status", "title", "detail"],
}
_BAD_FIELD: Spec = {
    "type": "object",
    "description": "A field that is missing or wrong.",
    "properties": {"field": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["field", "code", "message"],
}
#: What a request can be refused for whatever it asks.
_ALWAYS = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
#: The web server's own refusals, before we are asked: they have no body.
_UNASKED = (HTTPStatus.REQUEST_URI_TOO_LONG, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
_DETAILS = {
    400: ("malformed", "The body is not JSON (line 1, column 2)."),
    401: ("unauthenticated", "Sign in, or send a personal token: Authorization: Bearer <token>."),
    403: ("forbidden", "This is for admins."),
    404: ("not_found", "There is no such site."),
    409: ("conflict", "Someone else decided since."),
    413: ("too_large", "More than 1024 KiB in one request."),
    422: ("invalid_fields", "Some fields are missing or wrong."),
    429: ("too_many", "Too many comments from this address; at most 30 a minute are taken."),
    503: ("unavailable", "The database cannot be reached."),
}
_WAIT: Spec = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}}
# No parameter of the description: that the same key must not come with another comment is more than a schema can say.
_IDEMPOTENCY = (
    "With a header Idempotency-Key (up to 200 characters), the same key with the same comment gives the same "
    "answer, and one comment; with another comment, it is refused (422)."
)


def register(app: APIFlask) -> None:
    """Complete what APIFlask makes out of the routes."""
    app.spec_processor(complete)  # type: ignore[arg-type]  # it may be text, if one asks for YAML; we do not


def complete(spec: Spec) -> Spec:
    """Return the description with everything in it that the routes alone do not tell."""
    spec = _short_names(spec)
    beside.add(spec)
    schemas = spec["components"]["schemas"]
    schemas.pop("HTTPError", None)
    schemas |= {PROBLEM: _SCHEMA, "BadField": _BAD_FIELD}
    # Each group of routes brings its tag along, and some share one.
    spec["tags"] = list({tag["name"]: tag for tag in spec.get("tags", ())}.values())
    for path, operation in _operations(spec):
        operation.setdefault("security", [])
        name = _name_of(path, operation)
        operation.setdefault("operationId", name)
        _complete_request(operation, schemas)
        _complete_answers(path, operation, schemas)
    return spec


def _operations(spec: Spec) -> Iterator[tuple[str, Spec]]:
    for path, methods in spec["paths"].items():
        for method in _METHODS:
            if method in methods:
                methods[method]["x-method"] = method
                yield path, methods[method]


def _name_of(path: str, operation: Spec) -> str:
    words = [part.strip("{}") for part in path.removeprefix("/api/v1").split("/") if part]
    return "_".join([operation.pop("x-method"), *words]).replace("-", "_").replace(".", "_")


def _complete_request(operation: Spec, schemas: Spec) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            _empty_is_absent(parameter)
        if parameter["in"] == "path":
            name = parameter["name"]
            parameter.setdefault("description", f"The {name.removesuffix('_id')}'s id.")
            if name == "site" or name.endswith("_id"):
                parameter["schema"] = {"type": "string", "format": "uuid"}
        parameter.setdefault("example", example_of(parameter["schema"], schemas, parameter["name"]))
    body = operation.get("requestBody")
    if body is None:
        return
    body.setdefault("required", True)
    for kind, content in body["content"].items():
        if kind in _FORMS:
            content["schema"] = _form(content["schema"], schemas)
        content.setdefault("example", example_of(content["schema"], schemas))
    if {"SiteKey": []} in operation["security"]:
        operation.setdefault("description", _IDEMPOTENCY)


def _empty_is_absent(parameter: Spec) -> None:
    if not parameter["required"]:
        schema = _without_null(parameter["schema"])
        if schema.get("default") == "":
            schema = {key: value for key, value in schema.items() if key != "default"}
        parameter["schema"] = {"anyOf": [schema, {"const": ""}]}


def _form(schema: Spec, schemas: Spec) -> Spec:
    """Return what a form may send: the same, but a form knows no null."""
    name = str(schema.get("$ref", "")).removeprefix(_REF)
    if name not in schemas:
        return schema
    own = f"{name}Form"
    properties = {key: _without_null(inner) for key, inner in schemas[name]["properties"].items()}
    # A field that comes twice is refused, whatever it is called.
    schemas[own] = {**schemas[name], "properties": properties, "additionalProperties": {"type": "string"}}
    return {"$ref": f"{_REF}{own}"}


def _without_null(schema: Spec) -> Spec:
    if "anyOf" not in schema:
        return schema
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    choices = [one for one in schema["anyOf"] if one.get("type") != "null"]
    return {**rest, **choices[0]} if len(choices) == 1 else {**rest, "anyOf": choices}


def _complete_answers(path: str, operation: Spec, schemas: Spec) -> None:
    answers = operation["responses"]
    if path.startswith("/api/"):
        for status in _refusals(operation):
            answers.setdefault(str(status.value), {"description": status.phrase})
    for code, answer in answers.items():
        if int(code) >= HTTPStatus.BAD_REQUEST and int(code) not in _UNASKED and not _is_described(answer):
            answer["content"] = {"application/problem+json": _problem(int(code))}
        for content in answer.get("content", {}).values():
            content.setdefault("example", example_of(content.get("schema", {}), schemas))
        if code in {"429", "503"}:
            answer["headers"] = _WAIT
    operation["responses"] = dict(sorted(answers.items()))


def _refusals(operation: Spec) -> Iterator[HTTPStatus]:
    """Yield for what such a request can be refused, whatever it is about."""
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    yield from _ALWAYS
    if "path" in places:
        yield HTTPStatus.NOT_FOUND
    if "query" in places:
        yield from _UNASKED
    if operation["security"]:
        yield HTTPStatus.FORBIDDEN
    if "requestBody" in operation:
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _is_described(answer: Spec) -> bool:
    schemas = [content["schema"] for content in answer.get("content", {}).values() if "schema" in content]
    return bool(schemas) and "HTTPError" not in json.dumps(schemas)


def _problem(code: int) -> Spec:
    name, detail = _DETAILS.get(code, ("error", HTTPStatus(code).phrase))
    example: Spec = {
        "type": "about:blank",
        "status": code,
        "title": HTTPStatus(code).phrase,
        "detail": detail,
        "code": name,
    }
    if code == HTTPStatus.UNPROCESSABLE_ENTITY:
        example["errors"] = [{"field": "body", "code": "missing", "message": "This field is required."}]
    return {"schema": {"$ref": f"{_REF}{PROBLEM}"}, "example": example}


def _short_names(spec: Spec) -> Spec:
    """Call each schema by its own name, without that of the one it was first met in, where no other is called so."""
    schemas: Mapping[str, Spec] = spec["components"]["schemas"]
    by_short: dict[str, set[str]] = {}
    for name, schema in schemas.items():
        by_short.setdefault(_short(name), set()).add(_short_refs(json.dumps(schema, default=str, sort_keys=True)))
    text = json.dumps(spec, default=str)
    for name in sorted(schemas, key=len, reverse=True):
        if len(by_short[_short(name)]) == 1:
            text = text.replace(f'"{_REF}{name}"', f'"{_REF}{_short(name)}"')
    short: Spec = json.loads(text)
    renamed = {_short(name) if len(by_short[_short(name)]) == 1 else name: s for name, s in _schemas(short)}
    short["components"]["schemas"] = dict(sorted(renamed.items()))
    return short


def _schemas(spec: Spec) -> Iterator[tuple[str, Spec]]:
    yield from spec["components"]["schemas"].items()


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _short_refs(text: str) -> str:
    parts = text.split(f'"{_REF}')
    return parts[0] + "".join(
        f'"{_REF}{_short(part[: part.index(chr(34))])}{part[part.index(chr(34)) :]}' for part in parts[1:]
    )
