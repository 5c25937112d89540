"""Pages as tests read them: their forms, their words, and whether anything in them could run."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from werkzeug.test import TestResponse

_VOID = {"input", "meta", "link", "img", "br", "rect", "option"}


@dataclass
class Form:
    """A form with what a browser would send of it, besides the button."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """A page taken apart."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        assert response.mimetype == "text/html", response.get_data(as_text=True)
        self.status = response.status_code
        self.html = response.get_data(as_text=True)
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._area: str | None = None
        self.feed(self.html)

    @property
    def text(self) -> str:
        """All words, with single spaces."""
        return " ".join(" ".join(self.words).split())

    def form(self, action: str) -> Form:
        """Return the first form whose address contains the text."""
        return next(form for form in self.forms if action in form.action)

    def having(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Return the attributes of all such tags."""
        return [a for t, a in self.tags if t == tag and attributes.items() <= a.items()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
        elif self.forms and tag == "button":
            self.forms[-1].buttons.append((given.get("name", ""), given.get("value", "")))
        elif self.forms and tag == "input" and given.get("type") != "checkbox":
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif self.forms and tag == "textarea":
            self._area = given["name"]
            self.forms[-1].fields[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            # The line break right after the tag is not of the text.
            self.forms[-1].fields[self._area] += data.removeprefix("\n")
        self.words.append(data)

    def what_could_run(self) -> list[str]:
        """Return whatever in the page a browser might run or take for style although it is not a file of ours."""
        found = []
        for tag, given in self.tags:
            if tag in {"iframe", "object", "embed", "base", "style"}:
                found.append(tag)
            if tag == "script" and not given.get("src", "").startswith(("/static/", "/embed.js")):
                found.append(f"script {given}")
            found += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
            found += [
                f"{tag} {name}={given[name]}"
                for name in ("href", "src", "action", "formaction")
                if given.get(name, "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))
            ]
        return found
