"""The app that tries a model on iOS: its Xcode project, that it compiles, and what of it runs on Linux.

And the documentation of the packages, which are compiled for it. What of Apple's frameworks the apps use is declared
in ios/apple/.
"""

from __future__ import annotations

import colorsys
import json
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from pbxproj import XcodeProject

from packager import pipeline
from packager.golden import build_goldens, read_samples
from packager.targets.ios import TARGET, Options
from packager.targets.target import build_project
from packager.writing import State
from tests.cells.projects import Project, project
from tests.conftest import HOSTILE_LABELS, write_files
from tests.example_models import digits
from tests.targets.ios.harness import Swift, swift_root

pytestmark = pytest.mark.slow

# One of each input and answer.
NAMES = ("digits", "shapes", "mask_scores", "movenet", "embedding", "audio", "words", "gestures", "mixed")


def made(name: str) -> Project:
    return project("ios", name, app=True)


# --- what is generated ----------------------------------------


def test_digits_tree(assert_tree: Callable[[str, Mapping[str, bytes]], None]) -> None:
    """The package is in its folder as it is without the app."""
    files, package = made("digits").files, project("ios", "digits").files
    own = {path: content for path, content in files.items() if not path.startswith("Digits/")}
    assert files == {**own, **{f"Digits/{path}": content for path, content in package.items()}}
    assert_tree("ios_digits_app", own)


def test_a_package_moves_when_it_gets_an_app(examples: Path, tmp_path: Path) -> None:
    def write(*, app: bool) -> dict[str, State]:
        model = examples / "sine" / "sine.tflite"
        report = pipeline.package("ios", model, tmp_path / "out", Options(name="sine", app=app))
        return {change.path: change.state for change in report.changes}

    write(app=False)
    edited = tmp_path / "out" / "README.md"
    edited.write_text("mine")
    states = write(app=True)
    assert states["Package.swift"] is State.REMOVED
    assert states["Sine/Package.swift"] is State.CREATED
    assert states["SineApp.xcodeproj/project.pbxproj"] is State.CREATED
    assert states["README.md"] is State.KEPT_NEW
    assert edited.read_text() == "mine"


# --- the Xcode project ----------------------------------------


@dataclass(frozen=True)
class Xcode:
    """The project of an app as a parser has it, with the files around it."""

    app: str
    files: Mapping[str, bytes]
    project: Any

    def target(self) -> Any:
        (target,) = self.project.objects.get_objects_in_section("PBXNativeTarget")
        return target

    def phase(self, kind: str) -> list[Any]:
        """What a build phase of the target builds: file references, or products of packages."""
        (phase,) = (
            found for found in map(self.project.objects.__getitem__, self.target().buildPhases) if found.isa == kind
        )
        builds = [self.project.objects[key] for key in phase.files]
        return [self.project.objects[build.fileRef if "fileRef" in build else build.productRef] for build in builds]

    def paths(self) -> dict[str, str]:
        """Where the files of all references lie, by the groups that they are in."""
        (root,) = self.project.objects.get_objects_in_section("PBXProject")
        found = {}
        below = [(self.project.objects[root.mainGroup], PurePosixPath())]
        while below:
            group, folder = below.pop()
            for child in map(self.project.objects.__getitem__, group.children):
                place = folder / child.path if "path" in child else folder
                if child.isa == "PBXGroup":
                    below.append((child, place))
                elif child.sourceTree == "<group>":
                    found[child.get_id()] = str(place)
        return found


def xcode(name: str, tmp_path: Path) -> Xcode:
    one = made(name)
    app = one.context.app.name
    write_files(tmp_path, one.files)
    return Xcode(app, one.files, XcodeProject.load(str(tmp_path / f"{app}.xcodeproj/project.pbxproj")))


