"""What may be wrong with a device, or with what it is compared with: each makes a self-test fail.

A golden case that says something else stands for a device that does: the self-test compares the two.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from packager.golden import GoldenCase, GoldenSet, Rule, output_rules
from packager.runtimes import Runtime
from packager.targets.micro import TOLERANCE
from packager.tasks import AnswerKind, InputKind
from packager.tasks.boxes import Detection
from packager.tasks.classes import Category
from packager.tasks.keypoints import Pose
from packager.tasks.kinds import Array
from packager.tasks.mask import Segmentation
from tests.cells.projects import Project
from tests.hand_made import with_zeros


@dataclass(frozen=True)
class Broken:
    """One thing wrong with a project: files that are ``changed``.

    Of its golden cases those of ``cases`` fail and no other; some, where that is None.
    """

    changed: Mapping[str, bytes]
    cases: frozenset[str] | None = None


def breakages(project: Project) -> dict[str, Broken]:
    """All that applies to ``project``, by name. Models that others made take long, and are broken in one way."""
    if project.row.is_real:
        return dict(itertools.islice(itertools.chain(_zeros(project), _tensors(project)), 1))
    return dict(itertools.chain(_zeros(project), _tensors(project), _answers(project), _files(project)))


def _changed(project: Project, number: int, **changes: Any) -> Broken:
    """The golden case of that number has other values in these fields."""
    cases = list(project.golden_set.cases)
    cases[number] = replace(cases[number], **changes)
    files = project.with_goldens(GoldenSet(project.golden_set.runtime, tuple(cases)))
    different = {path: data for path, data in files.items() if data != project.files.get(path)}
    return Broken(different, frozenset({cases[number].name}))


# --- tensors ----------------------------------------


def _tensors(project: Project) -> Iterator[tuple[str, Broken]]:
    """Other raw outputs, and other inputs."""
    cases = project.golden_set.cases
    rules = output_rules(project.annotated.model, project.golden_set)
    for number, rule in enumerate(rules):
        if rule is not None:
            place = number % len(cases)
            outputs = list(cases[place].outputs)
            outputs[number] = _off(outputs[number], rule)
            yield f"output {number}", _changed(project, place, outputs=tuple(outputs))
    # On a microcontroller the golden input itself is fed to the model.
    if project.annotated.input.kind is not InputKind.TENSORS and project.golden_folder is not None:
        stride = json.loads(project.files[f"{project.golden_folder}cases.json"])["inputs"][0]["stride"]
        tensor, *others = cases[-1].inputs
        tensor = tensor.copy()
        kept = tensor.reshape(-1)[::stride][-1:].copy()
        kept.view(np.uint8)[0] ^= 1
        tensor.reshape(-1)[::stride][-1:] = kept
        yield "item of the input", _changed(project, len(cases) - 1, inputs=(tensor, *others))
        yield "made of something else", _changed(project, 1, given=cases[0].given)
    elif _differ(cases[0], cases[-1], rules):
        yield "input", _changed(project, 0, inputs=cases[-1].inputs)


def _off(output: Array, rule: Rule) -> Array:
    """``output`` with as few items as count that are further off than any device may be."""
    # A device may be off as far as is allowed, in the same direction.
    if output.dtype.kind == "f":
        step = 3 * max(rule.allowed, TOLERANCE.absolute)
        return _with_last(output, rule, lambda items: items + np.float32(step))
    if output.dtype.kind == "b":
        return _with_last(output, rule, np.logical_not)
    step = 2 * max(int(rule.allowed), TOLERANCE.counts) + 1
    limit = np.iinfo(output.dtype).max - step
    return _with_last(output, rule, lambda items: np.where(items <= limit, items + step, items - step))


def _with_last(output: Array, rule: Rule, change: Callable[[Array], Array]) -> Array:
    changed = output.copy()
    kept = changed.reshape(-1)[:: rule.stride][-rule.items - 1 :]
    kept[:] = change(kept)
    return changed


def _differ(first: GoldenCase, second: GoldenCase, rules: Sequence[Rule | None]) -> bool:
    """Whether the outputs of two cases are further apart than those of two devices."""
    for rule, one, other in zip(rules, first.outputs, second.outputs, strict=True):
        if rule is not None:
            allowed = 3 * max(rule.allowed, TOLERANCE.absolute if one.dtype.kind == "f" else TOLERANCE.counts)
            far = np.abs(one.astype(np.float64) - other.astype(np.float64)) > allowed
            if np.count_nonzero(far.reshape(-1)[:: rule.stride]) > rule.items:
                return True
    return False


# --- answers ----------------------------------------


def _answers(project: Project) -> Iterator[tuple[str, Broken]]:
    """Other answers, one item at a time. Microcontrollers compare the outputs that answers are read from."""
    if project.target.runtime is Runtime.TFLITE_MICRO or project.annotated.answer.kind is AnswerKind.TENSORS:
        return
    cases = project.golden_set.cases
    answers = [case.answer for case in cases]
    agreement = json.loads(project.files[f"{project.golden_folder}cases.json"])["agreement"]
    # The first case that has an answer to change; each in turn would prove the same.
    place = next(number for number, answer in enumerate(answers) if not isinstance(answer, tuple) or answer)
    for name, changed in _CHANGES[project.annotated.answer.kind](answers[place], agreement):
        yield name, _changed(project, place, answer=changed)


Agreement = Mapping[str, float]
Changes = Iterator[tuple[str, Any]]


def _first(items: Sequence[Any], **changes: Any) -> tuple[Any, ...]:
    """``items`` with other values in fields of the first."""
    return (replace(items[0], **changes), *items[1:])


def _class_changes(answers: tuple[Category, ...], agreement: Agreement) -> Changes:
    best, within = answers[0], agreement["score"]
    yield "label", _first(answers, label="nonsense")
    yield "index", _first(answers, index=best.index + 1)
    yield "score", _first(answers, score=best.score - 2.5 * within)
    yield "class more", (*answers[:2], Category("unknown", 100_000, max(0.9, best.score)))
    if len(answers) > 1 and best.score - answers[1].score > 3.5 * within:
        yield "another best", answers[1:]


def _box_changes(answers: tuple[Detection, ...], agreement: Agreement) -> Changes:
    best, within = answers[0], agreement["score"]
    left, top, right, bottom = best.box
    yield "class", _first(answers, index=best.index + 1)
    yield "score", _first(answers, score=best.score - 2.5 * within)
    yield "place", _first(answers, box=(left + (right - left) / 2, top, right + (right - left) / 2, bottom))
    yield "size", _first(answers, box=(left, top, left, top))
    yield "box less", answers[1:]
    yield "box more", (*answers, replace(best, box=(right, bottom, right + 9, bottom + 9)))
    yield "no boxes", ()
    if best.label is not None:
        yield "label", _first(answers, label="nonsense")


def _mask_changes(answer: Segmentation, _agreement: Agreement) -> Changes:
    mask = answer.mask
    classes = [int(item) for item in np.unique(mask) if item not in (0, 255)]
    yield "place", Segmentation(np.roll(mask, mask.shape[1] // 4, 1))
    yield "background only", Segmentation(mask * np.uint8(0))
    for index in classes:
        yield f"no class {index}", Segmentation(np.where(mask == index, 0, mask).astype(np.uint8))
        yield f"other than class {index}", Segmentation(np.where(mask == index, index + 7, mask).astype(np.uint8))
    if not (mask == mask[::-1]).all():
        yield "upside down", Segmentation(mask[::-1].copy())


def _keypoint_changes(answers: tuple[Pose, ...], agreement: Agreement) -> Changes:
    pose, far = answers[0], 3 * agreement["distance"] * max(answers[0].size)
    points = pose.keypoints
    names = [point.name for point in points]
    swapped = [names[0], names[2], names[1], *names[3:]]
    seen = max(points, key=lambda point: point.score)

    def moved(change: Callable[[Any], Any]) -> tuple[Pose, ...]:
        return _first(answers, keypoints=tuple(map(change, points)))

    yield "place", moved(lambda point: replace(point, x=point.x + far))
    yield "place of one", moved(lambda point: replace(point, y=point.y - far) if point is seen else point)
    yield "across is down", moved(lambda point: replace(point, x=point.y, y=point.x))
    yield "score", moved(lambda point: replace(point, score=point.score - 2.5 * agreement["score"]))
    yield (
        "left is right",
        _first(
            answers, keypoints=tuple(replace(point, name=name) for point, name in zip(points, swapped, strict=True))
        ),
    )
    yield "pose less", answers[1:]
    yield "pose more", (*answers, pose)


_CHANGES: dict[AnswerKind, Callable[[Any, Agreement], Changes]] = {
    AnswerKind.CLASSES: _class_changes,
    AnswerKind.BOXES: _box_changes,
    AnswerKind.MASK: _mask_changes,
    AnswerKind.KEYPOINTS: _keypoint_changes,
}


# --- files ----------------------------------------


def _files(project: Project) -> Iterator[tuple[str, Broken]]:
    """Golden cases and labels that are files, damaged."""
    if project.golden_folder is None:
        return
    path = f"{project.golden_folder}cases.json"
    document = json.loads(project.files[path])
    none = json.dumps({**document, "cases": []}).encode()
    yield "no golden cases", Broken({path: none}, frozenset())
    case = document["cases"][0]
    number, name = next((number, name) for number, name in enumerate(case["outputs"]) if name is not None)
    data = project.files[f"{project.golden_folder}{name}"]
    wrong = {"more items": data * 2, "fewer items": data[:-4]}
    if project.annotated.outputs[number].tensor.dtype == "float32":
        nan = np.float32(np.nan).tobytes()
        wrong["items that are no numbers"] = data[: -4 * document["outputs"][number]["items"] - 4] + nan * (
            document["outputs"][number]["items"] + 1
        )
    for title, changed in wrong.items():
        yield title, Broken({f"{project.golden_folder}{name}": changed}, frozenset({case["name"]}))
    # A frame is no case: it has no answer.
    for frame in document.get("frames", ()):
        input = f"{project.golden_folder}{frame['inputs'][0]}"
        data = project.files[input]
        yield f"input of {frame['name']}", Broken({input: data[:-1] + bytes([data[-1] ^ 1])}, frozenset())
        if "rotation" in frame:
            turned = {**frame, "rotation": (frame["rotation"] + 180) % 360}
        else:
            turned = {**frame, "orientation": _UPSIDE_DOWN[frame["orientation"]]}
        others = [turned if other is frame else other for other in document["frames"]]
        changed = json.dumps({**document, "frames": others}).encode()
        yield f"{frame['name']} upside down", Broken({path: changed}, frozenset())
    for labels in (name for name in project.files if name.endswith("/labels.json")):
        texts = json.loads(project.files[labels])
        swapped = json.dumps([*texts[1:], texts[0]]).encode()
        yield "labels", Broken({labels: swapped})


# Of EXIF's orientations, what each is upside down.
_UPSIDE_DOWN = {1: 3, 2: 4, 3: 1, 4: 2, 5: 7, 6: 8, 7: 5, 8: 6}


def _zeros(project: Project) -> Iterator[tuple[str, Broken]]:
    """A model that answers with zeros: what a broken delegate does."""
    if project.golden_folder is None:
        return
    (path,) = (name for name in project.files if name.endswith("model.tflite"))
    model = project.files[path]
    for number, rule in enumerate(output_rules(project.annotated.model, project.golden_set)):
        tensor = project.annotated.outputs[number].tensor
        zero = 0 if tensor.affine is None else tensor.affine.zero_point
        outputs = [case.outputs[number] for case in project.golden_set.cases]
        is_loud = rule is not None and any(
            np.count_nonzero(np.abs(output.astype(np.float64) - zero) > rule.allowed) > rule.items
            for output in outputs
        )
        if is_loud and tensor.dtype != "bool":
            yield f"zeros for output {number}", Broken(_with_model(project, path, with_zeros(model, number)))


def _with_model(project: Project, path: str, data: bytes) -> dict[str, bytes]:
    """Another model at ``path``, and its hash where code checks that it is the one that was packaged."""
    old, new = (hashlib.sha256(model).hexdigest().encode() for model in (project.files[path], data))
    # A byte more: Python tells by size and time whether it has compiled a module.
    code = {
        name: content.replace(old, new) + b"\n"
        for name, content in project.files.items()
        if name.endswith(".py") and old in content
    }
    return {path: data, **code}
