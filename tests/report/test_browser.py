"""The page as its reader sees it in Chromium: on a phone and a desk, in light and dark, printed, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.conftest import needs_micro
from tests.report.conftest import PageOf
from tests.report.pages import HOSTILE, LABELS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, needs_micro]

# What compares models, hostile texts, shapes over pictures, and tokens.
PAGES = ("comparison", "hostile", "shapes", "words")
WIDTHS = (390, 1280)
Scheme = Literal["light", "dark"]


@contextmanager
def opened(
    browser: Browser, path: Path, width: int = 390, scheme: Scheme = "light", **options: Any
) -> Iterator[Page]:
    """The page, which asks for nothing and complains of nothing."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
    requests: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        page.goto(path.as_uri())
        yield page
        assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
        assert said == []
    finally:
        page.close()


def texts(page: Page, selector: str) -> list[str]:
    return page.locator(selector).all_inner_texts()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_everybody_can_read_it(chromium: Browser, page_of: PageOf, width: int, scheme: Scheme) -> None:
    """What axe looks at (contrast, headings, alternatives, regions that scroll), and that nothing is cut off."""
    from axe_playwright_python.sync_playwright import Axe

    found = {}
    for name in PAGES:
        with opened(chromium, page_of(name), width, scheme) as page:
            # What is folded is to be read too.
            page.evaluate("document.querySelectorAll('details').forEach((details) => details.open = true)")
            response = Axe().run(page).response
            found[name] = [
                (item["id"], node["target"], node["failureSummary"])
                for item in response["violations"]
                for node in item["nodes"]
            ]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found[name].append(("wider than the screen", width, ""))
    assert found == {name: [] for name in PAGES}


def test_without_a_script_all_is_there(chromium: Browser, page_of: PageOf) -> None:
    with opened(chromium, page_of("comparison")) as page:
        page.evaluate("document.querySelectorAll('th button').forEach((it) => it.replaceWith(...it.childNodes))")
        with_script = page.locator("body").inner_text()
    with opened(chromium, page_of("comparison"), java_script_enabled=False) as page:
        assert page.locator("th button").count() == 0
        assert page.locator("body").inner_text() == with_script
        assert "qat.tflite" in with_script


def test_tables_are_sorted_by_their_heads(chromium: Browser, page_of: PageOf) -> None:
    with opened(chromium, page_of("comparison"), 1280) as page:
        table = page.locator("table.sortable").first
        rows = table.locator("tbody th")

        def names() -> list[str]:
            return [text.split(".")[0].strip() for text in rows.all_inner_texts()]

        before = names()
        assert before == ["float", "dynamic", "float16", "int8", "int16x8", "qat"]
        size = table.get_by_role("button", name="Bytes", exact=True)
        size.focus()
        page.keyboard.press("Enter")
        assert names() == ["int8", "qat", "dynamic", "int16x8", "float16", "float"]
        head = table.locator("thead th").nth(1)
        assert head.get_attribute("aria-sort") == "ascending"
        assert "ascending" in page.get_by_role("status").inner_text()
        size.click()
        assert names() == ["float", "float16", "int16x8", "dynamic", "qat", "int8"]
        assert head.get_attribute("aria-sort") == "descending"
        # Without a figure it is last in either order.
        accuracy = table.get_by_role("button", name="top 1")
        for first in ("int8", "float"):
            accuracy.click()
            assert (names()[0], names()[-1]) == (first, "int16x8")
        assert head.get_attribute("aria-sort") is None
        table.get_by_role("button", name="Model").click()
        assert names() == sorted(before)


def test_hostile_texts_are_shown_and_nothing_else(chromium: Browser, page_of: PageOf) -> None:
    with opened(chromium, page_of("hostile")) as page:
        assert page.evaluate("window.pwned") is None
        assert page.locator("script").count() == 1
        assert page.locator("img:not(.input)").count() == 0
        shown = HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b").replace("\x00", "")
        assert texts(page, ".description") == [shown]
        assert shown in " ".join(texts(page, "h1")) or shown.startswith(texts(page, "h1")[0][:100])
        labels = page.locator(".labels li").all_text_contents()
        assert len(labels) == len(LABELS)
        assert labels[0] == shown + "\\x00"
        assert "\u202e" not in page.content()


