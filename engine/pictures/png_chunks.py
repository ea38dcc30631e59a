"""PNG's chunks: to walk them, to check that the pixels are all there, to add a profile and EXIF."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from engine.pictures.refusals import damaged, truncated

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_UNPACKED = 1 << 24  # bytes of a profile or of EXIF: some profiles have 4 million
_MOST_CHUNKS = 200_000  # the largest files have some 60 000; empty ones take 12 bytes each
_AFTER_IHDR = len(SIGNATURE) + 25
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    """One chunk: length, kind, body and their checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def chunks_of(data: bytes, name: str) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and body of each chunk up to IEND.

    Raises NotAPictureError where the file ends before IEND, or a chunk that the pixels need has a wrong checksum.
    """
    view = memoryview(data)
    at, kind, count = len(SIGNATURE), b"", 0
    while kind != b"IEND":
        count += 1
        if count > _MOST_CHUNKS:
            raise damaged(name, f"it has more than {_MOST_CHUNKS} chunks")
        if at + 12 > len(data):
            raise truncated(name)
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            raise truncated(name)
        body = view[at + 8 : end]
        needed = not kind[0] & 0x20  # the specification marks what can be left out by a small first letter
        if needed and zlib.crc32(body, zlib.crc32(kind)) != struct.unpack_from(">I", data, end)[0]:
            raise damaged(name, "a checksum inside is wrong")
        yield kind, body
        at = end + 4


def unpacked(packed: bytes) -> bytes:
    """What a chunk holds in Deflate, its first 16 MiB; b"" where it is damaged."""
    try:
        return zlib.decompressobj().decompress(packed, _MOST_UNPACKED)
    except zlib.error:
        return b""


def check_complete(data: bytes, name: str) -> None:
    """Raises NotAPictureError where the compressed pixels end before the last row.

    Pillow leaves such rows black without a word. This unpacks the data once more, so it is for suspects.
    """
    left = _unpacked_size(data)
    unpacker = zlib.decompressobj()
    for kind, body in chunks_of(data, name):
        if kind == b"IDAT" and left > 0 and not unpacker.eof:
            piece: bytes | memoryview = body
            while piece and left > 0:
                left -= len(unpacker.decompress(piece, 1 << 20))
                piece = unpacker.unconsumed_tail
    if left > 0:
        raise truncated(name)


def with_metadata(png: bytes, icc: bytes | None, exif: bytes | None) -> bytes:
    """The PNG with an ICC profile and an EXIF block (no "Exif\\0\\0" before it) put where readers look for them."""
    added = b""
    if icc:
        added += chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc))
    if exif:
        added += chunk(b"eXIf", exif)
    return b"".join((png[:_AFTER_IHDR], added, memoryview(png)[_AFTER_IHDR:]))


def _unpacked_size(data: bytes) -> int:
    """Bytes of all rows with their filter bytes, as the header states them."""
    width, height, bits, colour_type, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    per_pixel = bits * _CHANNELS.get(colour_type, 1)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    sizes = [(-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in passes]
    return sum(rows * (1 + -(-columns * per_pixel // 8)) for columns, rows in sizes if columns > 0 and rows > 0)
