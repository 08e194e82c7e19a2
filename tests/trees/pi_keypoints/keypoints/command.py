"""The command line: python -m keypoints pose PICTURE… | serve | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .answer import Pose
from .batch import add_command, answer_each, answer_options
from .console import Parser, number, printable
from .draw import draw_poses
from .drawing import add_png, write_png
from .model import THRESHOLD, KeypointsPoseEstimator
from .picture import Picture, load_picture
from .serve import add_serve, serve
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m keypoints")
    commands = parser.add_subparsers(dest="command", required=True)
    options = answer_options()
    options.add_argument(
        "--threshold",
        type=number(float, 0, 1),
        default=THRESHOLD,
        metavar="SCORE",
        help=f"leave out poses that score less (default: {THRESHOLD})",
    )
    pose = add_command(commands, "pose", "find the points in each picture", options)
    add_png(pose, "--draw", "draw the points over the picture")
    add_serve(commands, options)
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    is_served = arguments.command == "serve"
    if not is_served and arguments.draw and len(arguments.pictures) > 1:
        pose.error("--draw is for one picture")

    estimator = KeypointsPoseEstimator(arguments.threads)

    def pose_in(picture: Picture) -> list[Pose]:
        return estimator.estimate(picture, arguments.threshold)

    def answer(path: str) -> dict[str, Any]:
        picture = load_picture(path)
        found = pose_in(picture)
        if arguments.draw:
            write_png(draw_poses(picture, found), arguments.draw, path)
        return _document(found)

    if is_served:
        asked = {"/predict": lambda picture: _document(pose_in(picture))}
        return serve(arguments, estimator, asked)

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _document(found: list[Pose]) -> dict[str, Any]:
    poses = [
        {"score": item.score, "keypoints": [it._asdict() for it in item.keypoints]}
        for item in found
    ]
    return {"poses": poses}


def _lines(document: dict[str, Any]) -> Iterator[str]:
    for pose in document["poses"]:
        yield f"{pose['score']:8.4f}"
        for point in pose["keypoints"]:
            at = f"{point['x']:.1f}, {point['y']:.1f}"
            yield f"  {point['score']:8.4f}  {printable(point['name'])}  ({at})"
