"""The reader of TIFF: Pillow for 8 bits and fewer, tifffile or OpenCV's libtiff for 16, which Pillow would halve."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from engine.errors import NotAPictureError
from engine.pictures import colour, with_pillow
from engine.pictures.pillow_rules import pillow_rules
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import check_size, damaged, decoding, truncated, unreadable
from engine.settings import Limits
from engine.types import Pixels, Size, Source

Tags = Mapping[int, tuple[Any, ...]]

# Tags as TIFF 6.0 and its supplements name them.
_SUBFILE, _WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 254, 256, 257, 258, 259, 262, 274
_STRIPS, _SAMPLES, _STRIP_BYTES, _PLANAR, _TILES, _TILE_BYTES = 273, 277, 279, 284, 324, 325
_EXTRA, _SAMPLE_FORMAT, _ICC, _DNG_VERSION = 338, 339, 34675, 50706
_READ = (
    _SUBFILE, _WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION, _STRIPS, _SAMPLES, _STRIP_BYTES,
    _PLANAR, _TILES, _TILE_BYTES, _EXTRA, _SAMPLE_FORMAT, _ICC, _DNG_VERSION,
)  # fmt: skip

# Photometric interpretations that are read with 16 bits: their name for the report, and how many samples are colours.
_WHITE_IS_ZERO = 0
_SORTS = {_WHITE_IS_ZERO: ("L;16", 1), 1: ("L;16", 1), 2: ("RGB;16", 3), 5: ("CMYK;16", 4), 8: ("LAB;16", 3)}
_ASSOCIATED, _UNASSOCIATED = 1, 2  # extra samples: alpha that is multiplied into the colours, and alpha that is not
# What tifffile unpacks without a further package: nothing, Deflate under two numbers, PackBits, LZMA.
_BY_TIFFFILE = (1, 8, 32946, 32773, 34925)


_BIG = (b"+\0", b"\0+")  # BigTIFF, with 64-bit places
_BIG_NOTE = "The EXIF data of a BigTIFF is not carried over"


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first page. Raises NotAPictureError where the file is damaged, TooLargeError past the limits."""
    tags, frames = _first_directory(data, limits, name)
    if not all(isinstance(tags.get(tag, ("",))[0], int) for tag in (_WIDTH, _LENGTH)):
        raise damaged(name, "its TIFF header states no size")
    size = Size(tags[_WIDTH][0], tags[_LENGTH][0])
    check_size(size, limits, name)
    if _DNG_VERSION in tags or data[8:10] == b"CR" or tags.get(_SUBFILE, (0,))[0] & 1:
        raise NotAPictureError(
            f"{name}: a camera's raw file, or one whose first picture is only a preview",
            remedy="Develop or export it as TIFF or JPEG first",
        )
    _check_segments(data, tags, name)
    if max(tags.get(_BITS, (1,))) == 16:
        raster = _read_16(data, tags, size, name)
    else:
        raster = with_pillow.read(data, kind, limits, name)
    big = data[2:4] in _BIG
    notes = (*raster.notes, *((_BIG_NOTE,) if big else ()))
    source = replace(raster.source, size=size, frames=frames)
    return replace(raster, exif=b"" if big else data, source=source, notes=notes)


def _first_directory(data: bytes, limits: Limits, name: str) -> tuple[Tags, int]:
    """The tags of the first page that matter here; and 1, or 2 where further pages follow."""
    with decoding(name, "TIFF"), pillow_rules(limits) as caught:
        big = data[2:4] in _BIG
        file = io.BytesIO(data)
        directory = ImageFileDirectory_v2(file.read(16 if big else 8))
        start = directory.next
        if start >= len(data):
            raise truncated(name)
        file.seek(start)
        directory.load(file)
        tags = {tag: _as_tuple(directory[tag]) for tag in _READ if tag in directory}
        if any("Truncated" in str(each.message) for each in caught):
            raise truncated(name)
    return tags, 2 if directory.next else 1


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _check_segments(data: bytes, tags: Tags, name: str) -> None:
    """Refuses a file whose strips or tiles lie past its end, or were never written: decoders may leave them black."""
    for places, counts in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
        for place, count in zip(tags.get(places, ()), tags.get(counts, ()), strict=False):
            if not place or not count or place + count > len(data):
                raise truncated(name)


