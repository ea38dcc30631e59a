"""The kinds of file that are read and written: how they are told apart, named, and what each can hold."""

from __future__ import annotations

import re

# Formats that results are written in, and the suffix of their files.
SUFFIXES = {"png": ".png", "webp": ".webp", "tiff": ".tiff", "jpeg": ".jpg"}

# The longest side that a format, or its library (libpng), can hold, in pixels; and the most bytes of pixels.
LONGEST_SIDE = {"png": 1_000_000, "webp": 16_383, "jpeg": 65_535}
MOST_BYTES = {"tiff": 4_200_000_000}

# What a result is written as where the format asked for cannot hold it: JPEG has no alpha; a matte in WebP or JPEG
# would lose its 16 bits or its exact values.
_INSTEAD = {("cutout", "jpeg"): "png", ("matte", "jpeg"): "png", ("matte", "webp"): "png"}

# The first bytes of the files that are read, by Pillow's name of the format. The end of a file's name says nothing.
_SIGNATURES = (
    ("JPEG", rb"\xff\xd8\xff"),
    ("PNG", rb"\x89PNG\r\n\x1a\n"),
    ("GIF", rb"GIF8[79]a"),
    ("WEBP", rb"RIFF....WEBP"),
    ("TIFF", rb"II[*+]\0|MM\0[*+]"),
    ("BMP", rb"BM"),
    ("PPM", rb"P[1-6]\s"),
    ("AVIF", rb"....ftypavi[fs]"),
    ("HEIF", rb"....ftyp(hei[cmsx]|hev[cmsx])"),
)
_HEIF_OR_AVIF = re.compile(rb"....ftyp(mif1|msf1|miaf)", re.DOTALL)
READABLE = "JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC/HEIF, AVIF and PNM"


def kind_of(head: bytes) -> str | None:
    """Pillow's name of the format that a file's first bytes (64 are enough) belong to; None where it is not read."""
    for kind, signature in _SIGNATURES:
        if re.match(signature, head, re.DOTALL):
            return kind
    if _HEIF_OR_AVIF.match(head):  # a brand common to both: the compatible brands that follow decide
        return "AVIF" if b"avif" in head[16:] or b"avis" in head[16:] else "HEIF"
    return None


def written_format(want: str, chosen: str) -> str:
    """The format that a result ("cutout", "matte" or "composite") is written in where `chosen` was asked for."""
    return _INSTEAD.get((want, chosen), chosen)


def suffix(chosen: str) -> str:
    """The end of a file's name for one of settings.FORMATS, with its dot."""
    return SUFFIXES[chosen]
