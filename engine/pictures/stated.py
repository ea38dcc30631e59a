"""What a file's header states about the picture, so that its place in the memory is known before a pixel is decoded."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.errors import NotAPictureError
from engine.pictures import avif, pnm, with_pillow
from engine.pictures.decoding import decoding
from engine.pictures.formats import READABLE, kind_of
from engine.pictures.refusals import check_bytes, check_size, truncated
from engine.pictures.stated_size import stated_size
from engine.pictures.tiff_page import Tag, first_page
from engine.settings import Limits
from engine.types import Size


@dataclass(frozen=True)
class Stated:
    """size: as stored, before EXIF turns it. bits: a channel, 8 or 16. alpha: there is one, or may be."""

    size: Size
    bits: int
    alpha: bool


def stated(data: bytes, limits: Limits, name: str = "picture") -> Stated:
    """What decode would make of these bytes. Raises what it raises, as far as the header tells."""
    check_bytes(len(data), limits, name)
    kind = kind_of(data[:64])
    if kind is None:
        raise NotAPictureError(f"{name}: not a picture of a kind that is read", f"the kinds are {READABLE}")
    found = _READERS.get(kind, _by_pillow)(data, kind, limits, name)
    check_size(found.size, limits, name)
    return found


def _by_pillow(data: bytes, kind: str, limits: Limits, name: str) -> Stated:
    image = with_pillow.open_image(data, kind, limits, name)
    return Stated(Size(*image.size), 8, image.has_transparency_data)


def _of_gif(data: bytes, kind: str, limits: Limits, name: str) -> Stated:
    """Without Pillow, which makes room for the pixels as it opens GIF and WebP."""
    size = stated_size(data, kind)
    return _by_pillow(data, kind, limits, name) if size is None else Stated(size, 8, True)


def _of_webp(data: bytes, kind: str, limits: Limits, name: str) -> Stated:
    """Alpha: a flag of VP8X (RFC 9649, 2.7.1.2) or VP8L (3.4); a frame of VP8 has none."""
    size = stated_size(data, kind)
    if size is None:
        return _by_pillow(data, kind, limits, name)
    flags = {b"VP8X": data[20] & 0x10, b"VP8L": data[24] & 0x10}
    return Stated(size, 8, bool(flags.get(data[12:16], 0)))


def _of_png(data: bytes, _kind: str, _limits: Limits, name: str) -> Stated:
    if len(data) < 26:
        raise truncated(name)
    width, height, bits, colour_type = struct.unpack_from(">IIBB", data, 16)
    alpha = bool(colour_type & 4) or data.find(b"tRNS", 0, data.find(b"IDAT")) > 0
    return Stated(Size(width, height), 16 if bits == 16 else 8, alpha)


def _of_tiff(data: bytes, _kind: str, _limits: Limits, name: str) -> Stated:
    page = first_page(data, name)
    bits = max(page.numbers.get(Tag.BITS_PER_SAMPLE, ()), default=1)
    alpha = page.first(Tag.SAMPLES_PER_PIXEL, 1) not in (1, 3)
    return Stated(Size(page.first(Tag.IMAGE_WIDTH, 0), page.first(Tag.IMAGE_LENGTH, 0)), 16 if bits > 8 else 8, alpha)


def _of_heif(data: bytes, kind: str, _limits: Limits, name: str) -> Stated:
    import pillow_heif

    with decoding(name, kind):
        file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
        primary = file[file.primary_index]
        mode, _, bits = primary.mode.partition(";")
    return Stated(Size(*primary.size), 16 if bits else 8, mode[-1] in "Aa")


def _of_avif(data: bytes, kind: str, limits: Limits, name: str) -> Stated:
    found = _by_pillow(data, kind, limits, name)
    return Stated(found.size, 16 if avif.bits_of(data) > 8 else 8, found.alpha)


def _of_pnm(data: bytes, _kind: str, _limits: Limits, name: str) -> Stated:
    size, most, _ = pnm.header_of(data, name)
    return Stated(size, 16 if most > 255 else 8, False)


_READERS: Mapping[str, Callable[[bytes, str, Limits, str], Stated]] = {
    "AVIF": _of_avif,
    "GIF": _of_gif,
    "HEIF": _of_heif,
    "PNG": _of_png,
    "PPM": _of_pnm,
    "TIFF": _of_tiff,
    "WEBP": _of_webp,
}
