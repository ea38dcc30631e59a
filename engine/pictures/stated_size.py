"""The size that GIF and WebP state, read before Pillow opens them: it makes room for the pixels as it does so."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from engine.types import Size


def stated_size(data: bytes, kind: str) -> Size | None:
    """Width and height; None for other kinds, and where the header is damaged or of a rare sort."""
    read = _READERS.get(kind)
    try:
        return read(data) if read else None
    except (IndexError, struct.error):
        return None


def _of_gif(data: bytes) -> Size | None:
    """The screen, or as much as the first frame needs where it reaches past that (GIF89a, 18 to 23)."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while data[at : at + 1] != b",":
        if data[at] != 0x21:  # Pillow passes over bytes that begin neither an extension nor a frame
            at += 1
            continue
        at += 2
        while length := data[at]:
            at += 1 + length
        at += 1
    left, top, across, down = struct.unpack_from("<4H", data, at + 1)
    return Size(max(width, left + across), max(height, top + down))


def _of_webp(data: bytes) -> Size | None:
    """The canvas (VP8X), or the only frame (VP8: RFC 6386, 9.1; VP8L: RFC 9649, 3.4)."""
    first = data[12:16]
    if first == b"VP8X":
        return Size(1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"))
    if first == b"VP8L":
        (packed,) = struct.unpack_from("<I", data, 21)
        return Size(1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF))
    if first == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return Size(width & 0x3FFF, height & 0x3FFF)
    return None


_READERS: Mapping[str, Callable[[bytes], Size | None]] = {"GIF": _of_gif, "WEBP": _of_webp}
