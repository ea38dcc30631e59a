"""Layers of twelve megapixels: how long a call takes, for each result."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp

from tests.gimp.inside.calling import call
from tests.gimp.inside.images import canvas, file, paint
from tests.gimp.inside.kinds import LARGE
from tests.gimp.inside.saying import say

_RUNS = 5


def main() -> None:
    samples = file("large.rgb")
    for number in range(_RUNS):  # in turns, so that a noisy machine is noisy for all
        for result in ("mask", "cutout", "matte", "selection"):
            _timed(f"{result} {number}", samples, result)
        _timed(f"mask, soft selection {number}", samples, "mask", feather=200.0)


def _timed(check: str, samples: bytes, result: str, feather: float = 0.0) -> None:
    image = canvas(size=LARGE)
    layer = Gimp.Layer.new(image, "large", *LARGE, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    paint(layer, "R'G'B' u8", samples)
    if feather:
        _select(image, feather)
    say(check, **call(image, [layer], result=result))
    image.delete()


def _select(image: Any, feather: float) -> None:
    width, height = LARGE
    image.select_ellipse(Gimp.ChannelOps.REPLACE, width / 4, height / 4, width / 2, height / 2)
    Gimp.Selection.feather(image, feather)
