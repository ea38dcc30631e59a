"""The reader of JPEG: Pillow, after a look for the end that a half-copied file lacks."""

from __future__ import annotations

from engine.pictures import with_pillow
from engine.pictures.raster import Raster
from engine.pictures.refusals import truncated
from engine.settings import Limits

_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first picture. Raises NotAPictureError where the file is damaged, TooLargeError past the limits.

    A download that was given its full length beforehand ends in zeros, which libjpeg decodes as grey without a word:
    so an end-of-image marker must follow the last start of a scan. Inside a scan neither can occur by chance.
    """
    raster = with_pillow.read(data, kind, limits, name)
    if data.rfind(_END_OF_IMAGE) < data.rfind(_START_OF_SCAN):
        raise truncated(name)
    return raster
