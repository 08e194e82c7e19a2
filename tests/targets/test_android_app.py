"""The app that tries a model on Android: what is generated, that it compiles, and its screens on a desktop JVM.

All apps are compiled in one go and run in one JVM. What of AndroidX they use is declared in android/androidx/.
"""

from __future__ import annotations

import colorsys
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from packager import pipeline
from packager.annotated import read_annotated
from packager.errors import ConfigError
from packager.model import read_model
from packager.render.literals import android_string
from packager.targets.android import Delivery, Options
from packager.tasks import InputKind
from packager.tasks.boxes import Detection
from packager.tasks.classes import Category
from packager.terminal import is_active
from packager.writing import State
from tests.cells.projects import Project, project
from tests.conftest import HOSTILE_LABELS, write_files
from tests.example_models import digits, golden_pictures
from tests.targets.android import app as apps
from tests.targets.android import harness
from tests.targets.test_android import HOSTILE, classifier, package

pytestmark = pytest.mark.slow

# --- what is generated ----------------------------------------


def test_digits_tree(examples: Path, assert_tree: Callable[[str, Mapping[str, bytes]], None]) -> None:
    """The module is in its folder as it is without the app."""
    files = package(digits(examples), golden_pictures(examples), Options(app=True)).files
    module = package(digits(examples), golden_pictures(examples)).files
    own = {path: content for path, content in files.items() if not path.startswith("digits/")}
    assert files == {**own, **{f"digits/{path}": content for path, content in module.items()}}
    assert_tree("android_digits_app", own)


@pytest.mark.parametrize("name", ["app", "build", "gradle"])
def test_a_folder_of_the_project_itself_is_no_name(examples: Path, name: str) -> None:
    sine = read_annotated(examples / "sine" / "sine.tflite")
    assert package(sine, options=Options(name=name)).files
    with pytest.raises(ConfigError, match=f"the app's project has a folder {name} already"):
        package(sine, options=Options(name=name, app=True))


def test_a_module_moves_when_it_gets_an_app(examples: Path, tmp_path: Path) -> None:
    def write(*, app: bool) -> dict[str, State]:
        model = examples / "sine" / "sine.tflite"
        report = pipeline.package("android", model, tmp_path / "out", Options(name="sine", app=app))
        return {change.path: change.state for change in report.changes}

    write(app=False)
    edited = tmp_path / "out" / "README.md"
    edited.write_text("mine")
    states = write(app=True)
    assert states["build.gradle.kts"] is State.REPLACED
    assert states["src/main/AndroidManifest.xml"] is State.REMOVED
    assert states["sine/src/main/AndroidManifest.xml"] is State.CREATED
    assert states["README.md"] is State.KEPT_NEW
    assert edited.read_text() == "mine"
    assert not (tmp_path / "out" / "src").exists()
    assert {state for path, state in write(app=False).items() if path.startswith(("sine/", "app/"))} == {
        State.REMOVED
    }


# --- build scripts, manifest and resources ----------------------------------------


@pytest.mark.kotlin
@pytest.mark.parametrize(
    ("script", "receiver", "plugin"),
    [
        ("settings.gradle.kts", "SettingsScript", harness.PLUGINS[0]),
        ("build.gradle.kts", "AppScript", harness.PLUGINS[0]),
        *(("app/build.gradle.kts", "AppScript", version) for version in harness.PLUGINS),
    ],
)
def test_build_scripts_type_check(script: str, receiver: str, plugin: str, tmp_path: Path) -> None:
    write_files(tmp_path, {"script.kts": project("android", "digits", app=True).files[script]})
    harness.check_build_script(tmp_path / "script.kts", plugin, tmp_path, receiver)


@pytest.mark.kotlin
@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("AndroidManifest.xml", b"@string/app_name", b"@string/nosuch", "resource string/nosuch"),
        ("AndroidManifest.xml", b"android:exported", b"android:nosuch", "attribute android:nosuch not found"),
        ("res/layout/main.xml", b"@layout/panel", b"@layout/nosuch", "resource layout/nosuch"),
        ("res/values/strings.xml", b"</resources>", b"", "strings.xml"),
    ],
)
def test_wrong_resources_are_refused(file: str, old: bytes, new: bytes, message: str, tmp_path: Path) -> None:
    files = project("android", "digits", app=True).files
    path = f"app/src/main/{file}"
    assert old in files[path]
    write_files(tmp_path, {**files, path: files[path].replace(old, new)})
    with pytest.raises(AssertionError, match=message):
        apps.link_resources(harness.toolchain(), tmp_path / "app", "com.example.digits.app", tmp_path / "linked")


