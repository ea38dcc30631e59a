"""TIFF with 16 bits a sample: OpenCV.

It reads some arrangements of samples wrongly or not at all (grey with alpha, CMYK, Lab, planes one after the other), so
every file is shown to it as what it reads best: one plane of grey.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from engine.pictures import colour
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import unreadable
from engine.pictures.tiff_page import Page, Tag
from engine.pictures.with_opencv import samples_of
from engine.types import Pixels, Size, Source

# Photometric interpretations that are read: their name for the report, and how many samples are colours.
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED, _CIELAB = 0, 1, 2, 5, 8
_SORTS = {
    _WHITE_IS_ZERO: ("L;16", 1),
    _BLACK_IS_ZERO: ("L;16", 1),
    _RGB: ("RGB;16", 3),
    _SEPARATED: ("CMYK;16", 4),
    _CIELAB: ("LAB;16", 3),
}
_ASSOCIATED, _UNASSOCIATED = 1, 2  # extra samples: alpha that is multiplied into the colours, alpha that is not
_HORIZONTAL = 2  # predictor: differences to the pixel on the left
_PREDICTED = (5, 8, 32946, 50000)  # compressions that heed it: LZW, Deflate (two numbers), Zstandard
_PLANES = 2  # planar configuration: one plane after the other
_MOST_SAMPLES = 8  # a pixel: colours, alpha, and a few that are not looked at


def read(page: Page, size: Size, name: str) -> Raster:
    """Reads the first page as it is stored, without its EXIF. Raises NotAPictureError."""
    photometric, samples = page.first(Tag.PHOTOMETRIC, -1), page.first(Tag.SAMPLES_PER_PIXEL, 1)
    mode, colours = _SORTS.get(photometric, ("", 0))
    bits, formats = page.numbers[Tag.BITS_PER_SAMPLE], page.numbers.get(Tag.SAMPLE_FORMAT, (1,))
    if not colours or set(bits) != {16} or set(formats) != {1} or not colours <= samples <= _MOST_SAMPLES:
        raise unreadable(name, "this sort of TIFF")
    extra = page.first(Tag.EXTRA_SAMPLES, _UNASSOCIATED) if samples > colours else 0  # some writers leave it out
    has_alpha = extra in (_ASSOCIATED, _UNASSOCIATED)
    if page.first(Tag.PLANAR_CONFIGURATION, 1) == _PLANES:
        planes = [_plane(page, each, samples, size, name) for each in range(colours + has_alpha)]
        stored: Pixels = np.stack(planes, axis=2, dtype=np.uint16)
    else:
        stored = _interleaved(page, samples, size, name)[..., : colours + has_alpha]

    notes: tuple[str, ...]
    if photometric in (_SEPARATED, _CIELAB):
        pixels, alpha, note = _converted(stored, mode, page.icc)
        icc, notes = None, (note,)
    else:
        pixels, alpha = expanded(stored, has_alpha)
        icc, notes = (colour.keep_rgb if photometric == _RGB else colour.keep_grey)(page.icc)
    if photometric == _WHITE_IS_ZERO:
        pixels = ~pixels
    if alpha is not None and extra == _ASSOCIATED:
        pixels = colour.straight(pixels, alpha)
    return Raster(pixels, alpha, icc, b"", Source("TIFF", mode, 8 * pixels.itemsize, 1, size), notes)


def _plane(page: Page, index: int, planes: int, size: Size, name: str) -> Pixels:
    """One of the planes that lie one after the other, [H, W]."""
    changes = {}
    for tag in (Tag.STRIP_OFFSETS, Tag.STRIP_BYTE_COUNTS, Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS):
        segments = page.numbers.get(tag, ())
        count = len(segments) // planes
        if segments:
            changes[tag] = segments[index * count : (index + 1) * count]
    return _grey(page, changes, size, name)


def _interleaved(page: Page, samples: int, size: Size, name: str) -> Pixels:
    """All samples of each pixel beside each other, [H, W, C]: read as one row of grey C times as wide."""
    wide = Size(size.width * samples, size.height)
    changes: dict[Tag, tuple[int, ...]] = {Tag.IMAGE_WIDTH: (wide.width,), Tag.PREDICTOR: ()}
    tile = page.first(Tag.TILE_WIDTH, 0)
    if tile:
        changes[Tag.TILE_WIDTH] = (tile * samples,)
    stored = _grey(page, changes, wide, name).reshape(size.height, size.width, samples)
    if page.first(Tag.PREDICTOR, 1) == _HORIZONTAL and page.first(Tag.COMPRESSION, 1) in _PREDICTED:
        for left in range(0, size.width, tile or size.width):  # differences begin anew with each tile
            columns = stored[:, left : left + (tile or size.width)]
            np.cumsum(columns, axis=1, dtype=np.uint16, out=columns)
    return stored


def _grey(page: Page, changes: dict[Tag, tuple[int, ...]], size: Size, name: str) -> Pixels:
    """The pixels [H, W] of the page whose tags are changed so that it is grey."""
    grey = {Tag.PHOTOMETRIC: (_BLACK_IS_ZERO,), Tag.SAMPLES_PER_PIXEL: (1,), Tag.PLANAR_CONFIGURATION: (1,)}
    one = {Tag.BITS_PER_SAMPLE: (16,), Tag.SAMPLE_FORMAT: (1,), Tag.EXTRA_SAMPLES: ()}
    return samples_of(page.rewritten({**grey, **one, **changes}), "TIFF", size, name)[..., 0]


def _converted(samples: Pixels, mode: str, icc: bytes | None) -> tuple[Pixels, Pixels | None, str]:
    """CMYK or Lab, and alpha where there is one, as sRGB with 8 bits, and the note that says so."""
    kind, colours = mode.partition(";")[0], 4 if mode.startswith("CMYK") else 3
    eight = (samples >> 8).astype(np.uint8)
    height, width = eight.shape[:2]
    image = Image.frombytes(kind, (width, height), eight[..., :colours].tobytes(), "raw", kind)
    converted, note = colour.cmyk_to_srgb(image, icc) if kind == "CMYK" else colour.lab_to_srgb(image)
    alpha = np.ascontiguousarray(eight[..., colours]) if eight.shape[2] > colours else None
    return np.asarray(converted), alpha, f"{note}, with 8 of its 16 bits"
