"""People of known alpha pasted into pictures of nobody: their boxes are then known, whatever hides them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.networks import resized
from engine.pictures.decode import decode
from engine.settings import Limits
from engine.types import Box, Matte, Rgb8, Size
from tests.bench.cases import alpha_of

_FRAME = Size(1600, 1000)
_HEIGHTS = (700, 350, 175, 90, 60, 40)

# Twenty people stand in two rows, the front row lower down and before the back row, ten to a row; pixels.
_ROWS = ((10, 60, (240, 320)), (10, 330, (320, 440)))

# One at the frame's edge has this height, and this part of the box (from, to) is outside.
_AT_EDGE = 420
_OUTSIDE = (0.25, 0.6)

_LEAST_SEEN = 0.3  # of a body: who is hidden more cannot be asked for


@dataclass(frozen=True)
class Scene:
    """A picture [H, W, 3] RGB and the boxes of what is seen of the people in it."""

    kind: str
    picture: Rgb8
    people: tuple[Box, ...]


@dataclass(frozen=True)
class Body:
    """A person, cut close. pixels: [h, w, 3] RGB; alpha: [h, w]."""

    pixels: Rgb8
    alpha: Matte

    def of_height(self, height: int) -> Body:
        """The same at another height, in pixels."""
        size = Size(max(1, round(self.alpha.shape[1] * height / self.alpha.shape[0])), height)
        how = cv2.INTER_AREA if height < self.alpha.shape[0] else cv2.INTER_CUBIC
        alpha = cv2.resize(self.alpha, size, interpolation=how)
        return Body(resized(self.pixels, size), np.asarray(np.clip(alpha, 0, 1), np.float32))

    def lying(self) -> Body:
        """Turned by a right angle, the head to the left."""
        return Body(np.rot90(self.pixels).copy(), np.rot90(self.alpha).copy())


def bodies_of(folder: Path) -> list[Body]:
    """The people of a folder of NAME.jpg with NAME_a.png, those that are not cut by the lower edge."""
    bodies = []
    for file in sorted(folder.glob("*.jpg")):
        alpha = alpha_of(file.with_name(f"{file.stem}_a.png"))
        _, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.05).astype(np.uint8), connectivity=8)
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        left, top, width, height = (int(each) for each in stats[largest, : cv2.CC_STAT_AREA])
        if top + height < alpha.shape[0]:
            window = slice(top, top + height), slice(left, left + width)
            pixels = decode(file.read_bytes(), Limits(), file.name).rgb8[window]
            bodies.append(Body(pixels, np.where(labels[window] == largest, alpha[window], np.float32(0))))
    return bodies


def composed(people: Path, nobody: Sequence[Rgb8], per: int, seed: int) -> Iterator[Scene]:
    """`per` pictures of each kind; the same seed gives the same ones. nobody: backgrounds [H, W, 3] RGB."""
    bodies, rng = bodies_of(people), np.random.default_rng(seed)
    if not bodies or not nobody:
        raise FileNotFoundError(f"{people}: whole bodies, and empty pictures among the cases, are needed to compose")

    def somebody(height: int) -> Body:
        return bodies[int(rng.integers(len(bodies)))].of_height(height)

    def somewhere(body: Body) -> tuple[int, int]:
        height, width = body.alpha.shape
        return int(rng.integers(0, _FRAME.width - width + 1)), int(rng.integers(0, _FRAME.height - height + 1))

    def backdrop() -> Rgb8:
        return resized(nobody[int(rng.integers(len(nobody)))], _FRAME)

    for height in _HEIGHTS:
        for _ in range(per):
            body = somebody(height)
            yield paste(f"one of {height} px", backdrop(), [(body, *somewhere(body))])
    for _ in range(per):
        yield paste("group of 20", backdrop(), list(_twenty(bodies, rng)))
    for _ in range(per):
        body = somebody(_AT_EDGE)
        yield paste("cut by the edge", backdrop(), [(body, *_over_an_edge(body, rng))])
    for _ in range(per):
        body = somebody(_AT_EDGE).lying()
        yield paste("turned, as lying", backdrop(), [(body, *somewhere(body))])


def paste(kind: str, picture: Rgb8, placed: Sequence[tuple[Body, int, int]]) -> Scene:
    """A scene of bodies, each with its left and top, negative where the frame cuts it; later ones are in front."""
    height, width = picture.shape[:2]
    frame, whose = picture.astype(np.float32), np.zeros((height, width), np.int32)
    for number, (body, left, top) in enumerate(placed, 1):
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(width, left + body.alpha.shape[1]), min(height, top + body.alpha.shape[0])
        inside = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        alpha, part = body.alpha[inside], frame[y0:y1, x0:x1]
        part += (body.pixels[inside] - part) * alpha[..., None]
        whose[y0:y1, x0:x1][alpha > 0.5] = number
    boxes = []
    for number, (body, _, _) in enumerate(placed, 1):
        rows, columns = np.nonzero(whose == number)
        if len(rows) >= _LEAST_SEEN * np.count_nonzero(body.alpha > 0.5):
            boxes.append(Box(*map(float, (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))))
    return Scene(kind, np.asarray(np.rint(frame), np.uint8), tuple(boxes))


def _twenty(bodies: Sequence[Body], rng: np.random.Generator) -> Iterator[tuple[Body, int, int]]:
    for count, top, heights in _ROWS:
        wide = _FRAME.width // count
        for place in range(count):
            body = bodies[int(rng.integers(len(bodies)))].of_height(int(rng.integers(*heights)))
            spare = wide - body.alpha.shape[1]
            shift = int(rng.integers(0, spare + 1)) if spare > 0 else spare // 2
            yield body, place * wide + shift, top + int(rng.integers(0, 60))


def _over_an_edge(body: Body, rng: np.random.Generator) -> tuple[int, int]:
    """Left and top of a body that the left, the right or the lower edge cuts."""
    height, width = body.alpha.shape
    outside, edge = rng.uniform(*_OUTSIDE), rng.integers(3)
    across, down = int(rng.integers(0, _FRAME.width - width + 1)), int(rng.integers(0, _FRAME.height - height + 1))
    if edge == 0:
        return -round(outside * width), down
    if edge == 1:
        return _FRAME.width - round((1 - outside) * width), down
    return across, _FRAME.height - round((1 - outside) * height)
