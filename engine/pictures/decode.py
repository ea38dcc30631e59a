"""Bytes to a picture: limits first, then the reader for its kind, then orientation and EXIF."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import NotAPictureError
from engine.pictures import avif, heif, jpeg, png, pnm, tiff, with_pillow
from engine.pictures.completeness import lacks_end
from engine.pictures.exif import cleaned, orientation_of
from engine.pictures.formats import READABLE, kind_of
from engine.pictures.orientation import upright
from engine.pictures.raster import Raster
from engine.pictures.refusals import check_bytes, truncated
from engine.settings import Limits
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


def decode(data: bytes | memoryview, limits: Limits, name: str = "picture") -> Picture:
    """Decodes the first picture that the bytes of a file hold; `name` is what sentences call it.

    Its arrays are read-only: no stage changes a picture.

    Raises NotAPictureError for what is empty, of another kind, truncated or damaged, and TooLargeError for what is past
    the limits: then nothing was decoded.
    """
    check_bytes(len(data), limits, name)
    content = bytes(data)
    kind = kind_of(content[:64])
    if kind is None:
        raise NotAPictureError(f"{name}: not a picture of a kind that is read", f"the kinds are {READABLE}")
    if lacks_end(content, kind):
        raise truncated(name)
    raster = _READERS.get(kind, with_pillow.read)(content, kind, limits, name)
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


def _frames_note(raster: Raster) -> tuple[str, ...]:
    source = raster.source
    return (f"The {source.format} file holds several pictures: the first was used",) if source.frames > 1 else ()
