"""Where a PNG keeps its EXIF: in a chunk of its own, or among its texts."""

from __future__ import annotations

from collections.abc import Iterable

from engine.pictures.png_chunks import unpacked

_KEYWORDS = (b"Raw profile type exif\0", b"Raw profile type APP1\0")
_LONGEST = max(map(len, _KEYWORDS))
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_HEADERS = (b"II*\0", b"MM\0*")
_MOST_TEXTS = 8  # that are unpacked: some 2 are written, and each can become megabytes


def exif_of(chunks: Iterable[tuple[bytes, bytes | memoryview]]) -> bytes:
    """The EXIF block without "Exif\\0\\0"; b"" where there is none.

    chunks: kind and body. The block lies in eXIf, as the specification has it, else in a text of hexadecimal digits, as
    ImageMagick wrote it before; the text named APP1 holds XMP in some files.
    """
    texts = []
    for kind, body in chunks:
        if kind == b"eXIf":
            return bytes(body).removeprefix(b"Exif\0\0")
        if kind in _TEXTS and bytes(body[:_LONGEST]).startswith(_KEYWORDS):
            texts.append((kind, body))
    for kind, body in texts[:_MOST_TEXTS]:
        block = _block(_text(kind, bytes(body)))
        if block.startswith(_HEADERS):
            return block
    return b""


def _text(kind: bytes, body: bytes) -> bytes:
    """What a text says behind its keyword (PNG specification, 11.3.3)."""
    _, _, rest = body.partition(b"\0")
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":  # the method of compression goes first
        return unpacked(rest[1:])
    text = b"".join(rest[2:].split(b"\0", 2)[2:])  # whether it is compressed, how, a language, the keyword in that
    return unpacked(text) if rest[:1] == b"\1" else text


def _block(text: bytes) -> bytes:
    """What stands below an empty line, a name and a length, in hexadecimal digits; b"" where it is something else."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii")).removeprefix(b"Exif\0\0")
    except ValueError:
        return b""
