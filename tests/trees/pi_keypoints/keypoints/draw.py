"""Poses, drawn over their picture."""

from __future__ import annotations

from PIL import Image, ImageDraw

from .answer import Pose
from .drawing import draw_text, stroke

# Pairs of points of COCO's body, which lines join.
SKELETON = (
    *((0, 1), (0, 2), (1, 3), (2, 4)),
    *((5, 6), (5, 7), (7, 9), (6, 8), (8, 10)),
    *((5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16)),
)
COLORS = [(0, 230, 118), (255, 145, 0), (0, 176, 255), (255, 64, 129), (255, 234, 0)]
# A point of a lower score is a guess, and is not drawn.
LEAST_SCORE = 0.25


def draw_answer(picture: Image.Image, found: list[Pose]) -> Image.Image:
    """A copy of the picture with the points of each body in a colour, and its score."""
    image = picture.convert("RGB")  # a copy, whatever it was
    draw, width = ImageDraw.Draw(image), stroke(image)
    for number, pose in reversed([*enumerate(found)]):
        color = COLORS[number % len(COLORS)]
        points = [
            (point.x, point.y) if point.score >= LEAST_SCORE else None
            for point in pose.keypoints
        ]
        # Black below the colour shows on every picture.
        for ink, extra in (((0, 0, 0), 2), (color, 0)):
            for first, second in SKELETON:
                start, end = points[first], points[second]
                if start and end:
                    draw.line((start, end), fill=ink, width=width + extra)
            radius = 1.5 * width + extra / 2
            for x, y in filter(None, points):
                disc = (x - radius, y - radius, x + radius, y + radius)
                draw.ellipse(disc, fill=ink)
        shown = [*filter(None, points)]
        if shown:
            left, top = min(shown, key=lambda point: point[1])
            at = (round(left), round(top) - 3 * width)
            draw_text(image, at, "", f"{pose.score:.2f}", color)
    return image