def test_the_policy_lets_nothing_else_run(chromium: Browser, page_of: PageOf, tmp_path: Path) -> None:
    """Were anything of a stranger's to get into the page all the same."""
    added = (
        "<script>window.pwned=1</script><p onclick='window.pwned=1' id='p' style='color: red'>x</p>"
        "<img src='x.png' onerror='window.pwned=1'><iframe src='data:text/html,x'></iframe></body>"
    )
    path = tmp_path / "added.html"
    path.write_text(page_of("digits").read_text("utf-8").replace("</body>", added), "utf-8")
    page = chromium.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    page.locator("#p").click()
    assert page.evaluate("window.pwned") is None
    assert page.locator("#p").evaluate("(it) => getComputedStyle(it).color") != "rgb(255, 0, 0)"
    page.close()
    refused = ("script", "event handler", "style", "/x.png'", "frame-src")
    for what in refused:
        assert any(what in text and "Content Security Policy" in text for text in said), (what, said)


def test_answers_are_where_the_picture_has_them(chromium: Browser, page_of: PageOf) -> None:
    """Boxes lie over the picture, in its pixels, whatever its size on the screen."""
    with opened(chromium, page_of("shapes")) as page:
        drawn = page.locator("svg.drawn").first
        picture = drawn.locator("image").first.bounding_box()
        boxes = [item.bounding_box() for item in drawn.locator("rect.shape").all()]
        assert picture is not None
        assert len(boxes) == 6
        width = float(drawn.locator("image").first.get_attribute("width") or 0)
        # The best one is drawn last, and its place is that of the table.
        left, top, right, _ = [
            float(part)
            for part in texts(page, ".answer tbody tr:first-child td:last-child")[0].replace("–", ",").split(",")
        ]
        best = boxes[-1]
        assert best is not None
        scale = picture["width"] / width
        assert best["x"] - picture["x"] == pytest.approx(left * scale, abs=2.5)
        assert best["y"] - picture["y"] == pytest.approx(top * scale, abs=2.5)
        assert best["width"] == pytest.approx((right - left) * scale, abs=4)


def test_labels_of_the_scatter_touch_neither_dots_nor_each_other(chromium: Browser, page_of: PageOf) -> None:
    with opened(chromium, page_of("comparison"), 1280) as page:
        dots = [item.bounding_box() for item in page.locator(".scatter circle").all()]
        labels = [item.bounding_box() for item in page.locator(".scatter circle + text").all()]
        frame = page.locator(".scatter").bounding_box()
        assert len(dots) == len(labels) == 5
        for place, label in enumerate(labels):
            assert label is not None
            assert frame is not None
            assert label["x"] >= frame["x"]
            assert label["x"] + label["width"] <= frame["x"] + frame["width"]
            for other in (*dots, *labels[:place]):
                assert other is not None
                assert (
                    label["x"] + label["width"] <= other["x"]
                    or other["x"] + other["width"] <= label["x"]
                    # Boxes of letters have room above and below them.
                    or label["y"] + label["height"] <= other["y"] + 6
                    or other["y"] + other["height"] <= label["y"] + 6
                )


def test_it_prints(chromium: Browser, page_of: PageOf) -> None:
    """On white paper, with what is folded, and no row cut in two."""
    with opened(chromium, page_of("comparison"), 794, "dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        folded = page.locator("details p").first
        box = folded.bounding_box()
        assert box is not None
        assert box["height"] > 10
        assert not page.locator("nav").is_visible()
        assert page.locator("tr").first.evaluate("(it) => getComputedStyle(it).breakInside") == "avoid"
        assert page.evaluate("document.documentElement.scrollWidth") <= 794
        wide = page.locator(".scroll").evaluate_all(
            "(all) => all.filter((it) => it.scrollWidth > it.clientWidth + 1).length"
        )
        assert wide == 0


def test_what_has_the_focus_shows_it(chromium: Browser, page_of: PageOf) -> None:
    with opened(chromium, page_of("digits")) as page:
        for _ in range(12):
            page.keyboard.press("Tab")
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", page.evaluate("document.activeElement.outerHTML")[:100]
