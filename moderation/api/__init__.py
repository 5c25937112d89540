"""The HTTP API: parse, call one use case, present. One file a resource."""

from moderation.api.schema_adapter import install

# APIFlask picks a schema's adapter while a view is being decorated, so ours must be there before any of the views.
install()
