"""EXIF: what of it goes along with a result. Values are copied byte by byte, whatever their type and encoding.

An EXIF block is a small TIFF file (CIPA DC-008, 4.5): a byte order, and directories of entries, each with a tag, a
type, a count, and a value or the place of one. So the same code reads the directories of a TIFF picture.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from PIL import ExifTags, Image

_Base, _Ifd = ExifTags.Base, ExifTags.IFD

DAMAGED = "The EXIF data is damaged; what cannot be read of it was left out"
_NESTED = (_Ifd.Exif, _Ifd.GPSInfo)

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

_BYTES_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 129: 1}
_LONG = 4
_MOST = 1 << 20  # bytes: far more than any camera writes; many entries can point at one and the same value


class Entry(NamedTuple):
    """One tag of a directory.

    kind: TIFF's number of the type. length: how many values. value: their bytes, in the byte order of the block.
    """

    tag: int
    kind: int
    length: int
    value: bytes


class Block(NamedTuple):
    """What is kept of an EXIF block. order: "<" or ">". first: its own entries. nested: Exif and GPS, by their tags."""

    order: str
    first: tuple[Entry, ...]
    nested: dict[int, tuple[Entry, ...]]


def raw_exif(image: Image.Image) -> bytes:
    """The EXIF block that an image of Pillow's carries, b"" where there is none."""
    block = image.info.get("exif", b"")
    if not block and isinstance(text := image.info.get("Raw profile type exif"), str):  # ImageMagick's PNG
        try:
            block = bytes.fromhex("".join(text.split("\n")[3:]))
        except ValueError:
            return b""
    return block.removeprefix(b"Exif\0\0") if isinstance(block, bytes) else b""


def cleaned(block: bytes) -> tuple[bytes | None, tuple[str, ...]]:
    """The EXIF block to write with the result (None where nothing is left), and a note where some was damaged.

    block: an EXIF block, or a whole TIFF file. Kept: camera, exposure, times, GPS, authors, resolution. Left out:
    orientation, thumbnail, pixel sizes, maker's note.
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
    return block[:4] + struct.pack(f"{kept.order}I", 8) + _packed(kept.first, kept, 8), notes


def added_to_tiff(tiff: bytes, block: bytes) -> bytes:
    """A TIFF with what an EXIF block of the same byte order says, in a new first directory behind the file's end."""
    kept, _ = _parsed(block)
    (start,) = struct.unpack_from(f"{kept.order}I", tiff, 4)
    own, _ = _directory(tiff, start, kept.order, lambda _: True, len(tiff))
    entries = tuple({each.tag: each for each in (*own, *kept.first)}.values())
    padding = bytes(len(tiff) % 2)  # directories begin at even places
    behind = len(tiff) + len(padding)
    header = tiff[:4] + struct.pack(f"{kept.order}I", behind)
    return b"".join((header, memoryview(tiff)[8:], padding, _packed(entries, kept, behind)))


def _parsed(block: bytes) -> tuple[Block, bool]:
    """What is to be kept of a block, and whether all of it could be read. Raises ValueError, struct.error."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        raise ValueError("no byte order")
    (start,) = struct.unpack_from(f"{order}I", block, 4)
    entries, sound = _directory(block, start, order, lambda tag: tag in _KEPT or tag in _NESTED)
    nested = {}
    for entry in entries:
        if entry.tag in _NESTED:
            (start,) = struct.unpack(f"{order}I", entry.value.ljust(4, b"\0")[:4])
            inner, whole = _directory(block, start, order, lambda tag: tag not in _STALE)
            sound = sound and whole
            if inner:
                nested[entry.tag] = inner
    return Block(order, tuple(entry for entry in entries if entry.tag in _KEPT), nested), sound


def _directory(
    block: bytes, start: int, order: str, wanted: Callable[[int], bool], most: int = _MOST
) -> tuple[tuple[Entry, ...], bool]:
    """The wanted entries of the directory at a place; False where some of them lead nowhere and were left out."""
    entries: dict[int, Entry] = {}
    sound = start + 2 <= len(block)
    count = struct.unpack_from(f"{order}H", block, start)[0] if sound else 0
    for number in range(count):
        at = start + 2 + 12 * number
        if at + 12 > len(block):
            return tuple(entries.values()), False
        tag, kind, length = struct.unpack_from(f"{order}HHI", block, at)
        size = length * _BYTES_OF_TYPE.get(kind, 0)
        if not size or not wanted(tag):
            continue
        place = at + 8 if size <= 4 else struct.unpack_from(f"{order}I", block, at + 8)[0]
        most -= size
        if place + size <= len(block) and most >= 0:
            entries[tag] = Entry(tag, kind, length, block[place : place + size])
        else:
            sound = False
    return tuple(entries.values()), sound


def _packed(first: tuple[Entry, ...], block: Block, start: int) -> bytes:
    """The entries of a first directory and the nested directories of a block, to lie at `start`."""
    pointers = {tag: Entry(tag, _LONG, 1, bytes(4)) for tag in block.nested}
    at = start + len(_packed_directory((*first, *pointers.values()), block.order, start))
    nested = b""
    for tag, entries in block.nested.items():
        pointers[tag] = Entry(tag, _LONG, 1, struct.pack(f"{block.order}I", at + len(nested)))
        nested += _packed_directory(entries, block.order, at + len(nested))
    return _packed_directory((*first, *pointers.values()), block.order, start) + nested


def _packed_directory(entries: tuple[Entry, ...], order: str, start: int) -> bytes:
    """A directory with its values, to lie at `start`; none follows it."""
    fixed = struct.pack(f"{order}H", len(entries))
    values = b""
    behind = start + 2 + 12 * len(entries) + 4
    for entry in sorted(entries):
        place = entry.value.ljust(4, b"\0")
        if len(entry.value) > 4:
            place = struct.pack(f"{order}I", behind + len(values))
            values += entry.value + bytes(len(entry.value) % 2)
        fixed += struct.pack(f"{order}HHI", entry.tag, entry.kind, entry.length) + place
    return fixed + bytes(4) + values
