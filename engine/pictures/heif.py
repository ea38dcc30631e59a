"""The reader of HEIC and HEIF: libheif through pillow_heif, which turns, mirrors and crops as the file asks."""

from __future__ import annotations

import io

import numpy as np

from engine.pictures import colour
from engine.pictures.decoding import decoding
from engine.pictures.depth import stretched
from engine.pictures.nclx import unprofiled
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import check_size
from engine.settings import Limits
from engine.types import Pixels, Size, Source


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the primary picture; 10 and 12 bits become 16, so that white is 65535.

    Raises NotAPictureError where the file is damaged, TooLargeError past the limits.
    """
    import pillow_heif

    with decoding(name, kind):
        file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
        primary = file[file.primary_index]
        info, size = primary.info, Size(*primary.size)
        check_size(size, limits, name)
        samples: Pixels = np.asarray(primary)
    if samples.dtype == np.uint16:
        samples = stretched(samples, 2 ** int(info["bit_depth"]) - 1)
    mode = primary.mode.partition(";")[0]
    pixels, alpha = expanded(samples.reshape(*samples.shape[:2], -1), has_alpha=mode[-1] in "Aa")
    if alpha is not None and mode[-1] == "a":
        pixels = colour.straight(pixels, alpha)
    keep = colour.keep_grey if mode[0] in "LI" else colour.keep_rgb
    icc, notes = keep(info.get("icc_profile"))
    source = Source(kind, primary.mode, 8 * samples.itemsize, len(file), size)
    exif = (info["exif"] or b"").removeprefix(b"Exif\0\0")
    return Raster(pixels, alpha, icc, exif, source, (*notes, *unprofiled(data, icc)), turned=True)
