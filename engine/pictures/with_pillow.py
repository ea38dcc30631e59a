"""The reader of all pictures with 8 bits a channel except HEIF: Pillow."""

from __future__ import annotations

import io
from contextlib import nullcontext

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.errors import NotAPictureError
from engine.pictures import colour
from engine.pictures.decoding import decoding
from engine.pictures.pillow_rules import pillow_rules
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import check_size, unreadable
from engine.pictures.stated_size import stated_size
from engine.settings import Limits
from engine.types import Pixels, Size, Source

_GREY = ("1", "L", "LA")
_COLOUR = ("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr")


def open_image(data: bytes, kind: str, limits: Limits, name: str) -> Image.Image:
    """Pillow's image with its header read, its size checked, and no pixel decoded."""
    stated = stated_size(data, kind)
    if stated is not None:
        check_size(stated, limits, name)
    # Pillow's own limit, which does not tell the size, stays for GIF and WebP: opening them takes memory.
    with decoding(name, kind), pillow_rules(limits if kind in ("GIF", "WEBP") else None):
        try:
            image = Image.open(io.BytesIO(data), formats=[kind])
        except UnidentifiedImageError as error:
            raise NotAPictureError(
                f"{name}: the picture cannot be read",
                f"it starts like {kind}, but what follows is damaged or of a rare sort",
                "Copy it again, or export it as PNG or JPEG",
            ) from error
        check_size(Size(*image.size), limits, name)
    return image


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first frame. Raises NotAPictureError where the file is damaged, TooLargeError past the limits."""
    image = open_image(data, kind, limits, name)
    with decoding(name, kind):
        exif = image.info.get("exif") or b""
        source = Source(image.format or kind, image.mode, 8, frames_of(image), Size(*image.size))
        # Only TIFF asks Pillow's limit once more while it loads; the others can run side by side.
        with pillow_rules(limits) if kind == "TIFF" else nullcontext():
            image.load()
        pixels, alpha, icc, notes = _rgb(image, name)
    return Raster(pixels, alpha, icc, exif.removeprefix(b"Exif\0\0"), source, notes)


def frames_of(image: Image.Image) -> int:
    """How many pictures the file holds; 2 stands for several in GIF and TIFF, where only a walk through could count."""
    if image.format in ("GIF", "TIFF"):
        return 2 if getattr(image, "is_animated", False) else 1
    return int(getattr(image, "n_frames", 1))


def _rgb(image: Image.Image, name: str) -> tuple[Pixels, Pixels | None, bytes | None, tuple[str, ...]]:
    """Pixels [H, W, 3], alpha [H, W] or None, their profile, and notes on what was converted."""
    icc: bytes | None = image.info.get("icc_profile") or None
    if image.mode in _GREY:
        kept, notes = colour.keep_grey(icc)
    elif image.mode in _COLOUR:
        kept, notes = colour.keep_rgb(icc)
    elif image.mode == "CMYK":
        image, note = colour.cmyk_to_srgb(image, icc)
        kept, notes = None, (note,)
    elif image.mode == "LAB":
        image, note = colour.lab_to_srgb(image)
        kept, notes = None, (note,)
    else:
        raise unreadable(name, f"a picture of Pillow's mode {image.mode}")
    has_alpha = image.has_transparency_data
    wanted = "RGBA" if has_alpha else "L" if image.mode in _GREY else "RGB"
    samples = np.asarray(image if image.mode == wanted else image.convert(wanted))
    pixels, alpha = expanded(np.atleast_3d(samples), has_alpha)
    return pixels, alpha, kept, notes
