"""How a page looks and whether everybody can use it: axe, sizes, colours, and pictures for the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PHONE = {"width": 360, "height": 800}
DESKTOP = {"width": 1280, "height": 860}
#: Every way in which a page is looked at: the options of a browser's context.
LOOKS: dict[str, dict[str, Any]] = {
    "desktop-light": {"viewport": DESKTOP, "color_scheme": "light"},
    "desktop-dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone-light": {"viewport": PHONE, "color_scheme": "light"},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "desktop-without-scripts": {"viewport": DESKTOP, "java_script_enabled": False},
    "phone-without-scripts": {"viewport": PHONE, "java_script_enabled": False},
}
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
#: In bytes. A repository keeps every version of a picture for ever.
LARGEST_PICTURE = 200_000

each_look = pytest.mark.parametrize("look", LOOKS)


def check_looks(page: Page) -> None:
    """Fail unless axe finds nothing and the page is no wider than its window."""
    with _twin(page) as twin:
        # A card out of sight has no measures yet, and axe would look at it as if it were in sight.
        twin.evaluate(
            "for (const li of document.querySelectorAll('.cards > li')) li.style.contentVisibility = 'visible'"
        )
        found = Axe().run(twin, options=_RULES).response
    assert found["passes"], "axe looked at nothing"
    told = [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert told == [], "\n".join(told)
    assert page.viewport_size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@contextmanager
def _twin(page: Page) -> Iterator[Page]:
    """Yield the page, or, where scripts are off and axe could not run, the same one loaded without ours."""
    if page.evaluate("!matchMedia('(scripting: none)').matches"):
        yield page
        return
    browser = page.context.browser
    assert browser is not None
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    context = browser.new_context(
        storage_state=page.context.storage_state(),
        viewport=page.viewport_size,
        color_scheme="dark" if dark else "light",
    )
    twin = context.new_page()
    twin.route(re.compile(r"\.js(\?|$)"), lambda route: route.abort())
    twin.goto(page.url)
    yield twin
    context.close()


def take_picture(page: Page, name: str) -> None:
    """Take the page's picture, as it is in the window, for the documentation."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    # As many colours as our pages have: a third of the size, and no difference to the eye.
    with Image.open(path) as taken:
        taken.convert("RGB").quantize(colors=128).save(path, optimize=True)
    assert path.stat().st_size < LARGEST_PICTURE
