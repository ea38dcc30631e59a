"""Colour spaces: which profiles are kept, and the way of every other kind of pixel to RGB."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from engine.pictures.depth import in_depth_of
from engine.types import Pixels, Rgb8


@cache
def srgb() -> bytes:
    """An sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def space_of(icc: bytes) -> str:
    """The colour space of a profile's pixels: "RGB", "CMYK", "GRAY", "LAB", ...; "" where the profile is damaged."""
    try:
        return str(_open(icc).profile.xcolor_space).strip()
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError):
        return ""


def keep_rgb(icc: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    """The profile of pixels that are RGB already: itself, or None and a note where it cannot belong to them."""
    if not icc:
        return None, ()
    space = space_of(icc)
    if space == "RGB":
        return icc, ()
    why = f"is for {space} pixels" if space else "is damaged"
    return None, (f"The colour profile {why} and was left out: sRGB is assumed",)


def keep_grey(icc: bytes | None) -> tuple[bytes | None, tuple[str, ...]]:
    """The RGB profile under which grey values, written three times, look as they did under their own profile."""
    if not icc or space_of(icc) == "RGB":
        return icc or None, ()
    profile = _rgb_with_curve_of(icc) if space_of(icc) == "GRAY" else None
    if profile and space_of(profile) == "RGB":
        return profile, ("The grey colour profile was rewritten for RGB pixels, with the same tone curve",)
    return None, ("The colour profile does not fit grey pixels and was left out: sRGB is assumed",)


def cmyk_to_srgb(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, str]:
    """A CMYK image as sRGB, and the note that says so."""
    converted = _transformed(image, _open(icc), srgb()) if icc and space_of(icc) == "CMYK" else None
    if converted is not None:
        return converted, "CMYK was converted to sRGB with the file's colour profile"
    plain = image.convert("RGB")
    return plain, "CMYK without a usable colour profile was converted to RGB: its colours are approximate"


def lab_to_srgb(image: Image.Image) -> tuple[Image.Image, str]:
    """A CIELAB (D50) image as sRGB, and the note that says so. Raises PyCMSError where the image is damaged."""
    converted = _transformed(image, ImageCms.createProfile("LAB"), srgb())
    if converted is None:
        raise ImageCms.PyCMSError("no conversion from Lab")
    return converted, "Lab was converted to sRGB"


def to_profile(pixels: Rgb8, source: bytes | None, target: bytes | None) -> Rgb8:
    """RGB pixels [H, W, 3] of one profile as they look alike under another; None is sRGB.

    They stay as they are where a profile goes one way only, as some scanners' do.
    """
    if source == target:
        return pixels
    converted = _transformed(Image.fromarray(pixels), _open(source or srgb()), target or srgb())
    return pixels if converted is None else np.asarray(converted, np.uint8)


def straight(pixels: Pixels, alpha: Pixels) -> Pixels:
    """RGB that had its alpha multiplied in (TIFF's associated alpha), divided by it again: 0 where alpha is 0."""
    most = np.iinfo(pixels.dtype).max
    divided = np.rint(pixels * (most / np.maximum(alpha, 1, dtype=np.float32))[..., None])
    return in_depth_of(pixels, np.minimum(divided, most))


def _open(icc: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(icc))


def _transformed(image: Image.Image, profile: Any, target: bytes) -> Image.Image | None:
    """The image under an RGB profile, as photo editors convert; None where one of the profiles lacks the way."""
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    try:
        return ImageCms.profileToProfile(image, profile, _open(target), intent, "RGB", flags=flags)
    except ImageCms.PyCMSError:
        return None


def _rgb_with_curve_of(grey: bytes) -> bytes | None:
    """sRGB's primaries with a grey profile's tone curve (tag kTRC) for each channel; None where there is no such curve.

    Equal values of R, G and B then stand for the white point times the curve, which is what the grey profile says
    (ICC.1, monochrome input profiles). Curves towards Lab mean another thing and are not taken over.
    """
    tags = _tags(grey)
    if "kTRC" not in tags or grey[20:24] != b"XYZ ":
        return None
    primaries = _tags(srgb())
    table = {tag: primaries[tag] for tag in ("rXYZ", "gXYZ", "bXYZ", "wtpt", "cprt")}
    table |= {
        "rTRC": tags["kTRC"],
        "gTRC": tags["kTRC"],
        "bTRC": tags["kTRC"],
        "desc": tags.get("desc", primaries["desc"]),
    }
    entries, body = b"", b""
    start = 128 + 4 + 12 * len(table)
    for tag, data in table.items():
        entries += struct.pack(">4sII", tag.encode("ascii"), start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = bytearray(grey[:128])
    header[0:4] = struct.pack(">I", start + len(body))
    header[12:20] = b"mntrRGB "
    header[84:100] = bytes(16)  # the checksum of the old profile
    return bytes(header) + struct.pack(">I", len(table)) + entries + body


def _tags(icc: bytes) -> dict[str, bytes]:
    """A profile's tags: signature to data (ICC.1, 7.3). Entries that point outside the profile are left out."""
    tags = {}
    count = int.from_bytes(icc[128:132], "big")
    for entry in range(min(count, 100)):
        signature, offset, size = struct.unpack_from(">4sII", icc.ljust(132 + 12 * 100, b"\0"), 132 + 12 * entry)
        if offset + size <= len(icc) and size:
            tags[signature.decode("latin-1")] = icc[offset : offset + size]
    return tags
