"""How APIFlask checks what comes in: bodies are read strictly, and every bad field gets a code of its own."""

from __future__ import annotations

from typing import Any

from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request
from pydantic import ValidationError

from moderation.api.bodies import read_body
from moderation.comments.submission import field_errors
from moderation.errors import FieldError, InvalidError


class StrictAdapter(PydanticAdapter):
    """Reads bodies with ``read_body`` and reports bad fields as ``InvalidError``."""

    def validate_input(self, request: Request, location: str, **_: Any) -> Any:  # noqa: ANN401 -- APIFlask's interface
        """Return the checked model, or the raw fields where the use case itself checks them."""
        if location in {"json", "form", "json_or_form"}:
            fields: Any = read_body(request)
        elif location == "query":
            fields = _query(request, self.model_class.model_fields)
        else:
            return super().validate_input(request, location)
        if getattr(self.model_class, "checked_by_use_case", False):
            return fields
        try:
            return self.model_class.model_validate(fields)
        except ValidationError as error:
            raise InvalidError(field_errors(error)) from error

    def serialize_output(self, data: Any, many: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 -- its interface
        """Return what was given, in its JSON form: members that were not given stay away, even as null."""
        if many:
            return super().serialize_output(data, many)
        return self.model_class.model_validate(data).model_dump(mode="json", by_alias=True, exclude_unset=True)


def _query(request: Request, model_fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- pydantic's own mapping
    fields: dict[str, Any] = {}
    for name, values in request.args.lists():
        repeated = name in model_fields and "list" in str(model_fields[name].annotation)
        if not repeated and len(values) > 1:
            raise InvalidError([FieldError(name, "duplicate_field", "This parameter was sent twice.")])
        if repeated:
            fields[name] = values
        elif values[0] != "":
            fields[name] = values[0]
    return fields


def install() -> None:
    """Make APIFlask use the strict adapter for every pydantic model."""
    registry.register("pydantic", StrictAdapter)
