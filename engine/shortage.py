"""Memory that ran out: how libraries say it, and what the user is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import BshmError, MemoryShortError

# How codecs say it that raise no MemoryError: libheif, libavif, libwebp (1 and 2 of its WebPEncodingError).
_SAID = re.compile(r"memory allocation error|out of memory|^encoding error [12]$", re.IGNORECASE)
_OPENCV = -4  # cv::Error::StsNoMem


def is_shortage(error: Exception) -> bool:
    """Whether a library means by this that memory ran out. (numpy, Pillow and our runtimes raise MemoryError.)"""
    import cv2

    if isinstance(error, cv2.error):
        return bool(error.code == _OPENCV)
    return isinstance(error, MemoryError) or bool(_SAID.search(str(error)))


def short(what: str, why: str = "") -> MemoryShortError:
    """The error for memory that ran out, with what can be done about it."""
    return MemoryShortError(what, why, "Close other programs, or raise memory.megabytes in the config")


@contextmanager
def shortage_told(what: str) -> Iterator[None]:
    """Raises MemoryShortError, which says `what`, in place of what libraries raise where memory runs out."""
    try:
        yield
    except BshmError:
        raise
    except Exception as error:
        if is_shortage(error):
            raise short(what) from error
        raise