@pytest.mark.kotlin
def test_a_text_is_a_string_of_androids(tmp_path: Path) -> None:
    texts = {
        f"text{number}": text for number, text in enumerate([*HOSTILE, *HOSTILE_LABELS, TITLE, "?attr/x", "'", ""])
    }
    lines = (
        f'<string name="{name}" formatted="false" translatable="false">{android_string(text)}</string>'
        for name, text in texts.items()
    )
    shown = apps.shown_strings(harness.toolchain(), "<resources>" + "\n".join(lines) + "</resources>", tmp_path)
    # One line, of what can be seen.
    expected = {
        name: " ".join("".join(" " if is_active(c) else c for c in text).split()) for name, text in texts.items()
    }
    assert shown == expected


WRONG_CALLS = """package wrong

import androidx.activity.ComponentActivity
import androidx.activity.enableEdgeToEdge
import androidx.activity.result.contract.ActivityResultContracts
import androidx.camera.core.CameraSelector
import androidx.camera.core.ImageAnalysis
import androidx.camera.core.ImageProxy
import androidx.camera.core.Preview
import androidx.camera.lifecycle.ProcessCameraProvider
import androidx.camera.view.PreviewView
import androidx.lifecycle.ViewModelProvider

fun wrong(activity: ComponentActivity, view: PreviewView, image: ImageProxy, cameras: ProcessCameraProvider) {
    activity.enableEdgeToEdge(1)
    activity.registerForActivityResult(ActivityResultContracts.RequestPermission()) { it.length }
    activity.registerForActivityResult(ActivityResultContracts.PickVisualMedia()) { it.path }
    ViewModelProvider(activity)[String::class.java]
    CameraSelector.Builder().requireLensFacing(null)
    ImageAnalysis.Builder().setBackpressureStrategy("latest")
    ImageAnalysis.Builder().build().setAnalyzer { frame -> frame.close() }
    image.planes[0].buffer.array().rowStride
    image.imageInfo.rotationDegrees.degrees
    Preview.Builder().build().setSurfaceProvider(view)
    cameras.bindToLifecycle(CameraSelector.LENS_FACING_BACK, activity)
    cameras.hasCamera(CameraSelector.LENS_FACING_BACK)
    ProcessCameraProvider.getInstance(activity).unbindAll()
}
"""


@pytest.mark.kotlin
def test_each_wrong_call_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "app/src/main").mkdir(parents=True)
    source = tmp_path / "app/src/main/Wrong.kt"
    source.write_text(WRONG_CALLS)
    told = apps.compile_apps(harness.toolchain(), {"wrong": tmp_path}, [], [], tmp_path / "classes")["wrong"]
    lines = WRONG_CALLS.splitlines()
    calls = range(lines.index("}") - 13, lines.index("}"))
    assert [number for number in calls if f"Wrong.kt:{number + 1}:" not in str(told)] == []


# --- what runs ----------------------------------------

# One of each input and answer, and a model that is downloaded, whose app is compiled only.
NAMES = ("digits", "shapes", "mask_scores", "movenet", "embedding", "audio", "words", "gestures", "mixed")
DOWNLOADED = "colors"
# Where a point of a picture lies in a view.
PLACES: tuple[tuple[dict[str, Any], tuple[float, float]], ...] = tuple(
    ({"picture": picture, "view": view, "fills": fills, "mirrored": mirrored, "point": point}, expected)
    for picture, view, fills, mirrored, point, expected in (
        ((480, 640), (480, 640), True, False, (10, 20), (10, 20)),
        ((480, 640), (1080, 1080), True, False, (0, 0), (0, -180)),
        ((480, 640), (1080, 1080), True, False, (480, 640), (1080, 1260)),
        ((480, 640), (1080, 1080), True, True, (0, 0), (1080, -180)),
        ((480, 640), (1080, 1080), True, True, (120, 320), (810, 540)),
        ((640, 480), (900, 1200), True, False, (320, 240), (450, 600)),
        ((640, 480), (900, 1200), True, True, (0, 480), (1250, 1200)),
        ((480, 640), (1000, 500), False, False, (0, 0), (312.5, 0)),
        ((480, 640), (1000, 500), False, False, (240, 640), (500, 500)),
        ((480, 640), (1000, 500), False, True, (0, 320), (687.5, 250)),
    )
)


