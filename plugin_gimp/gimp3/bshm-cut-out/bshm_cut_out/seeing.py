"""What is seen of a layer: its pixels with its filters, as they are when the call begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gi.repository import Gegl, Gimp

from bshm_cut_out.blending import Graph
from bshm_cut_out.cutting import Pixels
from bshm_cut_out.errors import N_, CutOutError


def seen_of(layer: Any) -> Any:
    """A copy of its pixels, a buffer: GIMP goes on while the engine works, and so does its user. Filters, which GIMP
    keeps beside a layer's pixels, are applied to it. Raises CutOutError where one cannot be."""
    if not any(each.get_visible() for each in layer.get_filters()):
        return layer.get_buffer().dup()
    with _filtered(layer) as copy:
        _, left, top = layer.get_offsets()
        _, across, down = copy.get_offsets()  # a filter, a shadow for one, may make it larger
        whole = copy.get_buffer().dup()
    if (left, top) == (across, down) and _size(whole) == (layer.get_width(), layer.get_height()):
        return whole
    graph = Graph()
    own = Gegl.Buffer.new("RGBA float", 0, 0, layer.get_width(), layer.get_height())
    graph.write(graph.moved(graph.source(whole), across - left, down - top), own)
    return own


def _size(buffer: Any) -> tuple[int, int]:
    extent = buffer.get_extent()
    return extent.width, extent.height


@contextmanager
def _filtered(layer: Any) -> Iterator[Any]:
    """A copy with the filters applied, in an image of its own, which nobody sees: the user's gets no undo step."""
    image = layer.get_image()
    size, precision = (layer.get_width(), layer.get_height()), image.get_precision()
    grey = image.get_base_type() == Gimp.ImageBaseType.GRAY
    base = Gimp.ImageBaseType.GRAY if grey else Gimp.ImageBaseType.RGB
    scratch = Gimp.Image.new_with_precision(*size, base, precision)
    try:
        if profile := image.get_color_profile():
            scratch.set_color_profile(profile)
        copy = Gimp.Layer.new_from_drawable(layer, scratch)
        scratch.insert_layer(copy, None, 0)
        copy.set_lock_content(False)
        if copy.is_group():
            copy = copy.merge()
        if not copy.merge_filters():
            why = Gimp.get_pdb().get_last_error()
            raise CutOutError(
                N_("The filters of the layer '%(layer)s' could not be applied: %(why)s"),
                layer=layer.get_name(),
                why=why,
            )
        yield copy
    finally:
        scratch.delete()


def pixels_of(seen: Any, name: str, *, alpha: bool) -> Pixels:
    """The numbers that the image has for its colours, 8 bits a channel, whatever its kind, profile and precision: what
    a PNG of it has, which the command reads without regard to its profile too. A transparent pixel's colour is what is
    stored there. alpha: with a fourth channel."""
    width, height = _size(seen)
    form = "R'G'B'A u8" if alpha else "R'G'B' u8"
    numbers = Gegl.Buffer.new(form, 0, 0, width, height)
    graph = Graph()
    graph.write(graph.as_srgb(graph.source(seen)), numbers)
    samples = numbers.get(Gegl.Rectangle.new(0, 0, width, height), 1.0, form, Gegl.AbyssPolicy.NONE)
    return Pixels(width, height, 4 if alpha else 3, samples, name)
