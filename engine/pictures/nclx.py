"""Colours that a file names by numbers (ITU-T H.273) instead of an ICC profile."""

from __future__ import annotations

import struct

_WIDE = {9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}  # colour primaries beyond sRGB's
_HDR = {16: "PQ", 18: "HLG"}  # transfer characteristics


def unprofiled(data: bytes, icc: bytes | None) -> tuple[str, ...]:
    """A note where a HEIF or AVIF file without a profile has colours that are not sRGB's: they are taken for sRGB's."""
    at = data.find(b"colrnclx")
    if icc or at < 0 or at + 12 > len(data):
        return ()
    return note(*struct.unpack_from(">HH", data, at + 8))


def note(primaries: int, transfer: int) -> tuple[str, ...]:
    """A note where these numbers name other colours than sRGB's."""
    names = [table[number] for table, number in ((_WIDE, primaries), (_HDR, transfer)) if number in table]
    if not names:
        return ()
    return (f"The colours are {' '.join(names)} without an ICC profile: they are taken for sRGB and may look pale",)
