"""The reader of TIFF: Pillow for 8 bits and fewer, tiff16 for 16."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import NotAPictureError
from engine.pictures import tiff16, with_pillow
from engine.pictures.raster import Raster
from engine.pictures.refusals import check_size, damaged, unreadable
from engine.pictures.tiff_page import Tag, first_page
from engine.settings import Limits
from engine.types import Size

_BEYOND = 4096  # pixels by which a tile may reach past the picture
_REDUCED = 1  # of NewSubfileType: a smaller version of another picture in the file


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first page. Raises NotAPictureError where the file is damaged, TooLargeError past the limits."""
    page = first_page(data, name)
    size = Size(page.first(Tag.IMAGE_WIDTH, 0), page.first(Tag.IMAGE_LENGTH, 0))
    check_size(size, limits, name)
    tile = Size(page.first(Tag.TILE_WIDTH, 0), page.first(Tag.TILE_LENGTH, 0))
    if tile.width > size.width + _BEYOND or tile.height > size.height + _BEYOND:  # each is unpacked whole
        raise damaged(name, f"its tiles are said to be {tile.width} x {tile.height}")
    canon = data[8:10] == b"CR"
    if canon or Tag.DNG_VERSION in page.numbers or page.first(Tag.NEW_SUBFILE_TYPE, 0) & _REDUCED:
        raise NotAPictureError(
            f"{name}: a camera's raw file, or one that begins with a preview",
            "its first picture is not the photo",
            "Develop or export it as TIFF or JPEG first",
        )
    bits = max(page.numbers.get(Tag.BITS_PER_SAMPLE, ()), default=1)
    if bits > 16:
        raise unreadable(name, f"a TIFF with {bits} bits a sample")
    raster = tiff16.read(page, size, name) if bits == 16 else with_pillow.read(page.rewritten({}), kind, limits, name)
    source = replace(raster.source, frames=2 if page.more else 1)
    return replace(raster, exif=data, source=source)
