"""The first page of a TIFF as its tags describe it, before anything is unpacked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from engine.pictures.decoding import decoding
from engine.pictures.refusals import damaged, truncated
from engine.pictures.tiff_directory import (
    Entry,
    Layout,
    header_of,
    packed_directory,
    read_directory,
    with_first_directory,
)


class Tag(IntEnum):
    """The tags that pixels are unpacked by, and a few more, by the names of TIFF 6.0, its supplements, and DNG."""

    NEW_SUBFILE_TYPE = 254
    IMAGE_WIDTH = 256
    IMAGE_LENGTH = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES_PER_PIXEL = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTE_COUNTS = 279
    PLANAR_CONFIGURATION = 284
    T4_OPTIONS = 292
    T6_OPTIONS = 293
    PREDICTOR = 317
    COLOR_MAP = 320
    TILE_WIDTH = 322
    TILE_LENGTH = 323
    TILE_OFFSETS = 324
    TILE_BYTE_COUNTS = 325
    INK_SET = 332
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    JPEG_TABLES = 347
    OLD_JPEG_PROCESS = 512
    OLD_JPEG_PLACE = 513
    OLD_JPEG_LENGTH = 514
    OLD_JPEG_RESTART = 515
    OLD_JPEG_Q_TABLES = 519
    OLD_JPEG_DC_TABLES = 520
    OLD_JPEG_AC_TABLES = 521
    YCBCR_COEFFICIENTS = 529
    YCBCR_SUBSAMPLING = 530
    YCBCR_POSITIONING = 531
    REFERENCE_BLACK_WHITE = 532
    ICC_PROFILE = 34675
    DNG_VERSION = 50706


_TAGS = frozenset(Tag)
_BYTES = frozenset({Tag.JPEG_TABLES, Tag.ICC_PROFILE})
_MOST_NUMBERS = 1 << 22  # of one tag: the places of four million strips
_SHARED = 2  # times the file: some writers note the same empty tile more than once


@dataclass(frozen=True)
class Page:
    """numbers: the whole numbers of each tag that is there. icc: the colour profile, or None. more: pages follow."""

    numbers: Mapping[int, tuple[int, ...]]
    icc: bytes | None
    more: bool
    data: bytes
    layout: Layout
    entries: Mapping[int, Entry]

    def first(self, tag: Tag, default: int) -> int:
        """A tag's only number, or its first."""
        return next(iter(self.numbers.get(tag, ())), default)

    def rewritten(self, changes: Mapping[Tag, tuple[int, ...]]) -> bytes:
        """The TIFF with some tags changed (taken out: no numbers), and with none but those above.

        Damage elsewhere (EXIF, XMP, layers) does not reach the decoders then, and none of them turns the picture.
        """
        changed: dict[int, Entry] = {
            tag: self.layout.whole_numbers(tag, numbers) for tag, numbers in changes.items() if numbers
        }
        dropped = {*changes, Tag.ORIENTATION}
        entries = {tag: entry for tag, entry in self.entries.items() if tag not in dropped} | changed
        return with_first_directory(self.data, self.layout, lambda at: packed_directory(entries, self.layout, at))


def first_page(data: bytes, name: str) -> Page:
    """Reads the first directory, and checks that all it points at lies in the file. Raises NotAPictureError."""
    with decoding(name, "TIFF"):
        layout, start = header_of(data)
        directory = read_directory(data, start, layout, _TAGS.__contains__, len(data))
    if not directory.sound:
        raise truncated(name)
    counted = {tag: entry for tag, entry in directory.entries.items() if tag not in _BYTES}
    if any(entry.length > _MOST_NUMBERS for entry in counted.values()):
        raise damaged(name, "it has too many strips")
    numbers = {tag: entry.numbers(layout.order) for tag, entry in counted.items()}
    _check_segments(numbers, len(data), name)
    icc = directory.entries.get(Tag.ICC_PROFILE)
    return Page(numbers, icc.value if icc else None, bool(directory.following), data, layout, directory.entries)


def _check_segments(numbers: Mapping[int, tuple[int, ...]], length: int, name: str) -> None:
    """Refuses strips and tiles that lie past the end or were never written, which decoders may leave black; and such
    as share their bytes, which would be unpacked again and again."""
    for places, counts in ((Tag.STRIP_OFFSETS, Tag.STRIP_BYTE_COUNTS), (Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS)):
        taken = 0
        for place, count in zip(numbers.get(places, ()), numbers.get(counts, ()), strict=False):
            if not place or not count or place + count > length:
                raise truncated(name)
            taken += count
        if taken > _SHARED * length:
            raise damaged(name, "its strips share their data")
