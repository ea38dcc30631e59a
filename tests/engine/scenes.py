"""Pictures that the tests of the stages are made of: scikit-image's photos, and a person of known alpha before them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.types import Box, CutOut, Matte, Picture, Pixels, Rgb8, Size, Source


@dataclass(frozen=True)
class Spot:
    """Where a person is pasted: the height in pixels, and the top left corner."""

    height: int
    left: int
    top: int


@dataclass(frozen=True)
class Scene:
    """A picture of known alpha. pixels: [H, W, 3]. people: the alpha [H, W] of each, in the order of their spots."""

    pixels: Rgb8
    people: tuple[Matte, ...]

    @property
    def truth(self) -> Matte:
        """The alpha [H, W] of everybody."""
        return np.asarray(np.max(self.people, axis=0), np.float32)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Round each person's alpha over a half."""
        return tuple(bounds(each) for each in self.people)


def picture(pixels: Pixels, alpha: Pixels | None = None) -> Picture:
    """A decoded PNG with these pixels [H, W, 3]."""
    height, width = pixels.shape[:2]
    return Picture(pixels, alpha, None, None, Source("PNG", "RGB", 8 * pixels.itemsize, 1, Size(width, height)))


def photo(name: str) -> Rgb8:
    """A photo of scikit-image's own, [H, W, 3]."""
    from skimage import data

    pixels = getattr(data, name)()
    return np.asarray(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3), np.uint8)


def surface(name: str, size: Size) -> Rgb8:
    """A photo of a surface, again and again until it fills the size."""
    pixels = photo(name)
    across, down = (-(-length // side) for length, side in zip(size, pixels.shape[1::-1], strict=True))
    return np.ascontiguousarray(np.tile(pixels, (down, across, 1))[: size.height, : size.width])


def filling(pixels: Rgb8, size: Size) -> Rgb8:
    """A photo stretched to the size."""
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def scene(behind: Rgb8, person: CutOut, *spots: Spot, blurred: dict[int, float] | None = None) -> Scene:
    """People before a background, the later ones before the earlier. blurred: sigma of those out of focus, by index."""
    pixels = behind.astype(np.float32)
    colours, alpha = cut_to_bounds(person)
    people: list[Matte] = []
    for index, spot in enumerate(spots):
        width = round(colours.shape[1] * spot.height / colours.shape[0])
        layer = np.zeros((*pixels.shape[:2], 4), np.float32)
        small = cv2.resize(np.dstack([colours, alpha]), (width, spot.height), interpolation=cv2.INTER_AREA)
        part = layer[spot.top : spot.top + spot.height, spot.left : spot.left + width]
        part[:] = small[: part.shape[0], : part.shape[1]]
        if blurred and index in blurred:
            layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), blurred[index]), np.float32)
        pixels = layer[..., :3] + pixels * (1 - layer[..., 3:])
        people = [each * (1 - layer[..., 3]) for each in people] + [layer[..., 3]]
    return Scene(np.rint(pixels).astype(np.uint8), tuple(people))


def cut_to_bounds(person: CutOut) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], Matte]:
    """The foreground times alpha [h, w, 3] 0..255, and alpha [h, w], of the part that the person fills."""
    box = bounds(person.matte)
    part = slice(int(box.y0), int(box.y1)), slice(int(box.x0), int(box.x1))
    alpha = person.matte[part]
    return np.asarray(person.foreground[part] * alpha[..., None], np.float32), alpha


def bounds(matte: Matte) -> Box:
    """The box round alpha over a half."""
    rows, columns = np.flatnonzero((matte > 0.5).any(1)), np.flatnonzero((matte > 0.5).any(0))
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def overlap(matte: Matte, truth: Matte) -> float:
    """Intersection over union of alpha over a half."""
    found, true = matte > 0.5, truth > 0.5
    return float((found & true).sum() / (found | true).sum())


def box_overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    shared = one.shared_with(other)
    return shared / (one.area + other.area - shared)
