"""The directories of TIFF, which EXIF blocks are made of too: entries with a tag, a type, a length, and a value.

Values are bytes in the file's own order and are copied as they are, whatever their type and encoding. BigTIFF has the
same with 64-bit places.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

# Bytes of one value, by the type's number; and what struct calls those that are whole numbers without a sign.
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8, 129: 1}
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
LONG = 4


class Layout(NamedTuple):
    """How a file writes places. order: "<" or ">". big: BigTIFF."""

    order: str
    big: bool

    @property
    def place(self) -> struct.Struct:
        """A place in the file."""
        return struct.Struct(self.order + ("Q" if self.big else "I"))

    @property
    def entries(self) -> struct.Struct:
        """How many entries a directory has."""
        return struct.Struct(self.order + ("Q" if self.big else "H"))

    @property
    def entry(self) -> struct.Struct:
        """Tag, type and length; a value, or its place, follows."""
        return struct.Struct(self.order + ("HHQ" if self.big else "HHI"))

    def whole_numbers(self, tag: int, numbers: tuple[int, ...]) -> Entry:
        """An entry with these numbers, each as large as a place."""
        value = struct.pack(f"{self.order}{len(numbers)}{self.place.format[-1]}", *numbers)
        return Entry(tag, 16 if self.big else LONG, len(numbers), value)


class Entry(NamedTuple):
    """One tag. kind: TIFF's number of the type. length: how many values. value: their bytes."""

    tag: int
    kind: int
    length: int
    value: bytes

    def numbers(self, order: str) -> tuple[int, ...]:
        """The values, where they are whole numbers without a sign; else none."""
        name = _NUMBERS.get(self.kind)
        return struct.unpack(f"{order}{self.length}{name}", self.value) if name else ()


class Directory(NamedTuple):
    """Entries by tag. sound: False where wanted ones lead nowhere. following: the place of the next, or 0."""

    entries: Mapping[int, Entry]
    sound: bool
    following: int


def header_of(data: bytes) -> tuple[Layout, int]:
    """The layout of a TIFF file or EXIF block, and where its first directory is. Raises ValueError, struct.error."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 4:
        raise ValueError("no byte order")
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    if version not in (42, 43):
        raise ValueError(f"no version of TIFF: {version}")
    layout = Layout(order, version == 43)
    return layout, layout.place.unpack_from(data, 8 if layout.big else 4)[0]


def read_directory(data: bytes, start: int, layout: Layout, wanted: Callable[[int], bool], most: int) -> Directory:
    """The wanted entries of the directory at a place, as far as their values take no more than `most` bytes."""
    entries: dict[int, Entry] = {}
    if start + layout.entries.size > len(data):
        return Directory(entries, False, 0)
    (count,) = layout.entries.unpack_from(data, start)
    if count > 65536:  # tags have 16 bits, in BigTIFF too
        return Directory(entries, False, 0)
    sound = True
    inline = layout.place.size
    at = start + layout.entries.size
    for _ in range(count):
        value_at = at + layout.entry.size
        if value_at + inline > len(data):
            return Directory(entries, False, 0)
        tag, kind, length = layout.entry.unpack_from(data, at)
        at = value_at + inline
        size = length * _BYTES.get(kind, 0)
        if not size or not wanted(tag):
            continue
        place = value_at if size <= inline else layout.place.unpack_from(data, value_at)[0]
        most -= size
        if place + size <= len(data) and most >= 0:
            entries[tag] = Entry(tag, kind, length, data[place : place + size])
        else:
            sound = False
    following = layout.place.unpack_from(data, at)[0] if at + inline <= len(data) else 0
    return Directory(entries, sound, following)


def packed_directory(entries: Mapping[int, Entry], layout: Layout, start: int) -> bytes:
    """A directory with its values, to lie at `start`; none follows it."""
    inline = layout.place.size
    fixed, values = [layout.entries.pack(len(entries))], b""
    behind = start + layout.entries.size + len(entries) * (layout.entry.size + inline) + inline
    for _, entry in sorted(entries.items()):
        value = entry.value.ljust(inline, b"\0")
        if len(entry.value) > inline:
            value = layout.place.pack(behind + len(values))
            values += entry.value + bytes(len(entry.value) % 2)
        fixed.append(layout.entry.pack(entry.tag, entry.kind, entry.length) + value)
    return b"".join((*fixed, bytes(inline), values))


def with_first_directory(tiff: bytes, layout: Layout, pack: Callable[[int], bytes]) -> bytes:
    """A TIFF with another first directory, which `pack` gives for the place that it is told: behind the file's end."""
    pointer = 8 if layout.big else 4
    padding = bytes(len(tiff) % 2)  # directories begin at even places
    start = len(tiff) + len(padding)
    rest = memoryview(tiff)[pointer + layout.place.size :]
    return b"".join((tiff[:pointer], layout.place.pack(start), rest, padding, pack(start)))