@dataclass(frozen=True)
class Screens:
    """What the driver saw of the apps that compile, what is told of the others, and the folder of the screens."""

    broken: dict[str, AssertionError]
    failures: dict[str, str]
    seen: dict[str, dict[str, Any]]
    folder: Path

    def of(self, name: str) -> dict[str, Any]:
        if name in self.broken:
            raise self.broken[name]
        assert name not in self.failures, self.failures[name]
        return self.seen[name]

    def picture(self, file: str) -> np.ndarray[Any, Any]:
        return np.asarray(Image.open(self.folder / f"{file}.png").convert("RGB")).astype(int)


def hostile_app(examples: Path, folder: Path) -> Mapping[str, bytes]:
    """The app of a model whose title is what a stranger may write."""
    digits_model = read_model(examples / "digits" / "digits.tflite")
    settings: dict[str, Any] = {"mean": (0.0,), "std": (255.0,), "name": TITLE, "description": "".join(HOSTILE[:7])}
    annotated = classifier(digits_model, HOSTILE, folder, **settings)
    return package(annotated, options=Options(package="com.example.hostile", app=True)).files


TITLE = '@string/app_name ? it\'s "so" <b>&amp; 50 %d %s \\n \u202e🦊'
SHOWN_TITLE = '@string/app_name ? it\'s "so" <b>&amp; 50 %d %s \\n 🦊'


def job(made: Project, folder: Path) -> dict[str, Any]:
    """What the driver is told of an app; files that it is given go into ``folder``."""
    context, kind = made.context, made.context.input.kind
    given: dict[str, Any] = {"package": context.app.package, "input": kind}
    if kind is InputKind.IMAGE:
        golden = next(path for path in made.files if path.endswith("_golden/cases.json"))
        picture = json.loads(made.files[golden])["cases"][0]["picture"]
        given["picture"] = f"{context.project.name}.given.png"
        (folder / given["picture"]).write_bytes(made.files[golden.replace("cases.json", picture)])
    if kind is InputKind.AUDIO:
        given["rate"] = context.input.rate
    if context.app.is_drawn:
        given["places"] = [case for case, _ in PLACES]
    return {**given, "text": "red and green", "numbers": "1.5, 2 3"}


@pytest.fixture(scope="session")
def kotlin() -> harness.Toolchain:
    return harness.toolchain()