def _read_16(data: bytes, tags: Tags, size: Size, name: str) -> Raster:
    photometric = tags.get(_PHOTOMETRIC, (None,))[0]
    samples = tags.get(_SAMPLES, (1,))[0]
    if photometric not in _SORTS or set(tags[_BITS]) != {16} or set(tags.get(_SAMPLE_FORMAT, (1,))) != {1}:
        raise unreadable(name, "a TIFF of this sort (its samples are no 16-bit grey, RGB, CMYK or Lab)")
    mode, colours = _SORTS[photometric]
    extra = tags.get(_EXTRA, ())
    if not colours <= samples <= 8:
        raise unreadable(name, f"a TIFF with {samples} samples a pixel")
    orientation = tags.get(_ORIENTATION, (1,))[0]
    if tags.get(_COMPRESSION, (1,))[0] in _BY_TIFFFILE:
        stored = _by_tifffile(data, samples, size, name)
    else:
        stored = _by_opencv(data, tags, samples, size, orientation, name)
        orientation = 1  # OpenCV has applied it

    has_alpha = bool(extra) and extra[0] in (_ASSOCIATED, _UNASSOCIATED) and samples > colours
    chosen = stored[..., : colours + has_alpha]
    icc = tags.get(_ICC, (None,))[0]
    pixels: Pixels
    if colours == 1:
        pixels, alpha = expanded(chosen, has_alpha)
        pixels = 65535 - pixels if photometric == _WHITE_IS_ZERO else pixels
        icc, notes = colour.keep_grey(icc)
    elif mode == "RGB;16":
        pixels, alpha = expanded(chosen, has_alpha)
        icc, notes = colour.keep_rgb(icc)
    else:
        eight = (chosen >> 8).astype(np.uint8)
        pixels, note = _converted(eight[..., :colours], mode, icc)
        alpha = np.ascontiguousarray(eight[..., colours]) if has_alpha else None
        icc, notes = None, (f"{note}, with 8 of the 16 bits",)
    if alpha is not None and extra[0] == _ASSOCIATED:
        pixels = colour.straight(pixels, alpha)
    bits = 8 * pixels.itemsize
    return Raster(pixels, alpha, icc, b"", orientation, Source("TIFF", mode, bits, 1, size), notes)


def _by_tifffile(data: bytes, samples: int, size: Size, name: str) -> Pixels:
    """Samples [H, W, C] as they are stored."""
    import tifffile

    with decoding(name, "TIFF"), tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        if page.size != size.area * samples or page.dtype != np.uint16:
            raise unreadable(name, "a TIFF of this sort (more than one layer)")
        array = page.asarray(maxworkers=1)
        if samples > 1 and page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            array = np.moveaxis(array.reshape(samples, size.height, size.width), 0, 2)
        return np.asarray(array.reshape(size.height, size.width, samples))


def _by_opencv(data: bytes, tags: Tags, samples: int, size: Size, orientation: int, name: str) -> Pixels:
    """Samples [H, W, C], upright. OpenCV reads compressions that tifffile does not, but fewer arrangements."""
    import cv2

    array = None
    if samples in (1, 3, 4) and tags.get(_PLANAR, (1,))[0] == 1 and tags[_PHOTOMETRIC][0] in (0, 1, 2):
        with decoding(name, "TIFF"):
            array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    else:
        raise unreadable(name, "a TIFF with 16 bits, this arrangement of samples and this compression")
    frame = (size.width, size.height) if orientation >= 5 else (size.height, size.width)
    if array is None or array.dtype != np.uint16 or array.size != size.area * samples or array.shape[:2] != frame:
        raise damaged(name, "its TIFF data cannot be decoded")
    array = array.reshape(*frame, samples)
    return np.asarray(array if samples == 1 else array[..., [2, 1, 0, 3][:samples]], np.uint16)


def _converted(samples: Pixels, mode: str, icc: bytes | None) -> tuple[Pixels, str]:
    """CMYK or Lab with 8 bits as sRGB [H, W, 3], and the note that says so."""
    height, width = samples.shape[:2]
    kind = mode.partition(";")[0]
    image = Image.frombytes(kind, (width, height), np.ascontiguousarray(samples).tobytes(), "raw", kind)
    converted, note = colour.cmyk_to_srgb(image, icc) if kind == "CMYK" else colour.lab_to_srgb(image)
    return np.array(converted), note
