"""EXIF: what of it goes along with a result. A block of it is a small TIFF file (CIPA DC-008, 4.5)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

from PIL import ExifTags

from engine.pictures.tiff_directory import (
    LONG,
    Entry,
    Layout,
    header_of,
    packed_directory,
    read_directory,
    with_first_directory,
)

_Base, _Ifd = ExifTags.Base, ExifTags.IFD

DAMAGED = "The EXIF data is damaged; what cannot be read of it was left out"
_NESTED = frozenset({_Ifd.Exif, _Ifd.GPSInfo})

# Tags of the first directory that say something about the photo. The others describe how the old file stored its pixels
# (a TIFF's strips), say the orientation once more (XMP), or hold the old background (Photoshop's layers).
_KEPT = frozenset(
    {
        _Base.DocumentName, _Base.ImageDescription, _Base.Make, _Base.Model, _Base.XResolution, _Base.YResolution,
        _Base.PageName, _Base.ResolutionUnit, _Base.Software, _Base.DateTime, _Base.Artist, _Base.HostComputer,
        _Base.Rating, _Base.RatingPercent, _Base.Copyright, _Base.XPTitle, _Base.XPComment, _Base.XPAuthor,
        _Base.XPKeywords, _Base.XPSubject,
    }
)  # fmt: skip

# Tags of the Exif directory that are wrong for the new file: its size, places in the frame before it was turned (0x9214
# is SubjectArea), a directory that only says "a camera's own JPEG"; and the maker's note, whose offsets count from the
# start of the old file, and which often holds a preview with the old background.
_STALE = frozenset(
    {
        _Base.ExifImageWidth, _Base.ExifImageHeight, 0x9214, _Base.SubjectLocation, _Ifd.Interop, _Ifd.MakerNote,
    }
)  # fmt: skip

_HEADERS = {"<": b"II*\0", ">": b"MM\0*"}  # by byte order
_MOST = 1 << 20  # bytes: far more than any camera writes; many entries can point at one and the same value
_BIG_ONLY = (16, 17, 18)  # types of BigTIFF

Entries = dict[int, Entry]


class Kept(NamedTuple):
    """What is kept of an EXIF block. first: its own entries. nested: the Exif and GPS directories, by their tags."""

    layout: Layout
    first: Entries
    nested: dict[int, Entries]


def orientation_of(block: bytes) -> int:
    """The orientation that an EXIF block or a TIFF file states, 1 to 8; 1 where it states none, or another number."""
    try:
        layout, start = header_of(block)
        entries = read_directory(block, start, layout, lambda tag: tag == _Base.Orientation, _MOST).entries
    except (struct.error, ValueError):
        return 1
    stated = entries[_Base.Orientation].numbers(layout.order) if entries else ()
    return stated[0] if stated and 1 <= stated[0] <= 8 else 1


def cleaned(block: bytes) -> tuple[bytes | None, tuple[str, ...]]:
    """The EXIF block to write with the result (None where nothing is left), and a note where some was damaged.

    block: an EXIF block, or a whole TIFF file (BigTIFF too). Kept: camera, exposure, times, GPS, authors, resolution.
    Left out: orientation, thumbnail, pixel sizes, maker's note.
    """
    if not block:
        return None, ()
    try:
        kept, sound = _parsed(block)
    except (struct.error, ValueError):
        return None, (DAMAGED,)
    notes = () if sound else (DAMAGED,)
    if not kept.first and not kept.nested:
        return None, notes
    header = _HEADERS[kept.layout.order] + kept.layout.place.pack(8)
    return header + _packed(kept.first, kept, len(header)), notes


def added_to_tiff(tiff: bytes, block: bytes) -> bytes:
    """A TIFF, no BigTIFF, with what an EXIF block of the same byte order says in its first directory."""
    kept, _ = _parsed(block)
    layout, start = header_of(tiff)
    own = read_directory(tiff, start, layout, lambda _: True, len(tiff))
    return with_first_directory(tiff, layout, lambda place: _packed({**own.entries, **kept.first}, kept, place))


def _parsed(block: bytes) -> tuple[Kept, bool]:
    """What is to be kept of a block, and whether all of it could be read. Raises ValueError, struct.error."""
    layout, start = header_of(block)
    first = read_directory(block, start, layout, lambda tag: tag in _KEPT or tag in _NESTED, _MOST)
    sound = first.sound
    nested = {}
    for tag in first.entries.keys() & _NESTED:
        for place in first.entries[tag].numbers(layout.order)[:1]:
            inner = read_directory(block, place, layout, lambda tag: tag not in _STALE, _MOST)
            sound = sound and inner.sound
            if entries := _small(inner.entries):
                nested[tag] = entries
    kept = _small({tag: entry for tag, entry in first.entries.items() if tag in _KEPT})
    return Kept(Layout(layout.order, big=False), kept, nested), sound


def _small(entries: Mapping[int, Entry]) -> Entries:
    """The entries that a file which is no BigTIFF can hold."""
    return {tag: entry for tag, entry in entries.items() if entry.kind not in _BIG_ONLY}


def _packed(first: Entries, kept: Kept, start: int) -> bytes:
    """The entries of a first directory and the nested directories of a block, to lie at `start`."""
    layout = kept.layout
    pointers = {tag: Entry(tag, LONG, 1, bytes(4)) for tag in kept.nested}
    at = start + len(packed_directory({**first, **pointers}, layout, start))
    nested = b""
    for tag, entries in kept.nested.items():
        pointers[tag] = Entry(tag, LONG, 1, layout.place.pack(at + len(nested)))
        nested += packed_directory(entries, layout, at + len(nested))
    return packed_directory({**first, **pointers}, layout, start) + nested
