"""Pictures for tests of hot folders: small, so that the engine takes a fifth of a second for one."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image


@cache
def picture(number: int = 0, size: int = 48) -> bytes:
    """A JPEG file of one colour, another for each number; nobody is in it."""
    stream = io.BytesIO()
    Image.new("RGB", (size, size), (number * 37 % 256, number * 91 % 256, number % 256)).save(stream, "JPEG")
    return stream.getvalue()
