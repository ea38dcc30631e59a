"""Memory that ran out: how libraries say it, and what the user is told."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import BshmError, MemoryShortError

_OPENCV = -4  # cv::Error::StsNoMem


def is_shortage(error: Exception) -> bool:
    """Whether a library means by this that memory ran out. (numpy, Pillow and our runtimes raise MemoryError.)"""
    import cv2

    return isinstance(error, MemoryError) or (isinstance(error, cv2.error) and bool(error.code == _OPENCV))


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


def room_for(count: int) -> bool:
    """Whether so many bytes could be had now. Nothing is touched, so it costs next to nothing.

    For libraries that tell damaged data from memory that ran out badly.
    """
    try:
        mmap.mmap(-1, max(count, 1), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        return False
    return True
