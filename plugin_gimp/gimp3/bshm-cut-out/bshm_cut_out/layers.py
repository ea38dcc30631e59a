"""Which layers are meant, and what is selected on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gi.repository import Gegl, Gimp

from bshm_cut_out.errors import N_, CutOutError
from bshm_cut_out.selection import Selected


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


def offset_of(layer: Any) -> tuple[int, int]:
    """Of its upper left corner, in the image's pixels."""
    _, x, y = layer.get_offsets()
    return x, y


def has_selection(image: Any) -> bool:
    """Whether something is selected."""
    return not Gimp.Selection.is_empty(image)


def check_there(layer: Any, size: tuple[int, int]) -> None:
    """Raises CutOutError where it is not there any more, or has another size: GIMP goes on while the engine works, and
    so does its user."""
    if not layer.is_valid() or size_of(layer) != size:
        raise CutOutError(N_("The layer was removed or resized meanwhile. Nothing was changed. Try again."))


def size_of(layer: Any) -> tuple[int, int]:
    """Width and height."""
    return layer.get_width(), layer.get_height()


def selected_on(image: Any, layer: Any) -> Selected | None:
    """What is selected on the layer now: the user may change it while the engine works. None: nothing is."""
    width, height = size_of(layer)
    area = Gegl.Rectangle.new(*offset_of(layer), width, height)
    samples = bytes(image.get_selection().get_buffer().get(area, 1.0, "Y u8", Gegl.AbyssPolicy.NONE))
    return Selected(width, height, samples) if any(samples) else None
