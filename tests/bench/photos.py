"""Pictures of several sizes, made of one photo: for benches that ask for time, memory and order, not for quality."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

ASTRONAUT = Path(__file__).parents[2] / "docs" / "images" / "astronaut.jpg"


def portrait(width: int, height: int, shade: int = 0) -> bytes:
    """The astronaut as a JPEG file of this size. shade: 0..255, of a stripe at the side, so that pictures differ."""
    with Image.open(ASTRONAUT) as photo:
        pixels = np.array(photo.convert("RGB").resize((width, height)))
    pixels[:, : max(1, width // 20)] = shade
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def nobody(width: int, height: int) -> bytes:
    """A sky of this size as a JPEG file."""
    rows = np.linspace(0, 60, height, dtype=np.uint8)[:, None]
    pixels = np.stack([np.broadcast_to(rows + base, (height, width)) for base in (80, 120, 190)], -1)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=92)
    return stream.getvalue()
