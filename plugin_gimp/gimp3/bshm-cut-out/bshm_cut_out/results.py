"""What comes of the mattes: masks, layers, a selection. All is computed first; then, in one undo step, made so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from gi.repository import Gegl, Gimp

from bshm_cut_out.blending import Graph, buffer_of, numbers_for, write
from bshm_cut_out.errors import N_, CutOutError
from bshm_cut_out.layers import check_there, offset_of
from bshm_cut_out.selection import Selected
from bshm_cut_out.words import _

# What the engine is asked for, for each result.
WANTS: Mapping[str, str] = {"mask": "matte", "cutout": "cutout", "matte": "matte", "selection": "matte"}

_OPAQUE = bytes(255) + b"\xff"  # tables: 255 where alpha is 255, else 0 ...
_HALF = bytes(128) + b"\xff" * 128  # ... or where it is at least half


@dataclass(frozen=True)
class Cut:
    """A layer and what the engine made of it: a matte's samples, or RGBA, of its width and height (`size`).
    seen: its pixels when the call began (bshm_cut_out.seeing).
    intersect: with the mask that it has. limit: what was selected on it when the call began, or None."""

    layer: Any
    seen: Any
    size: tuple[int, int]
    samples: bytes
    intersect: bool
    limit: Selected | None


def check(image: Any, result: str) -> None:
    """Raises CutOutError for a result that the image cannot have."""
    if result == "matte" and image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise CutOutError(
            N_(
                "An indexed image has no greys for a matte. Choose another result, or convert it first: "
                "Image > Mode > RGB"
            )
        )


def apply(image: Any, result: str, cuts: Sequence[Cut]) -> None:
    """Makes it so, in one undo step. Where something fails before that, nothing has changed."""
    for cut in cuts:
        check_there(cut.layer, cut.size)
    prepare, attach = _MAKERS[result]
    made = [(cut, prepare(image, cut)) for cut in cuts]
    selected = image.get_selected_layers()
    with _one_undo_step(image):
        for number, (cut, each) in enumerate(made):
            attach(image, cut, each, number)
        if result in ("matte", "selection"):  # who goes on, goes on with the photo
            image.set_selected_layers(selected)


@contextmanager
def _one_undo_step(image: Any) -> Iterator[None]:
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()


def _selection(graph: Graph, limit: Selected) -> Any:
    return graph.source(buffer_of(limit.samples, limit.width, limit.height, "Y u8"))


def _matte_into(buffer: Any, cut: Cut, outside: Any = None) -> None:
    """The matte as asked. outside: a buffer with what stays outside of the selection; None: black."""
    width, height = cut.size
    if not cut.intersect and not cut.limit:
        write(buffer, cut.samples, width, height, "Y u8")
        return
    graph = Graph()
    made = graph.source(buffer_of(cut.samples, width, height, "Y u8"))
    if cut.intersect:
        made = graph.product(made, graph.source(cut.layer.get_mask().get_buffer()))
    if cut.limit:
        below = outside or buffer_of(bytes(width * height), width, height, "Y u8")
        made = graph.within(graph.source(below), made, _selection(graph, cut.limit))
    graph.write(made, buffer)


def _mask(_image: Any, cut: Cut) -> Any:
    """A mask that is not attached yet: so it can be filled though the layer is locked."""
    width, height = cut.size
    mask, old = cut.layer.create_mask(Gimp.AddMaskType.WHITE), cut.layer.get_mask()
    outside = old.get_buffer() if old else buffer_of(b"\xff" * (width * height), width, height, "Y u8")
    _matte_into(mask.get_buffer(), cut, outside)
    return mask


def _attach_mask(_image: Any, cut: Cut, mask: Any, _number: int) -> None:
    if cut.layer.get_mask() is not None:
        cut.layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    if not cut.layer.add_mask(mask):
        raise CutOutError(N_("GIMP did not take the mask: %(why)s"), why=Gimp.get_pdb().get_last_error())


def _cutout(image: Any, cut: Cut) -> Any:
    """The layer's own pixels where the matte is 1, in their own precision; the engine's colours at soft edges. Of an
    indexed image, which knows no soft edges, each pixel is there or not."""
    width, height = cut.size
    layer = _new_layer(image, cut, _("%s cut-out"), alpha=True)
    _look_alike(layer, cut.layer)
    indexed = image.get_base_type() == Gimp.ImageBaseType.INDEXED
    graph = Graph()
    opaque = buffer_of(cut.samples[3::4].translate(_OPAQUE), width, height, "Y u8")
    colours = _solid(cut.samples) if indexed else cut.samples
    edges = graph.source(numbers_for(image.get_precision(), colours, width, height, "R'G'B'A u8"))
    own = graph.source(cut.seen)
    made = graph.within(graph.cast(edges, own), own, graph.source(opaque))
    if indexed:
        there = _matte(replace(cut, samples=cut.samples[3::4])).translate(_HALF)
        made = graph.faded(made, graph.source(buffer_of(there, width, height, "Y u8")))
    else:
        if cut.intersect:
            made = graph.faded(made, graph.source(cut.layer.get_mask().get_buffer()))
        if cut.limit:
            made = graph.faded(made, _selection(graph, cut.limit))
    graph.write(made, layer.get_buffer())
    return layer


def _solid(samples: bytes) -> bytes:
    """RGBA samples, all of them opaque."""
    solid = bytearray(samples)
    solid[3::4] = b"\xff" * (len(samples) // 4)
    return bytes(solid)


def _look_alike(new: Any, layer: Any) -> None:
    """What is below shows through as it does through the layer. A group may let it through as no layer can."""
    through = layer.get_mode() == Gimp.LayerMode.PASS_THROUGH
    new.set_mode(Gimp.LayerMode.NORMAL if through else layer.get_mode())
    new.set_opacity(layer.get_opacity())
    new.set_blend_space(layer.get_blend_space())
    new.set_composite_space(layer.get_composite_space())
    new.set_composite_mode(layer.get_composite_mode())


def _matte(cut: Cut) -> bytes:
    """As asked, 8 bits a pixel; black outside of the selection."""
    width, height = cut.size
    matte = Gegl.Buffer.new("Y u8", 0, 0, width, height)
    _matte_into(matte, cut)
    return bytes(matte.get(Gegl.Rectangle.new(0, 0, width, height), 1.0, "Y u8", Gegl.AbyssPolicy.NONE))


def _matte_layer(image: Any, cut: Cut) -> Any:
    layer = _new_layer(image, cut, _("%s matte"), alpha=False)
    graph = Graph()
    greys = graph.source(numbers_for(image.get_precision(), _matte(cut), *cut.size, "Y' u8"))  # half looks like half
    graph.write(graph.cast(greys, graph.source(layer.get_buffer())), layer.get_buffer())
    return layer


def _new_layer(image: Any, cut: Cut, name: str, *, alpha: bool) -> Any:
    kinds = {
        Gimp.ImageBaseType.RGB: (Gimp.ImageType.RGB_IMAGE, Gimp.ImageType.RGBA_IMAGE),
        Gimp.ImageBaseType.GRAY: (Gimp.ImageType.GRAY_IMAGE, Gimp.ImageType.GRAYA_IMAGE),
        Gimp.ImageBaseType.INDEXED: (Gimp.ImageType.INDEXED_IMAGE, Gimp.ImageType.INDEXEDA_IMAGE),
    }
    kind = kinds[image.get_base_type()][alpha]
    layer = Gimp.Layer.new(image, name % cut.layer.get_name(), *cut.size, kind, 100.0, Gimp.LayerMode.NORMAL)
    layer.set_offsets(*offset_of(cut.layer))  # before it is in a group, whose position may be locked
    return layer


def _insert_layer(image: Any, cut: Cut, layer: Any, _number: int) -> None:
    inserted = image.insert_layer(layer, cut.layer.get_parent(), image.get_item_position(cut.layer))
    if not inserted or offset_of(layer) != offset_of(cut.layer):
        raise CutOutError(N_("GIMP did not put the new layer where the old one lies. Take it back: Edit > Undo"))
    layer.update(0, 0, *cut.size)


def _carrier(image: Any, cut: Cut) -> tuple[Any, Any]:
    """A layer that nobody sees, and the matte as its mask: of a mask, which is linear as selections are, every value
    becomes the selection; of a channel of an image that is not linear, none but 0 and 1 does."""
    layer = _new_layer(image, cut, "%s", alpha=False)
    mask = layer.create_mask(Gimp.AddMaskType.BLACK)
    _matte_into(mask.get_buffer(), cut)
    return layer, mask


def _select(image: Any, cut: Cut, carrier: tuple[Any, Any], number: int) -> None:
    layer, mask = carrier
    _insert_layer(image, cut, layer, number)
    layer.add_mask(mask)
    image.select_item(Gimp.ChannelOps.ADD if number else Gimp.ChannelOps.REPLACE, mask)
    image.remove_layer(layer)


_MAKERS: Mapping[str, tuple[Callable[[Any, Cut], Any], Callable[[Any, Cut, Any, int], None]]] = {
    "mask": (_mask, _attach_mask),
    "cutout": (_cutout, _insert_layer),
    "matte": (_matte_layer, _insert_layer),
    "selection": (_carrier, _select),
}
