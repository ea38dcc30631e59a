"""Bytes to a picture: limits first, then the reader for its kind, then orientation and EXIF."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import NotAPictureError, PictureError
from engine.pictures import avif, heif, jpeg, png, pnm, tiff, with_pillow
from engine.pictures.completeness import lacks_end
from engine.pictures.decoding import short_of_memory
from engine.pictures.exif import cleaned, orientation_of
from engine.pictures.formats import READABLE, kind_of
from engine.pictures.orientation import upright
from engine.pictures.raster import Raster
from engine.pictures.refusals import check_bytes, truncated
from engine.pictures.stated import stated
from engine.settings import Limits
from engine.shortage import room_for, shortage_told
from engine.types import Picture

# (bytes, kind, limits, name) -> what the file holds. Each refuses by the header's size before it decodes a pixel.
Reader = Callable[[bytes, str, Limits, str], Raster]
_READERS: dict[str, Reader] = {
    "AVIF": avif.read,
    "JPEG": jpeg.read,
    "PNG": png.read,
    "PPM": pnm.read,
    "TIFF": tiff.read,
    "HEIF": heif.read,
}

_DECODING = 12  # bytes a pixel that any decoder takes at least, with what it makes


def decode(data: bytes | memoryview, limits: Limits, name: str = "picture") -> Picture:
    """Decodes the first picture that the bytes of a file hold; `name` is what sentences call it.

    Its arrays are read-only: no stage changes a picture.

    Raises NotAPictureError for what is empty, of another kind, truncated or damaged, and TooLargeError for what is past
    the limits: then nothing was decoded. MemoryShortError where memory runs out.
    """
    check_bytes(len(data), limits, name)
    with shortage_told(f"{name}: there is not enough memory to decode it"):
        return _decode(bytes(data), limits, name)


def _decode(content: bytes, limits: Limits, name: str) -> Picture:
    kind = kind_of(content[:64])
    if kind is None:
        raise NotAPictureError(f"{name}: not a picture of a kind that is read", f"the kinds are {READABLE}")
    if lacks_end(content, kind):
        raise truncated(name)
    try:
        raster = _READERS.get(kind, with_pillow.read)(content, kind, limits, name)
    except NotAPictureError as error:
        if _was_short(content, limits, name):
            raise short_of_memory(name) from error
        raise
    exif, damage = cleaned(raster.exif)
    orientation = 1 if raster.turned else orientation_of(raster.exif)
    pixels = upright(raster.pixels, orientation)
    alpha = None if raster.alpha is None else upright(raster.alpha, orientation)
    for array in (pixels, alpha):
        if array is not None:
            array.flags.writeable = False
    return Picture(
        pixels=pixels,
        alpha=alpha,
        icc=raster.icc,
        exif=exif,
        source=raster.source,
        notes=tuple(dict.fromkeys((*_frames_note(raster), *raster.notes, *damage))),
    )


def _was_short(content: bytes, limits: Limits, name: str) -> bool:
    """Whether it may have been memory that ran out where a decoder speaks of damage: libjpeg, libwebp, libheif
    and dav1d do."""
    try:
        area = stated(content, limits, name).size.area
    except PictureError:
        return False
    return not room_for(_DECODING * area)


def _frames_note(raster: Raster) -> tuple[str, ...]:
    source = raster.source
    return (f"The {source.format} file holds several pictures: the first was used",) if source.frames > 1 else ()
