"""TIFF with 16 bits a sample, which Pillow would halve: tifffile, or OpenCV where tifffile cannot unpack it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from engine.pictures import colour
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import damaged, decoding, unreadable
from engine.pictures.tiff_page import Page, Tag
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
# An extra sample: alpha that is multiplied into the colours, or alpha that is not.
_ASSOCIATED, _UNASSOCIATED = 1, 2
# What tifffile unpacks without a further package: nothing, Deflate under two numbers, PackBits, LZMA.
_BY_TIFFFILE = (1, 8, 32946, 32773, 34925)
_MOST_SAMPLES = 8  # a pixel: colours, alpha, and a few that are not looked at


def read(page: Page, size: Size, name: str) -> Raster:
    """Reads the first page as it is stored, without its EXIF. Raises NotAPictureError."""
    photometric, samples = page.first(Tag.PHOTOMETRIC, -1), page.first(Tag.SAMPLES_PER_PIXEL, 1)
    mode, colours = _SORTS.get(photometric, ("", 0))
    bits, formats = page.numbers[Tag.BITS_PER_SAMPLE], page.numbers.get(Tag.SAMPLE_FORMAT, (1,))
    if not colours or set(bits) != {16} or set(formats) != {1} or not colours <= samples <= _MOST_SAMPLES:
        raise unreadable(name, "this sort of TIFF")
    unpack = _by_tifffile if page.first(Tag.COMPRESSION, 1) in _BY_TIFFFILE else _by_opencv
    stored = unpack(page, samples, size, name)
    extra = page.first(Tag.EXTRA_SAMPLES, 0) if samples > colours else 0
    has_alpha = extra in (_ASSOCIATED, _UNASSOCIATED)
    chosen = stored[..., : colours + has_alpha]
    notes: tuple[str, ...]
    if photometric in (_SEPARATED, _CIELAB):
        pixels, alpha, note = _converted(chosen, mode, page.icc)
        icc, notes = None, (note,)
    else:
        pixels, alpha = expanded(chosen, has_alpha)
        icc, notes = (colour.keep_rgb if photometric == _RGB else colour.keep_grey)(page.icc)
    if photometric == _WHITE_IS_ZERO:
        pixels = ~pixels
    if alpha is not None and extra == _ASSOCIATED:
        pixels = colour.straight(pixels, alpha)
    return Raster(pixels, alpha, icc, b"", 1, Source("TIFF", mode, 8 * pixels.itemsize, 1, size), notes)


def _by_tifffile(page: Page, samples: int, size: Size, name: str) -> Pixels:
    """Samples [H, W, C] as they are stored."""
    import tifffile

    with decoding(name, "TIFF"), tifffile.TiffFile(io.BytesIO(page.plain)) as file:
        first = file.pages.first
        if first.size != size.area * samples or first.dtype != np.uint16:
            raise unreadable(name, "this sort of TIFF")
        array = np.asarray(first.asarray(maxworkers=1), np.uint16)
        if samples > 1 and page.first(Tag.PLANAR_CONFIGURATION, 1) != 1:
            array = np.moveaxis(array.reshape(samples, size.height, size.width), 0, 2)
        return array.reshape(size.height, size.width, samples)


def _by_opencv(page: Page, samples: int, size: Size, name: str) -> Pixels:
    """Samples [H, W, C] as they are stored. OpenCV unpacks what tifffile cannot (LZW), in fewer arrangements."""
    import cv2

    planes = page.first(Tag.PLANAR_CONFIGURATION, 1)
    if samples not in (1, 3, 4) or planes != 1 or page.first(Tag.PHOTOMETRIC, -1) in (_SEPARATED, _CIELAB):
        raise unreadable(name, "this sort of TIFF")
    with decoding(name, "TIFF"):
        array = cv2.imdecode(np.frombuffer(page.plain, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16 or array.size != size.area * samples:
        raise damaged(name, "its TIFF data cannot be decoded")
    ordered = array.reshape(size.height, size.width, samples)[..., {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[samples]]
    return np.asarray(ordered, np.uint16)


def _converted(samples: Pixels, mode: str, icc: bytes | None) -> tuple[Pixels, Pixels | None, str]:
    """CMYK or Lab, and alpha where there is one, as sRGB with 8 bits, and the note that says so."""
    kind, colours = mode.partition(";")[0], 4 if mode.startswith("CMYK") else 3
    eight = (samples >> 8).astype(np.uint8)
    height, width = eight.shape[:2]
    image = Image.frombytes(kind, (width, height), eight[..., :colours].tobytes(), "raw", kind)
    converted, note = colour.cmyk_to_srgb(image, icc) if kind == "CMYK" else colour.lab_to_srgb(image)
    alpha = np.ascontiguousarray(eight[..., colours]) if eight.shape[2] > colours else None
    return np.array(converted), alpha, f"{note}, with 8 of its 16 bits"
