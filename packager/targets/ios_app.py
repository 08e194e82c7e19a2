"""The app that tries an iOS package: a SwiftUI app in an Xcode project beside it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packager.annotated import AnnotatedModel
from packager.render.templates import PARTS_SUFFIX, TEMPLATE_SUFFIX, template_files
from packager.targets import mobile
from packager.targets.target import task_layers
from packager.tasks import AnswerKind, InputKind

if TYPE_CHECKING:
    from packager.targets.ios import ArraysAnswerContext, ArraysContext, Context

_OLDEST_IOS = "16.0"  # AnyLayout, PhotosPicker and Task.sleep(for:)


@dataclass(frozen=True)
class SourceContext:
    """A Swift file of the app; ``reference`` and ``build`` are its objects in the Xcode project."""

    name: str
    reference: str
    build: str


@dataclass(frozen=True)
class ObjectsContext:
    """The identifiers of the other objects in the Xcode project."""

    project: str
    target: str
    product: str
    sources: str
    frameworks: str
    resources: str
    root_group: str
    app_group: str
    products_group: str
    assets: str
    assets_build: str
    strings: str
    strings_build: str
    package: str
    library: str
    library_build: str
    project_configurations: str
    project_debug: str
    project_release: str
    target_configurations: str


@dataclass(frozen=True)
class ConfigurationContext:
    """A build configuration of the app, by its object in the Xcode project."""

    name: str
    identifier: str


@dataclass(frozen=True)
class AppInputContext:
    """An input in the app: ``value`` is Swift that makes it of ``numbers``; ``separator`` follows it."""

    name: str
    value: str
    separator: str


@dataclass(frozen=True)
class AppOutputContext:
    """An output in the app: ``value`` is Swift for its array in an ``answer``, of numbers or truth values."""

    title: str
    value: str


@dataclass(frozen=True)
class AppContext:
    """The app to try the model in.

    ``is_drawn`` is whether it draws answers over their picture, and ``bones`` are what lines it draws between
    keypoints. ``inputs`` and ``outputs`` are those of arrays; ``takes_integers`` is whether one of the inputs is of
    integers that stand for themselves.
    """

    name: str
    deployment_target: str
    sources: tuple[SourceContext, ...]
    objects: ObjectsContext
    configurations: tuple[ConfigurationContext, ...]
    has_camera: bool
    has_microphone: bool
    is_drawn: bool
    bones: tuple[mobile.BoneContext, ...]
    inputs: tuple[AppInputContext, ...]
    outputs: tuple[AppOutputContext, ...]
    takes_integers: bool


def app_layers(input: InputKind, answer: AnswerKind) -> tuple[str, ...]:
    """The template folders of the app."""
    layers = task_layers("ios/app", input, answer)
    return (*layers, "ios/app/drawn") if answer in mobile.DRAWN else layers


def build_app(context: Context, annotated: AnnotatedModel) -> AppContext:
    """The app for a package."""
    from packager.targets.ios import ArraysAnswerContext, ArraysContext, KeypointsContext

    project, input, answer = context.project, context.input, context.answer
    name = f"{project.module}App"
    inputs = _inputs(input, annotated) if isinstance(input, ArraysContext) else ()
    return AppContext(
        name=name,
        deployment_target=max(project.deployment_target, _OLDEST_IOS, key=_version),
        sources=_sources(name, app_layers(input.kind, answer.kind)),
        objects=_objects(name),
        configurations=tuple(
            ConfigurationContext(one, _identifier(name, "configuration", one)) for one in ("Debug", "Release")
        ),
        has_camera=input.kind is InputKind.IMAGE,
        has_microphone=input.kind is InputKind.AUDIO,
        is_drawn=answer.kind in mobile.DRAWN,
        bones=mobile.bones(answer.names) if isinstance(answer, KeypointsContext) else (),
        inputs=inputs,
        outputs=_outputs(answer, annotated) if isinstance(answer, ArraysAnswerContext) else (),
        takes_integers=any("init(nearest:)" in made.value for made in inputs),
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _identifier(app: str, *what: str) -> str:
    """An object's identifier as Xcode has them, 24 hexadecimal digits: the same in each project of the name."""
    return hashlib.sha256("/".join((app, *what)).encode()).hexdigest()[:24].upper()


def _objects(app: str) -> ObjectsContext:
    return ObjectsContext(**{field: _identifier(app, field) for field in ObjectsContext.__dataclass_fields__})


def _sources(app: str, layers: tuple[str, ...]) -> tuple[SourceContext, ...]:
    """The Swift files that the layers render."""
    folder = "{{ app.name }}/"
    paths = {
        path.removesuffix(TEMPLATE_SUFFIX).partition(f"{PARTS_SUFFIX}/")[0]
        for layer in layers
        for path, _ in template_files(layer)
    }
    names = (path.removeprefix(folder) for path in paths if path.startswith(folder) and path.endswith(".swift"))
    return tuple(
        SourceContext(name, _identifier(app, "reference", name), _identifier(app, "build", name))
        for name in sorted(name.replace("{{ app.name }}", app) for name in names)
    )


def _inputs(input: ArraysContext, annotated: AnnotatedModel) -> tuple[AppInputContext, ...]:
    functions = {tensor.name: tensor.function for tensor in input.quantized}

    def value(name: str, item: str, size: int) -> str:
        numbers = f"numbers.next({size})"
        if name in functions:
            return f"Model.quantize{functions[name]}({numbers})"
        if item == "Float":
            return numbers
        return f"{numbers}.map {{ $0 != 0 }}" if item == "Bool" else f"{numbers}.map({item}.init(nearest:))"

    return tuple(
        AppInputContext(array.name, value(array.name, array.item, port.tensor.size), array.separator)
        for array, port in zip(input.arrays, annotated.inputs, strict=True)
    )


def _outputs(answer: ArraysAnswerContext, annotated: AnnotatedModel) -> tuple[AppOutputContext, ...]:
    functions = {tensor.name: tensor.function for tensor in answer.quantized}
    arrays, shown = iter(answer.arrays), []
    for port in annotated.outputs:
        shown.append(next(arrays))
        if port.tensor.affine is not None and annotated.input.kind is InputKind.IMAGE:
            # Behind the real numbers stands what they are made of.
            next(arrays)

    def value(name: str) -> str:
        items = "answer" if answer.is_one else f"answer.{name}"
        return f"Model.dequantize{functions[name]}({items})" if name in functions else items

    return tuple(AppOutputContext(array.title, value(array.name)) for array in shown)