@pytest.fixture(scope="session")
def screens(kotlin: harness.Toolchain, examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Screens:
    """Compile all apps with what they need of their modules, and use those that compile."""
    work = tmp_path_factory.mktemp("android-apps")
    run = work / "run"
    run.mkdir()
    made = {name: project("android", name, app=True) for name in NAMES}
    files = {name: one.files for name, one in made.items()}
    files[DOWNLOADED] = project("android", DOWNLOADED, app=True, delivery=Delivery.DOWNLOAD).files
    files["hostile"] = hostile_app(examples, work)
    jobs = {name: job(one, run) for name, one in made.items()}
    jobs["hostile"] = {**jobs["digits"], "package": "com.example.hostile.app"}
    folders, linked = {}, []
    for name, own in files.items():
        kept = {
            path: text for path, text in own.items() if "/src/test/" not in path and "/src/androidTest/" not in path
        }
        folders[name] = write_files(work / "projects" / name, kept)
        (assets,) = folders[name].glob("*/src/main/assets")
        package_name = f"com.example.{name}.app"
        linked.append(apps.link_resources(kotlin, folders[name] / "app", package_name, run / name, assets))
        if name in jobs:
            (run / f"{name}.job.json").write_text(json.dumps(jobs[name]))
    broken = apps.compile_apps(kotlin, folders, linked, [harness.HERE / "AppDriver.kt"], work / "classes")
    running = {name: str(given["package"]) for name, given in jobs.items() if name not in broken}
    apps.run_apps(kotlin, work / "classes", running, run)
    failures = {path.name.partition(".")[0]: path.read_text() for path in run.glob("*.failure.txt")}
    seen = {name: json.loads((run / f"{name}.json").read_text()) for name in running if name not in failures}
    return Screens(broken, failures, seen, run)


@pytest.mark.parametrize("name", [*NAMES, "hostile"])
def test_a_screen_shows_an_answer(name: str, screens: Screens) -> None:
    seen = screens.of(name)
    assert seen["screen"]["status"].endswith(" ms on CPU")
    assert seen["screen"]["message"] == ""
    assert seen["padding"] == [60, 40]  # of the system's bars
    assert seen["turned"] in ("Ready on CPU", seen["turned"].partition(" ms")[0] + " ms on CPU")
    assert "on CPU" in seen["fallback"]["status"]
    assert seen["fallback"]["message"].startswith("Not on GPU: ")


def test_an_app_of_a_downloaded_model_compiles(screens: Screens) -> None:
    assert DOWNLOADED not in screens.broken, screens.broken[DOWNLOADED]


def test_a_title_is_shown_as_it_is(screens: Screens) -> None:
    assert screens.of("hostile")["screen"]["title"] == SHOWN_TITLE


@pytest.mark.parametrize("name", ["digits", "shapes", "mask_scores", "movenet", "embedding"])
def test_a_camera_is_asked_for_and_shown(name: str, screens: Screens) -> None:
    seen = screens.of(name)
    assert seen["refused"].startswith("Without the permission for the camera")
    back, front = seen["frames"]
    assert back["answers"] == front["answers"] != "null"


@pytest.mark.parametrize("index", range(len(PLACES)))
def test_points_lie_where_the_preview_has_them(index: int, screens: Screens) -> None:
    assert screens.of("shapes")["places"][index] == pytest.approx(PLACES[index][1])


def test_classes_are_those_of_python(screens: Screens) -> None:
    best = project("android", "digits", app=True).golden_set.cases[0].answer[0]
    assert isinstance(best, Category)
    assert screens.of("digits")["screen"]["answers"].startswith(f"{best.label} {best.score:.2f}, ")


@pytest.mark.parametrize("screen", ["", "_land", "_front", "_back"])
def test_a_box_is_drawn_where_it_is(screen: str, screens: Screens) -> None:
    seen, picture = screens.of("shapes"), screens.picture(f"shapes{screen}")
    height, width = screens.picture("shapes.given").shape[:2]
    place = seen["land" if screen == "_land" else "screen"]["view"]
    ratios = place[2] / width, place[3] / height
    scale = max(ratios) if screen in ("_front", "_back") else min(ratios)
    # A frame of a camera has fewer colours, and its boxes are a pixel or two off.
    off = round(2 * scale) if screen in ("_front", "_back") else 4
    found = []
    for item in project("android", "shapes", app=True).golden_set.cases[0].answer[:2]:
        assert isinstance(item, Detection)
        color = np.array(colorsys.hsv_to_rgb((0.33 + item.index * 0.618034) % 1, 0.8, 1.0)) * 255
        left, top, right, bottom = item.box
        x, y = (left + right) / 2, (top + bottom) / 2
        for side in ((left, y), (right, y), (x, top), (x, bottom)):
            across = round(
                (side[0] - width / 2) * scale * (-1 if screen == "_front" else 1) + place[0] + place[2] / 2
            )
            down = round((side[1] - height / 2) * scale + place[1] + place[3] / 2)
            if off < across < place[0] + place[2] - off:
                around = picture[down - off : down + off + 1, across - off : across + off + 1]
                found.append(np.abs(around - color).max(axis=2).min() < 4)
    assert len(found) >= 4
    assert all(found)


@pytest.mark.parametrize("name", NAMES)
def test_dark_is_dark(name: str, screens: Screens) -> None:
    """Of the part of the screen that shows no picture."""
    screens.of(name)
    light, dark = (screens.picture(f"{name}{night}")[-100:].mean() for night in ("", "_night"))
    assert light > 200
    assert dark < 80


def test_sound_is_heard(screens: Screens) -> None:
    seen = screens.of("audio")
    assert seen["refused"].startswith("Without the permission for the microphone")
    assert len(seen["windows"].splitlines()) >= 3
    assert 60 < seen["level"] < 90  # a tone 15 decibels below the loudest


def test_numbers_come_out(screens: Screens) -> None:
    lines = screens.of("mixed")["screen"]["answers"].splitlines()
    assert lines[0] == "sum (4 items)"
    assert lines[1] == "  1.5, 2.0, 3.0, 0.0"


def test_bones_are_of_coco_alone() -> None:

    movenet, landmarks = (project("android", name, app=True).context for name in ("movenet", "landmarks"))
    assert len(movenet.app.bones) == 19
    assert landmarks.app.bones == ()
