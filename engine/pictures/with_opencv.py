"""Samples of more than 8 bits, which Pillow would cut to 8: OpenCV's libpng, libtiff and libavif."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.pictures.decoding import decoding
from engine.pictures.refusals import damaged
from engine.shortage import room_for
from engine.types import Pixels, Size

# OpenCV's order of channels from ours, and ours from OpenCV's, by their number.
SWAPPED = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}

_ENCODING = 4  # times the samples: another order, and a file that grows by doubling


def samples_of(data: bytes, kind: str, size: Size, name: str) -> npt.NDArray[np.uint16]:
    """The samples [H, W, C] of a file of this size as they are stored: grey, RGB, or RGB with alpha.

    Grey with alpha comes as RGB with alpha. No orientation is applied to PNG and AVIF, but that of a TIFF is.
    Raises NotAPictureError where the file is damaged, or of another size or depth than 16 bits.
    """
    import cv2

    _silence()
    with decoding(name, kind):
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16 or stored.shape[:2] != (size.height, size.width):
        raise damaged(name, f"its {kind} data cannot be decoded")
    samples = np.asarray(stored, np.uint16).reshape(size.height, size.width, -1)
    return samples if samples.shape[2] == 1 else samples[..., SWAPPED[samples.shape[2]]]


def encoded(suffix: str, samples: Pixels, settings: Sequence[int] = ()) -> bytes:
    """Samples [H, W, C] (grey, RGB, or RGB with alpha) as a file of the kind that the suffix names (".png").

    Raises MemoryError where memory is short, if it can be seen beforehand: OpenCV, or libpng in it, can crash when it
    runs out underway; or it answers False, and gives as much of the file as it had.
    """
    import cv2

    _silence()
    if not room_for(_ENCODING * samples.nbytes):
        raise MemoryError(f"{suffix}: {samples.nbytes} bytes of samples")
    done, file = cv2.imencode(suffix, samples[..., SWAPPED[samples.shape[2]]], settings)
    if not done:
        raise MemoryError(f"{suffix} could not be written")
    return file.tobytes()


def _silence() -> None:
    """OpenCV prints lines about what is raised here. The level belongs to the process, and several threads can be here
    at once: so it is never set back."""
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