@pytest.mark.parametrize("name", NAMES)
def test_a_project_has_the_files_that_there_are(name: str, tmp_path: Path) -> None:
    found = xcode(name, tmp_path)
    references = [
        one for one in found.project.objects.get_objects_in_section("PBXFileReference") if "name" not in one
    ]
    paths = set(found.paths().values())
    assert len(references) == len(paths) + 1  # and the app that is built
    swift = {path for path in found.files if path.startswith(f"{found.app}/") and path.endswith(".swift")}
    assert paths == {*swift, f"{found.app}/Assets.xcassets", f"{found.app}/Localizable.xcstrings"}
    assert all((tmp_path / path).exists() for path in paths)
    assert {f"{found.app}/{source.path}" for source in found.phase("PBXSourcesBuildPhase")} == swift
    resources = {resource.path for resource in found.phase("PBXResourcesBuildPhase")}
    assert resources == {"Assets.xcassets", "Localizable.xcstrings"}


@pytest.mark.parametrize("name", NAMES)
def test_an_app_links_the_package_beside_it(name: str, tmp_path: Path) -> None:
    found, module = xcode(name, tmp_path), made(name).context.project.module
    (linked,) = found.phase("PBXFrameworksBuildPhase")
    assert (linked.isa, linked.productName) == ("XCSwiftPackageProductDependency", module)
    assert found.target().packageProductDependencies == [linked.get_id()]
    (root,) = found.project.objects.get_objects_in_section("PBXProject")
    assert root.packageReferences == [linked.package]
    package = found.project.objects[linked.package]
    assert package.isa == "XCLocalSwiftPackageReference"
    assert (tmp_path / package.relativePath / "Package.swift").is_file()
    assert f'name: "{module}"' in (tmp_path / package.relativePath / "Package.swift").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_object_of_a_project_is_there_once(name: str, tmp_path: Path) -> None:
    """And is referred to, but for the root; identifiers are Xcode's."""
    found = xcode(name, tmp_path)
    text = (tmp_path / f"{found.app}.xcodeproj/project.pbxproj").read_text()
    keys = re.findall(r"^\t\t(\w+)(?: /\*.*?\*/)? = \{", text, re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(found.project.objects.get_keys())
    assert all(re.fullmatch("[0-9A-F]{24}", key) for key in keys)
    used = set(re.findall(r"\b[0-9A-F]{24}\b", re.sub(r"^\t\t\w+(?: /\*.*?\*/)? = \{", "", text, flags=re.MULTILINE)))
    assert used == set(keys)


USAGES = {"audio": {"NSMicrophoneUsageDescription"}, "words": set(), "gestures": set(), "mixed": set()}


@pytest.mark.parametrize("name", NAMES)
def test_an_app_says_what_it_uses(name: str, tmp_path: Path) -> None:
    """And is built alike in both configurations, in Swift 6, and signed for whatever team Xcode is told."""
    found = xcode(name, tmp_path)
    configurations = found.project.objects[found.target().buildConfigurationList].buildConfigurations
    debug, release = (found.project.objects[key].buildSettings for key in configurations)
    assert vars(debug).keys() - {"_parent"} == vars(release).keys() - {"_parent"}
    for key in vars(debug).keys() - {"_parent"}:
        assert debug[key] == release[key]
    keys = {key.removeprefix("INFOPLIST_KEY_") for key in vars(debug) if key.startswith("INFOPLIST_KEY_")}
    assert {key for key in keys if key.startswith("NS")} == USAGES.get(name, {"NSCameraUsageDescription"})
    expected = {
        "UIApplicationSceneManifest_Generation",
        "UILaunchScreen_Generation",
        "UISupportedInterfaceOrientations_iPad",
        "UISupportedInterfaceOrientations_iPhone",
    }
    assert keys >= expected
    assert (debug["GENERATE_INFOPLIST_FILE"], debug["SWIFT_VERSION"]) == ("YES", "6.0")
    assert (debug["CODE_SIGN_STYLE"], "DEVELOPMENT_TEAM" in debug) == ("Automatic", False)
    (root,) = found.project.objects.get_objects_in_section("PBXProject")
    for key in found.project.objects[root.buildConfigurationList].buildConfigurations:
        assert found.project.objects[key].buildSettings["IPHONEOS_DEPLOYMENT_TARGET"] == "16.0"


@pytest.mark.parametrize(("package", "app"), [("13.0", "16.0"), ("15.6", "16.0"), ("16.4", "16.4"), ("17.0", "17.0")])
def test_an_app_needs_no_older_ios_than_its_package(package: str, app: str) -> None:
    one = project("ios", "digits", app=True, deployment_target=package)
    assert one.context.app.deployment_target == app


def test_the_scheme_runs_the_app(tmp_path: Path) -> None:
    found = xcode("digits", tmp_path)
    path = tmp_path / "DigitsApp.xcodeproj/xcshareddata/xcschemes/DigitsApp.xcscheme"
    references = ElementTree.parse(path).findall(".//BuildableReference")
    assert len(references) == 2
    for reference in references:
        assert reference.attrib == {
            "BuildableIdentifier": "primary",
            "BlueprintIdentifier": found.target().get_id(),
            "BuildableName": "DigitsApp.app",
            "BlueprintName": "DigitsApp",
            "ReferencedContainer": "container:DigitsApp.xcodeproj",
        }


def test_catalogs_are_json(tmp_path: Path) -> None:
    found = xcode("digits", tmp_path)
    catalogs = [path for path in found.files if path.endswith((".xcstrings", "Contents.json")) and "App/" in path]
    assert len(catalogs) == 4
    for path in catalogs:
        assert isinstance(json.loads(found.files[path]), dict)
    settings = {"AppIcon": "appiconset", "AccentColor": "colorset"}
    assert {f"DigitsApp/Assets.xcassets/{name}.{kind}/Contents.json" for name, kind in settings.items()} <= set(
        catalogs
    )


def test_bones_are_of_coco_alone() -> None:
    movenet, landmarks = (made(name).context for name in ("movenet", "landmarks"))
    assert len(movenet.app.bones) == 19
    assert landmarks.app.bones == ()


# --- the Swift ----------------------------------------

# Where a point of a picture lies in a view, and a rectangle of 10 x 20 from there on.
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
LARGE_MASK = np.random.default_rng(13).integers(0, 4, (700, 500), np.uint8)
MASKS: tuple[dict[str, Any], ...] = (
    {"width": 3, "height": 2, "mask": [0, 1, 2, 255, 1, 0], "classes": [1, 2]},
    {"width": 500, "height": 700, "mask": LARGE_MASK.ravel().tolist(), "classes": [1, 3]},
)
SOUNDS: tuple[list[float], ...] = ([], [0.0] * 100, [1.0, -1.0] * 50, [0.1, -0.1] * 50)
TYPED = {
    "1 2,3;4\n5": [1, 2, 3, 4, 5],
    "": [],
    " 1.5e-3 ": [np.float32(1.5e-3)],
    "1, x": None,
    "nan": None,
    "-inf": None,
    "1e60": None,
}
NEAREST = {
    0.0: (0, 0),
    0.5: (1, 1),
    -0.5: (-1, 0),
    1.4: (1, 1),
    127.4: (127, 127),
    127.5: (127, 128),
    1e30: (127, 255),
    -128.6: (-128, 0),
    -1e30: (-128, 0),
}
TITLE = '@Metadata x"*/ \\(y) """\n\u202e**b** ``N`` <doc:N> %@ 🦊'
TEXTS = (*HOSTILE_LABELS, TITLE, "\u2028 \u2029 \u2067x\u2069 é 👩\u200d👩")
STRICT = ("-swift-version", "6", "-strict-concurrency=complete", "-warnings-as-errors")
# The files that need none of Apple's frameworks, and an app that has them.
LOGIC = {
    "shapes": ("Texts", "Newest", "PicturePlace", "ClassColor"),
    "mask_scores": ("MaskPixels",),
    "audio": ("Loudness",),
    "every_dtype": ("Numbers",),
}
# None of each kind, but what a template has of them: landmarks without bones, an input of each type.
FURTHER = ("landmarks", "every_dtype")


@dataclass(frozen=True)
class Compiled:
    """What the compiler says of each app, with its status; and what swift-format says of all."""

    told: dict[str, tuple[int, str]]
    formatting: str


def hostile_app(examples: Path, folder: Path) -> Mapping[str, bytes]:
    """The app of a model that is called what a stranger may write."""
    labels = folder / "labels.json"
    labels.write_text(json.dumps(HOSTILE_LABELS))
    annotated = digits(examples, labels=labels, name=TITLE, description=TITLE)
    goldens = build_goldens(annotated, read_samples(annotated, []), [TARGET.runtime])
    return build_project(TARGET, annotated, Options(name="Hostile", app=True), goldens)[1]


def compile_apps(swift: Swift, apps: Mapping[str, Mapping[str, bytes]]) -> Compiled:
    """``apps`` are the files of projects by the names of their modules."""
    for module, files in apps.items():
        write_files(swift.work / "apps" / module, files)
    ran = swift.run("./app.sh", ".", *apps)
    parts = re.split(r"^== (\w+) ([0-9]+)\n", ran.stdout, flags=re.MULTILINE)
    assert len(parts) == 3 * len(apps) + 1, ran.stdout + ran.stderr
    told = {
        name: (int(status), text) for name, status, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    }
    folders = [f"apps/{module}/{module}App" for module in apps]
    linted = swift.run("/usr/libexec/swift/bin/swift-format", "lint", "--strict", "--recursive", *folders)
    return Compiled(told, linted.stdout + linted.stderr)


@pytest.fixture(scope="module")
def swift() -> Iterator[Swift]:
    with swift_root() as root:
        yield root


@pytest.fixture(scope="module")
def compiled(swift: Swift, examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    apps = {module_of(name): made(name).files for name in (*NAMES, *FURTHER)}
    apps["Hostile"] = hostile_app(examples, tmp_path_factory.mktemp("hostile"))
    return compile_apps(swift, apps)


@pytest.fixture(scope="module")
def logic(swift: Swift) -> dict[str, Any]:
    """What those files give that run here."""
    cases = {
        "places": [case for case, _ in PLACES],
        "colors": 256,
        "masks": MASKS,
        "texts": TEXTS,
        "sounds": SOUNDS,
        "typed": list(TYPED),
        "integers": list(NEAREST),
    }
    folder = write_files(swift.work / "logic", {"cases.json": json.dumps(cases).encode()})
    shutil.copy(swift.work / "app" / "main.swift", folder)
    for name, names in LOGIC.items():
        app = f"{module_of(name)}App"
        write_files(folder, {f"{file}.swift": made(name).files[f"{app}/{file}.swift"] for file in names})
    sources = sorted(path.name for path in folder.glob("*.swift"))
    built = swift.run("swiftc", *STRICT, *sources, "-o", "run", at="logic")
    assert built.returncode == 0, built.stderr
    ran = swift.run("./run", "cases.json", at="logic")
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def module_of(name: str) -> str:
    return str(made(name).context.project.module)


@pytest.mark.parametrize("name", [*NAMES, *FURTHER, "hostile"])
def test_an_app_compiles_without_a_warning(name: str, compiled: Compiled) -> None:
    assert compiled.told["Hostile" if name == "hostile" else module_of(name)] == (0, "\n")


def test_the_swift_of_apps_is_formatted(compiled: Compiled) -> None:
    assert compiled.formatting == ""


# Each line is an error against what is declared of Apple's frameworks.
WRONG_CALLS = """import AVFoundation
import PhotosUI
import SwiftUI
import UIKit

nonisolated func wrong(view: UIView, item: PhotosPickerItem, device: AVCaptureDevice) {
  view.layoutSubviews()
  _ = view.window
  _ = Text(1)
  _ = Text("a").padding(.everywhere)
  _ = Slider(value: 1)
  AVCaptureSession().addInput(device)
  AVCaptureVideoDataOutput().videoSettings = [1: 2]
  AVCaptureVideoPreviewLayer().videoGravity = .fill
  _ = AVAudioEngine().inputNode.outputFormat()
  AVAudioEngine().inputNode.installTap(onBus: 0, bufferSize: 1, format: nil) { buffer in }
  AVAudioConverter(from: AVAudioFormat(), to: AVAudioFormat())
  _ = UIDevice.orientationDidChangeNotification.count
  ModelState().count = 1
}

@MainActor final class ModelState: ObservableObject {
  @Published var count = 0
}

struct WrongView: View {
  @State private var text: Int = "a"
  @StateObject private var state = 1
  var body: some View { 1 }
}
"""
# What the compiler looks for where all types are right: errors, and what waits.
EFFECTS = """import AVFoundation
import Foundation
import PhotosUI

func wrong(item: PhotosPickerItem, device: AVCaptureDevice) async {
  _ = AVCaptureDeviceInput(device: device)
  _ = try? item.loadTransferable(type: Data.self)
  AVAudioSession.sharedInstance().setActive(true)
  _ = AVCaptureDevice.requestAccess(for: .video)
}
"""
# And then: a race for what is not Sendable.
RACES = """import AVFoundation
import SwiftUI

actor Holder {
  func take(_ buffer: CVPixelBuffer) {}
}

@MainActor final class Races {
  var buffer: CVPixelBuffer?

  func race(_ holder: Holder, _ session: AVCaptureSession) async {
    if let buffer { await holder.take(buffer) }
    Task.detached { session.startRunning() }
  }
}
"""


@pytest.mark.parametrize(
    ("source", "lines"),
    [(WRONG_CALLS, (*range(7, 20), 27, 28, 29)), (EFFECTS, range(6, 10)), (RACES, (12, 13))],
    ids=["calls", "effects", "races"],
)
def test_each_wrong_call_is_an_error(source: str, lines: Sequence[int], swift: Swift) -> None:
    files = {"Wrong/Sources/Wrong/Wrong.swift": b"", "WrongApp/Wrong.swift": source.encode()}
    status, told = compile_apps(swift, {"Wrong": files}).told["Wrong"]
    assert status != 0
    assert [line for line in lines if f"Wrong.swift:{line}:" not in told] == []


@pytest.mark.parametrize("index", range(len(PLACES)))
def test_points_lie_where_the_preview_has_them(index: int, logic: dict[str, Any]) -> None:
    given, point = PLACES[index]
    assert logic["points"][index] == pytest.approx(point)
    (width, height), (across, down) = given["picture"], given["view"]
    scale = (max if given["fills"] else min)(across / width, down / height)
    left, top = (across - width * scale) / 2, (down - height * scale) / 2
    assert logic["frames"][index] == pytest.approx((left, top, left + width * scale, top + height * scale))
    start, end = (point[0] - 10 * scale, point[0]) if given["mirrored"] else (point[0], point[0] + 10 * scale)
    assert logic["rects"][index] == pytest.approx((start, point[1], end, point[1] + 20 * scale))


def class_color(index: int) -> np.ndarray[Any, Any]:
    return np.array(colorsys.hsv_to_rgb((0.33 + index * 0.618034) % 1, 0.8, 1.0))


def test_each_class_has_a_colour_of_its_own(logic: dict[str, Any]) -> None:
    colors = np.array(logic["colors"])
    assert colors == pytest.approx(np.array([class_color(index) for index in range(256)]), abs=1e-9)
    assert len(np.unique((colors * 255).round(), axis=0)) > 250
    assert logic["bright"] == (colors @ (0.299, 0.587, 0.114) > 0.5).tolist()


@pytest.mark.parametrize("index", range(len(MASKS)))
def test_a_mask_is_in_the_colours_of_its_classes(index: int, logic: dict[str, Any]) -> None:
    given, (size, values) = MASKS[index], logic["masks"][index]
    whole = np.array(given["mask"]).reshape(given["height"], given["width"])
    step = max(1, -(-max(whole.shape) // 256))
    seen = whole[::step, ::step][: size[1], : size[0]]
    assert size == [given["width"] // step, given["height"] // step]
    expected = np.zeros((*seen.shape, 4))
    for number in given["classes"]:
        expected[seen == number] = np.append(class_color(number), 1) * 0.55 * 255
    assert np.array(values).reshape(expected.shape) == pytest.approx(expected, abs=0.51)
    assert max(size) <= 256


def test_labels_are_text_on_one_line(logic: dict[str, Any]) -> None:
    assert logic["texts"] == [
        "".join(" " if is_steering(character) else character for character in text) for text in TEXTS
    ]


def is_steering(character: str) -> bool:
    """Unicode's controls and line ends, and the characters with its property Bidi_Control."""
    bidi = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return character in bidi or unicodedata.category(character) in ("Cc", "Zl", "Zp")


def test_numbers_are_short(logic: dict[str, Any]) -> None:
    assert logic["scores"] == ["0.00", "0.00", "0.13", "1.00", "12.50"]
    assert logic["milliseconds"] == ["0.0", "3.2", "1,234.5"]


def test_loudness_is_in_decibels(logic: dict[str, Any]) -> None:
    expected = [(-90, 0), (-90, 0), (0, 1), (-20, 2 / 3)]
    assert np.array(logic["loudness"]) == pytest.approx(np.array(expected), abs=1e-4)


def test_typed_numbers_fill_the_inputs(logic: dict[str, Any]) -> None:
    assert logic["numbers"] == [value and pytest.approx(value) for value in TYPED.values()]
    assert logic["filled"] == [[1, 2], [3, 0.5], [0.5]]
    assert logic["integers"] == [list(pair) for pair in NEAREST.values()]


def test_the_newest_frame_waits_alone(logic: dict[str, Any]) -> None:
    assert logic["newest"] == [5, 10]


# --- the documentation of the packages ----------------------------------------


def documented(swift: Swift, module: str, catalog: str) -> str:
    """What DocC finds wrong in the documentation of a package that the app was compiled with."""
    ran = swift.run(
        *("/usr/libexec/swift/bin/docc", "convert", catalog, "--output-path", f"graphs/{module}.doccarchive"),
        *("--fallback-display-name", module, "--fallback-bundle-identifier", f"com.example.{module}"),
        *("--additional-symbol-graph-dir", f"graphs/{module}", "--warnings-as-errors"),
    )
    assert ran.returncode == 0 or "error: " in ran.stdout + ran.stderr, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def links(page: str) -> set[str]:
    return set(re.findall("^- ``(.+)``$", page, re.MULTILINE))


@pytest.mark.parametrize("name", [*NAMES, *FURTHER, "hostile"])
def test_documentation_is_whole(name: str, compiled: Compiled, swift: Swift) -> None:
    """Each of its links leads to a symbol, and its page lists what is public."""
    module = "Hostile" if name == "hostile" else module_of(name)
    folder = swift.work / "apps" / module / module / "Sources" / module / "Documentation.docc"
    told = documented(swift, module, folder.relative_to(swift.work).as_posix())
    # What a stranger calls a model is Markdown in comments, and not on the page.
    assert "Documentation.docc" not in told if name == "hostile" else told == "", told
    page = (folder / f"{module}.md").read_text()
    graph = json.loads((swift.work / "graphs" / module / f"{module}.symbols.json").read_text())
    types = {
        "/".join(symbol["pathComponents"])
        for symbol in graph["symbols"]
        if symbol["kind"]["identifier"] in ("swift.class", "swift.struct", "swift.enum")
    }
    actor = next(one for one in links(page) if one.endswith("Actor"))
    shown = {one for one in types if "/" not in one or one.startswith(f"{actor.removesuffix('Actor')}/")}
    assert links(page) == {actor, *(one for one in shown if one.count("/") < 2)}


def test_a_link_to_nowhere_is_found(compiled: Compiled, swift: Swift) -> None:
    catalog = swift.work / "Wrong.docc"
    write_files(catalog, {"Digits.md": b"# ``Digits``\n\n## Topics\n\n### All\n\n- ``DigitsClassifier/Nowhere``\n"})
    assert "'Nowhere' doesn't exist at '/Digits/DigitsClassifier'" in documented(swift, "Digits", "Wrong.docc")
