"""The page of a package that serves, in Chromium: what is dropped there is answered, and drawn over."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from PIL import Image

from tests.conftest import HOSTILE_LABELS, write_files
from tests.example_models import digits, golden_pictures, sine
from tests.hand_made import words
from tests.targets import test_pi_sounds
from tests.targets.pi.serving import Service, served
from tests.targets.test_pi import project
from tests.targets.test_pi_commands import MODELS, photo
from tests.tasks.wavs import written

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

Scheme = Literal["light", "dark"]
HOSTILE_TITLE = "</title><script>window.pwned=1</script> a \"title\" & 'more'"


@contextmanager
def opened(
    browser: Browser, service: Service, width: int = 390, scheme: Scheme = "light", refused: int | None = None
) -> Iterator[Page]:
    """The page, which asks nobody else and complains of nothing, but of an answer of the status ``refused``."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    origin = f"http://127.0.0.1:{service.port}/"
    said: list[str] = []
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        page.goto(origin)
        yield page
        assert [url for url in requests if not url.startswith((origin, "data:", "blob:"))] == []
        assert [f"status of {refused}" in text for text in said] == [True] * (refused is not None)
    finally:
        page.close()


def wait_for_answer(page: Page) -> None:
    page.get_by_role("status").filter(has_text="answered in").wait_for(timeout=30_000)


def rows(page: Page) -> list[list[str]]:
    return [row.locator("td").all_text_contents() for row in page.locator("#answer tbody tr").all()]


