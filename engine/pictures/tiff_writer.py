"""TIFF with 8 or 16 bits, alpha, ICC profile and EXIF: tifffile, since Pillow writes no colours with 16 bits."""

from __future__ import annotations

import io

from engine.pictures.exif import added_to_tiff
from engine.types import Pixels


def write_tiff(samples: Pixels, icc: bytes | None, exif: bytes | None) -> bytes:
    """Samples [H, W, C] (grey, RGB, or RGB with alpha that is not multiplied in) as a TIFF with Deflate.

    exif: a block as exif.cleaned makes it, or None.
    """
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(
        file,
        samples if samples.shape[2] > 1 else samples[..., 0],
        byteorder=">" if exif and exif.startswith(b"MM") else "<",  # EXIF's values go in as they are
        bigtiff=False,
        photometric="rgb" if samples.shape[2] > 1 else "minisblack",
        extrasamples=["unassalpha"] if samples.shape[2] == 4 else None,
        compression="zlib",
        compressionargs={"level": 1},
        predictor=True,
        rowsperstrip=64,
        iccprofile=icc,
        metadata=None,
        software=False,
    )
    return added_to_tiff(file.getvalue(), exif) if exif else file.getvalue()
