"""Pillow's settings of the whole process, changed for as long as this package reads a header."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from PIL import Image

from engine.settings import Limits

_lock = threading.RLock()


@contextmanager
def pillow_rules(limits: Limits | None) -> Iterator[None]:
    """Pillow with our limit (or none at all) for its own, and without its warnings, which would be printed.

    Pillow raises DecompressionBombError at twice its variable, also where a frame inside is larger than the header
    says. The variable and the filters of warnings belong to the process, so one thread at a time is let in.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = ceil(limits.megapixels * 1e6 / 2) if limits else None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before