def check_readable(page: Page) -> None:
    """What axe looks at, and that nothing is wider than the screen."""
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    assert [(item["id"], [node["target"] for node in item["nodes"]]) for item in violations] == []
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def pixel(page: Page, x: int, y: int) -> list[int]:
    """Of the canvas; from a copy, for Chromium complains of a page that reads its canvas again and again."""
    color: list[int] = page.evaluate(
        """([x, y]) => {
          const copy = new OffscreenCanvas(1, 1).getContext("2d");
          copy.drawImage(document.querySelector("#shown canvas"), -x, -y);
          return [...copy.getImageData(0, 0, 1, 1).data];
        }""",
        [x, y],
    )
    return color[:3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages with pictures, a sound and texts beside them."""
    folder = tmp_path_factory.mktemp("pi")
    picture = photo(folder / "a.png", brightness=60)
    for name in ("boxes", "mask", "keypoints", "embedding"):
        write_files(folder, project(MODELS[name](folder), [picture]))
    return folder


def asked(service: Service, picture: Path) -> Any:
    return service.ask(body=picture.read_bytes()).document


def test_boxes_are_drawn_where_they_are(chromium: Browser, folder: Path) -> None:
    with served(folder, "boxes") as service:
        expected = asked(service, folder / "a.png")["detections"]
        with opened(chromium, service, 1280) as page:
            page.get_by_label("Drop a picture here").set_input_files(folder / "a.png")
            wait_for_answer(page)
            assert [row[0] for row in rows(page)] == [item["label"] for item in expected]
            assert page.evaluate("[canvas.width, canvas.height]") == [120, 80]
            left, _, right, bottom = (round(side) for side in expected[0]["box"])
            # The lower side of the best box, which no other one and no label covers: green, for class 0 is.
            assert 0 < left < right < 120
            red, green, blue = pixel(page, (left + right) // 2, bottom)
            assert green > 180 > max(red, blue)
            assert max(pixel(page, 118, 3)) < 70
            check_readable(page)


def test_what_is_dropped_is_asked(chromium: Browser, folder: Path) -> None:
    data = base64.b64encode((folder / "a.png").read_bytes()).decode()
    with served(folder, "keypoints") as service, opened(chromium, service, refused=400) as page:
        transfer = page.evaluate_handle(
            """(data) => {
              const bytes = Uint8Array.from(atob(data), (it) => it.charCodeAt(0));
              const transfer = new DataTransfer();
              transfer.items.add(new File([bytes], "../../a.png", { type: "image/png" }));
              return transfer;
            }""",
            data,
        )
        page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
        wait_for_answer(page)
        points = asked(service, folder / "a.png")["poses"][0]["keypoints"]
        assert [row[1] for row in rows(page)] == [point["name"] for point in points]
        best = points[16]
        assert pixel(page, round(best["x"]), round(best["y"])) == [0, 230, 118]
        check_readable(page)
        # What is no picture is told, and the next one is answered.
        (folder / "none.png").write_text("none")
        page.get_by_label("Drop a picture here").set_input_files(folder / "none.png")
        page.get_by_role("status").filter(has_text="is no picture").wait_for()
        assert rows(page) == []
        assert page.locator("canvas").count() == 0
        page.get_by_label("Drop a picture here").set_input_files(folder / "a.png")
        wait_for_answer(page)


def test_a_mask_lies_over_the_picture(chromium: Browser, folder: Path) -> None:
    with served(folder, "mask") as service, opened(chromium, service) as page:
        page.get_by_label("Drop a picture here").set_input_files(folder / "a.png")
        wait_for_answer(page)
        classes = asked(service, folder / "a.png")["classes"]
        assert [row[1] for row in rows(page)] == [item["label"] or f"class {item['index']}" for item in classes]
        page.wait_for_function("document.querySelector('#shown canvas') !== null")
        plain = np.asarray(Image.open(folder / "a.png")).astype(int)
        mask = np.asarray(Image.open(io.BytesIO(service.ask("/mask", (folder / "a.png").read_bytes()).body)))
        colors = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0)}
        # One of each class, and one that the model was not shown.
        for index in (0, 1, 2, 255):
            y, x = np.argwhere(mask == index)[0].tolist()
            expected = plain[y, x] if index == 255 else (plain[y, x] + colors[index]) / 2
            assert pixel(page, x, y) == pytest.approx(expected.tolist(), abs=2), index


def test_arrays_of_a_picture(chromium: Browser, folder: Path) -> None:
    with served(folder, "embedding") as service, opened(chromium, service) as page:
        page.get_by_label("Drop a picture here").set_input_files(folder / "a.png")
        wait_for_answer(page)
        expected = asked(service, folder / "a.png")["outputs"]
        assert {row[0]: row[1] for row in rows(page)} == {"embedding": "[1, 4]", "counts": "[1, 2]"}
        (shown,) = (row[2] for row in rows(page) if row[0] == "embedding")
        assert [float(text) for text in shown.split(", ")] == pytest.approx(expected["embedding"][0], rel=1e-4)


def test_sounds_texts_and_numbers(chromium: Browser, examples: Path, tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    sound.write_bytes(written(test_pi_sounds.spoken(0.5), test_pi_sounds.RATE))
    write_files(tmp_path, project(test_pi_sounds.model("floats", tmp_path), [sound]))
    write_files(tmp_path, project(words(), []))
    write_files(tmp_path, project(sine(examples), []))
    with served(tmp_path, "floats") as service, opened(chromium, service) as page:
        page.get_by_label("Drop a WAV file here").set_input_files(sound)
        wait_for_answer(page)
        windows = service.ask(body=sound.read_bytes(), kind="audio/wav").document["windows"]
        assert [row[0] for row in rows(page)] == [f"{window['start']:.2f}" for window in windows]
        assert rows(page)[0][1].startswith(windows[0]["results"][0]["label"])
        check_readable(page)
    with served(tmp_path, "words") as service, opened(chromium, service) as page:
        page.get_by_label("A text").fill("A red rose, é")
        page.get_by_role("button", name="Ask").click()
        wait_for_answer(page)
        results = service.ask(body="A red rose, é".encode(), kind="text/plain").document["results"]
        assert [row[:2] for row in rows(page)] == [[item["label"], f"{item['score']:.4f}"] for item in results]
        check_readable(page)
    with served(tmp_path, "sine") as service, opened(chromium, service) as page:
        page.get_by_label("x: ").fill("[[1.5")
        page.get_by_role("button", name="Ask").click()
        page.get_by_role("status").filter(has_text="x: give numbers in lists").wait_for()
        page.get_by_label("x: ").fill("[[1.5]]")
        page.get_by_role("button", name="Ask").click()
        wait_for_answer(page)
        ((name, shape, value),) = rows(page)
        assert (name, shape) == ("y", "[1, 1]")
        assert float(value) == pytest.approx(np.sin(1.5), abs=0.1)
        check_readable(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_texts_are_shown_and_nothing_else(
    chromium: Browser, examples: Path, tmp_path: Path, scheme: Scheme
) -> None:
    labels = tmp_path / "labels.json"
    hostile = [f"<img src=x onerror=window.pwned=1> {label}" for label in HOSTILE_LABELS]
    labels.write_text(json.dumps(hostile))
    annotated = digits(examples, labels=labels, name=HOSTILE_TITLE, description="<b>bold</b>\n\u202eturned")
    write_files(tmp_path, project(annotated, golden_pictures(examples)[:1]))
    (package,) = (path.parent.name for path in tmp_path.glob("*/model.tflite"))
    with served(tmp_path, package, "--top-k", "10") as service, opened(chromium, service, scheme=scheme) as page:
        page.get_by_label("Drop a picture here").set_input_files(golden_pictures(examples)[0])
        wait_for_answer(page)
        assert page.evaluate("window.pwned") is None
        assert page.locator("script").count() == 1
        assert page.locator("img, b").count() == 0
        assert page.title() == page.locator("h1").inner_text() == HOSTILE_TITLE
        shown = [row[0] for row in rows(page)]
        assert len(shown) == 10
        assert not any(character in text for text in shown for character in "\n\r\t\u202e\x01")
        assert any("\\u{202e}right-to-left" in text for text in shown)
        check_readable(page)


def test_the_policy_lets_nothing_else_run(chromium: Browser, folder: Path) -> None:
    """Were anything of a stranger's to get into the page all the same."""
    with served(folder, "boxes") as service:
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{service.port}/")
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.evaluate(
            """() => {
              const added = document.createElement("div");
              added.innerHTML = "<p id=p onclick='window.pwned=1'>x</p><img src='http://127.0.0.1:1/x.png'>";
              document.body.append(added);
              const script = document.createElement("script");
              script.textContent = "window.pwned=1";
              document.body.append(script);
            }"""
        )
        page.locator("#p").click()
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("fetch('http://127.0.0.1:1/').then(() => 'sent', () => 'refused')") == "refused"
        refused = [text for text in said if "Content Security Policy" in text]
        for what in ("script", "event handler", "x.png", "connect-src"):
            assert any(what in text for text in refused), (what, said)
        page.close()
