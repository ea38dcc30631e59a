"""Which layers are meant, and what is read of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gi.repository import Gegl, Gimp

from bshm_cut_out.cutting import Pixels
from bshm_cut_out.errors import N_, CutOutError

_POINTS = 400  # at most, of a selection


def meant(image: Any, drawables: Sequence[Any], *, every: bool) -> list[Any]:
    """The layers among what is selected, from the top down. A mask stands for its layer; a channel, for the one layer
    there is. Raises CutOutError where no layer is meant, or one that can have no mask."""
    layers: list[Any] = []
    for each in drawables:
        layer = _layer_of(image, each)
        if layer not in layers:
            layers.append(layer)
    if not layers:
        raise CutOutError(N_("No layer is selected. Select one in the Layers dialog."))
    layers.sort(key=_place)
    return layers if every else layers[:1]


def _layer_of(image: Any, drawable: Any) -> Any:
    if isinstance(drawable, Gimp.LayerMask):
        return Gimp.Layer.from_mask(drawable)
    if isinstance(drawable, Gimp.Layer):
        if drawable.is_floating_sel():
            raise CutOutError(
                N_("The selection floats. Anchor it, or make it a layer of its own (Layer > Anchor Layer).")
            )
        return drawable
    layers = image.get_layers()
    if len(layers) != 1:
        raise CutOutError(N_("A channel is selected. Select the layer that is meant in the Layers dialog."))
    return layers[0]


def _place(layer: Any) -> list[int]:
    """Where it lies in the tree of layers: the top one comes first."""
    place: list[int] = []
    while layer is not None:
        place.insert(0, layer.get_image().get_item_position(layer))
        layer = layer.get_parent()
    return place


def pixels_of(layer: Any, *, alpha: bool) -> Pixels:
    """A layer's pixels in sRGB, 8 bits a channel, whatever the image's kind and precision; a transparent pixel's colour
    is what is stored there. alpha: with a fourth channel."""
    name = "R'G'B'A u8" if alpha else "R'G'B' u8"
    width, height = layer.get_width(), layer.get_height()
    area = Gegl.Rectangle.new(0, 0, width, height)
    samples = layer.get_buffer().get(area, 1.0, name, Gegl.AbyssPolicy.CLAMP)
    return Pixels(width, height, 4 if alpha else 3, samples, layer.get_name())


def offset_of(layer: Any) -> tuple[int, int]:
    """Of its upper left corner, in the image's pixels."""
    _, x, y = layer.get_offsets()
    return x, y


def has_selection(image: Any) -> bool:
    """Whether something is selected."""
    return not Gimp.Selection.is_empty(image)


def selected_part(image: Any, layer: Any) -> tuple[int, int, int, int]:
    """The bounds of what is selected on the layer, in the image's pixels: left, top, and the first column and row past
    it. Raises CutOutError where that is nothing."""
    _, found, left, top, right, bottom = Gimp.Selection.bounds(image)
    across, down = offset_of(layer)
    left, right = max(left, across), min(right, across + layer.get_width())
    top, bottom = max(top, down), min(bottom, down + layer.get_height())
    if not found or left >= right or top >= bottom:
        raise CutOutError(
            N_(
                "No part of the layer '%(layer)s' is selected. Select one; or select nothing at all (Select > None), "
                "and not those touching the selection."
            ),
            layer=layer.get_name(),
        )
    return left, top, right, bottom


def points_in_selection(image: Any, layer: Any) -> tuple[tuple[int, int], ...]:
    """Points of the selection, evenly over the part of it that lies on the layer, in the layer's pixels.

    Raises CutOutError where there is none.
    """
    across, down = offset_of(layer)
    left, top, right, bottom = selected_part(image, layer)
    width, height = right - left, bottom - top
    area = Gegl.Rectangle.new(left, top, width, height)
    selected = image.get_selection().get_buffer().get(area, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
    step = max(1, int((width * height / _POINTS) ** 0.5) + 1) if width * height > _POINTS else 1
    points = [
        (left + x - across, top + y - down)
        for y in range(step // 2 if height > step else height // 2, height, step)
        for x in range(step // 2 if width > step else width // 2, width, step)
        if selected[y * width + x] > 127
    ]
    if not points:  # thinner than the grid
        place = max(range(len(selected)), key=selected.__getitem__)
        points = [(left + place % width - across, top + place // width - down)]
    return tuple(points[:_POINTS])
