"""BSHM's own contract, and how the stages see it.

The file (ModelScope `iic/cv_unet_image-matting`, and what is made of it) takes one picture [H, W, 3], RGB 0..255, of
any size and without a batch axis, and gives either the picture with its alpha, RGBA uint8 [H, W, 4], or the mask alone,
float32 0..255 [H, W, 1] or [H, W]. The stages know planes: [1, 3, H, W] in, [1, 1, H, W] out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import NetworkError
from engine.runtimes import Tensor
from engine.types import Rgb8


def to_picture(tensor: Tensor) -> Rgb8:
    """[1, 3, H, W] 0..255, whole numbers -> [H, W, 3]."""
    return np.ascontiguousarray(tensor[0].transpose(1, 2, 0), np.uint8)


def alpha_of(output: npt.NDArray[Any], name: str) -> Tensor:
    """What the file gave -> alpha [1, 1, H, W], 0..1. name: the network's, for the sentence.

    Raises NetworkError for an array of another shape or kind.
    """
    if output.ndim == 3 and output.shape[2] == 4 and output.dtype == np.uint8:
        alpha = output[..., 3]
    elif output.dtype == np.float32 and (output.ndim == 2 or (output.ndim == 3 and output.shape[2] == 1)):
        alpha = output.reshape(output.shape[:2])
    else:
        shape = " x ".join(map(str, output.shape))
        raise NetworkError(f"{name}: the network's output is no alpha", f"it is {shape}, {output.dtype}")
    if np.isnan(alpha).any():
        raise NetworkError(f"{name}: the network's output is no alpha", "some of its values are no numbers")
    return np.asarray(np.clip(alpha / np.float32(255), 0, 1)[None, None], np.float32)


def output_of(names: Sequence[str]) -> str:
    """The output to read: the mask, whose steps are finer, where there is one; the picture; else the first.

    names: the file's outputs, as TensorFlow ("output_png:0") or without the number.
    """
    plain = {name.removesuffix(":0"): name for name in names}
    return next((plain[each] for each in ("output_mask", "output_png") if each in plain), names[0])
