"""The command line: python -m keypoints pose PICTURE… | selftest | bench | doctor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .batch import add_command, answer_each
from .console import Parser, number, printable
from .draw import draw_poses
from .drawing import add_png, write_png
from .model import THRESHOLD, KeypointsPoseEstimator
from .picture import load_picture
from .tools import add_tools


def command() -> int:
    """Do what the command line says; returns the exit code."""
    parser = Parser(prog="python -m keypoints")
    commands = parser.add_subparsers(dest="command", required=True)
    pose = add_command(commands, "pose", "find the points in each picture")
    pose.add_argument(
        "--threshold",
        type=number(float, 0, 1),
        default=THRESHOLD,
        metavar="SCORE",
        help=f"leave out poses that score less (default: {THRESHOLD})",
    )
    add_png(pose, "--draw", "draw the points over the picture")
    add_tools(commands)
    arguments = parser.parse_args()
    if "TOOL" in arguments:
        return int(arguments.TOOL(arguments))
    if arguments.draw and len(arguments.pictures) > 1:
        pose.error("--draw is for one picture")

    estimator = KeypointsPoseEstimator(arguments.threads)

    def answer(path: str) -> dict[str, Any]:
        picture = load_picture(path)
        found = estimator.estimate(picture, arguments.threshold)
        if arguments.draw:
            write_png(draw_poses(picture, found), arguments.draw, path)
        poses = [
            {"score": item.score, "keypoints": [it._asdict() for it in item.keypoints]}
            for item in found
        ]
        return {"poses": poses}

    return answer_each(arguments.pictures, answer, _lines, arguments.json)


def _lines(document: dict[str, Any]) -> Iterator[str]:
    for pose in document["poses"]:
        yield f"{pose['score']:8.4f}"
        for point in pose["keypoints"]:
            at = f"{point['x']:.1f}, {point['y']:.1f}"
            yield f"  {point['score']:8.4f}  {printable(point['name'])}  ({at})"
