"""Whether a file has its end, by the lengths that it states itself, for kinds whose decoders do not say it clearly."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping


def lacks_end(data: bytes, kind: str) -> bool:
    """True where a file of this kind is certainly cut off. False may also mean that its decoder knows best."""
    check = _CHECKS.get(kind)
    return check is not None and check(data)


def _riff_lacks_end(data: bytes) -> bool:
    return len(data) < 12 or struct.unpack_from("<I", data, 4)[0] + 8 > len(data)


_MOST_BOXES = 10_000  # at the top there are about 3; empty ones take 8 bytes each


def _boxes_lack_end(data: bytes) -> bool:
    """A box of the ISO base media file format (14496-12, 4.2) that reaches past the end of the file."""
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 8 > len(data):
            break
        (size,) = struct.unpack_from(">I", data, at)
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
        if size == 0:  # up to the end, wherever that is
            return False
        if size < 8 or not data[at + 4 : at + 8].isalnum():  # no box: something was appended
            return False
        at += size
    return at > len(data)


_CHECKS: Mapping[str, Callable[[bytes], bool]] = {
    "WEBP": _riff_lacks_end,
    "HEIF": _boxes_lack_end,
    "AVIF": _boxes_lack_end,
}
