"""A result to bytes: cut-out, matte or composite, as a PNG, WebP, TIFF or (composites) JPEG file, or raw samples."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import numpy as np
from PIL import Image

from engine.errors import OutputError
from engine.pictures.background import WHITE, Background, backdrop
from engine.pictures.depth import from_matte, in_depth_of, to_8_bits
from engine.pictures.formats import LONGEST_SIDE, MOST_BYTES, written_format
from engine.pictures.png_chunks import with_metadata
from engine.pictures.tiff_writer import write_tiff
from engine.pictures.with_opencv import encoded
from engine.shortage import shortage_told
from engine.types import CutOut, Pixels

# Samples [H, W, C] (grey, RGB, RGB and alpha), ICC profile and EXIF block -> the bytes of a file.
Writer = Callable[[Pixels, bytes | None, bytes | None], bytes]
_ROWS = 256  # blended at a time, so that a large composite needs little memory beside itself


def encode(cut: CutOut, want: str, chosen: str, *, bits: int = 8, background: Background = WHITE) -> bytes:
    """The bytes of one of settings.WANTS, in the format that formats.written_format(want, chosen) names.

    chosen: of settings.FORMATS; or "raw", 8-bit samples [H, W, C] row by row: a matte has one channel, a composite RGB,
    a cut-out RGB and alpha. bits: of a matte. background: of a composite. Raises OutputError where the format cannot
    hold the size, MemoryShortError where memory runs out.
    """
    width, height = cut.picture.size
    with shortage_told(f"there is not enough memory to write the {want} of {width} x {height} pixels"):
        if want == "matte":
            return encode_matte(cut, chosen, bits)
        if want == "composite":
            return encode_composite(cut, background, chosen)
        return encode_cutout(cut, chosen)


def encode_cutout(cut: CutOut, chosen: str) -> bytes:
    """The foreground with the matte as alpha, in the picture's depth (WebP: 8 bits), with its profile and EXIF."""
    alpha = from_matte(cut.matte, 8 * cut.foreground.itemsize)
    samples = in_depth_of(alpha, np.dstack([cut.foreground, alpha]))
    return _write(samples, written_format("cutout", chosen), cut.picture.icc, cut.picture.exif)


def encode_matte(cut: CutOut, chosen: str, bits: int) -> bytes:
    """The matte as grey, 255 or 65535 for 1 (bits: 8 or 16; raw: 8). It is no photo: no profile, no EXIF."""
    samples = from_matte(cut.matte, 8 if chosen == "raw" else bits)
    return _write(samples[..., None], written_format("matte", chosen))


def encode_composite(cut: CutOut, background: Background, chosen: str) -> bytes:
    """The foreground before a background, in the picture's depth (WebP, JPEG: 8 bits), with its profile and EXIF."""
    samples = blended(cut, backdrop(background, cut.picture))
    return _write(samples, written_format("composite", chosen), cut.picture.icc, cut.picture.exif)


def blended(cut: CutOut, behind: Pixels) -> Pixels:
    """foreground x matte + behind x (1 - matte) [H, W, 3], in the foreground's depth; behind: [H, W, 3] or [1, 1, 3].

    Whole numbers up to 65535 are exact in float32, so the foreground stays as it is where the matte is 1.
    """
    result = np.empty_like(cut.foreground)
    for top in range(0, result.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        below = (behind if behind.shape[0] == 1 else behind[rows]).astype(np.float32)
        result[rows] = np.rint(below + (cut.foreground[rows] - below) * cut.matte[rows, :, None])
    return result


def _write(samples: Pixels, chosen: str, icc: bytes | None = None, exif: bytes | None = None) -> bytes:
    height, width = samples.shape[:2]
    too_long = max(width, height) > LONGEST_SIDE.get(chosen, sys.maxsize)
    if too_long or samples.nbytes > MOST_BYTES.get(chosen, sys.maxsize):
        other = "tiff" if chosen == "png" else "png"
        raise OutputError(f"a result of {width} x {height} pixels does not fit into {chosen}", remedy=f"Choose {other}")
    return _WRITERS[chosen](samples, icc, exif)


def _png(samples: Pixels, icc: bytes | None, exif: bytes | None) -> bytes:
    """OpenCV's PNG: it knows 16 bits, and with run lengths and the average filter it is several times as fast as
    Pillow's at about the same size (12 megapixels with alpha: 0.2 to 0.6 s)."""
    import cv2

    fast = {
        cv2.IMWRITE_PNG_COMPRESSION: 1,
        cv2.IMWRITE_PNG_STRATEGY: cv2.IMWRITE_PNG_STRATEGY_RLE,
        cv2.IMWRITE_PNG_FILTER: cv2.IMWRITE_PNG_FILTER_AVG,
    }
    return with_metadata(
        encoded(".png", samples, [number for setting in fast.items() for number in setting]), icc, exif
    )


def _webp(samples: Pixels, icc: bytes | None, exif: bytes | None) -> bytes:
    """Lossless, so that the photo's pixels stay as they are; with the least effort, which costs some 30 % in size."""
    file = io.BytesIO()
    image = Image.fromarray(to_8_bits(samples))
    how = {"lossless": True, "exact": True, "method": 0, "quality": 0, "icc_profile": icc or b"", "exif": exif or b""}
    try:
        image.save(file, "WEBP", **how)
    except ValueError as error:
        if str(error) in _WEBP_SHORT:
            raise MemoryError(f"libwebp: {error}") from error
        raise
    return file.getvalue()


def _jpeg(samples: Pixels, icc: bytes | None, exif: bytes | None) -> bytes:
    """Quality 95 with full colour resolution: hair against a new background shows the usual halving."""
    file = io.BytesIO()
    block = b"Exif\0\0" + exif if exif and len(exif) <= _MOST_JPEG_EXIF else b""
    image = Image.fromarray(to_8_bits(samples))
    image.save(file, "JPEG", quality=95, subsampling="4:4:4", icc_profile=icc, exif=block)
    return file.getvalue()


def _raw(samples: Pixels, _icc: bytes | None, _exif: bytes | None) -> bytes:
    return to_8_bits(samples).tobytes()


_WEBP_SHORT = ("encoding error 1", "encoding error 2")  # VP8_ENC_ERROR_OUT_OF_MEMORY, ..._BITSTREAM_OUT_OF_MEMORY
_MOST_JPEG_EXIF = 65_527  # bytes, after the segment's length and "Exif\0\0"
_WRITERS: dict[str, Writer] = {"png": _png, "webp": _webp, "tiff": write_tiff, "jpeg": _jpeg, "raw": _raw}
