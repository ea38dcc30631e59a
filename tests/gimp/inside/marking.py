"""People who are small in a large picture, and a selection that says who is meant."""

from __future__ import annotations

from gi.repository import Gimp

from tests.gimp.inside.calling import cut
from tests.gimp.inside.images import canvas, file, paint
from tests.gimp.inside.kinds import LARGE, MARKS


def main() -> None:
    image = canvas(size=LARGE)
    layer = Gimp.Layer.new(image, "large", *LARGE, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    paint(layer, "R'G'B' u8", file("large.rgb"))
    Gimp.Selection.all(image)
    cut("all selected", image, [layer], people="touching")
    Gimp.Selection.none(image)
    for x, y in MARKS:
        image.select_rectangle(Gimp.ChannelOps.ADD, x, y, 1, 1)
    cut("marks", image, [layer], people="touching")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *MARKS[0], 1, 1)
    cut("one mark", image, [layer], people="touching")
    image.delete()
