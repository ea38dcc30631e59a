"""The reader of JPEG: Pillow, after a look at the scans that the file is made of."""

from __future__ import annotations

from engine.pictures import with_pillow
from engine.pictures.raster import Raster
from engine.pictures.refusals import damaged, truncated
from engine.settings import Limits

_SCAN, _END = b"\xff\xda", b"\xff\xd9"  # markers; inside a scan neither can occur by chance
_MOST_SCANS = 100  # a progressive file has about 10; each costs a pass over all pixels, and can be a few bytes long


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first picture. Raises NotAPictureError where the file is damaged, TooLargeError past the limits.

    A download that was given its full length beforehand ends in zeros, which libjpeg decodes as grey without a word:
    so the end must be marked.
    """
    first = _behind_headers(data)
    end = data.find(_END, first)
    if end < 0:
        raise truncated(name)
    if data.count(_SCAN, first, end) > _MOST_SCANS:
        raise damaged(name, f"it has more than {_MOST_SCANS} scans")
    return with_pillow.read(data, kind, limits, name)


def _behind_headers(data: bytes) -> int:
    """The place of the first scan, behind the thumbnails that EXIF and others hold; or of what is no header."""
    at = 2
    while data[at : at + 1] == b"\xff" and data[at : at + 2] != _SCAN:
        filler = data[at + 1 : at + 2] == b"\xff"
        at += 1 if filler else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at
