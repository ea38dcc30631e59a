"""Each kind of result, with and without a selection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gi.repository import Gimp

from tests.gimp.inside.calling import cut, keep_drawable
from tests.gimp.inside.images import as_srgb, canvas, image_of, photo, pixels, ramp_mask
from tests.gimp.inside.kinds import CANVAS, OFFSET, OUTCOMES, SELECTED, Kind
from tests.gimp.inside.saying import keep, say


def main() -> None:
    for kind in OUTCOMES:
        for result in ("cutout", "matte", "selection"):
            _outcome(f"{result}, {kind.name}", kind, result)
    for result in ("mask", "cutout", "matte", "selection"):
        _selected(f"{result}, rectangle", result, _rectangle)
        _selected(f"{result}, soft", result, _soft)
    _selected("mask, soft, a mask", "mask", _soft, masked=True)
    _selected("mask, elsewhere", "mask", _elsewhere)
    _grouped()
    for lock in ("position", "content", "visibility"):
        for result in ("cutout", "matte", "selection"):
            _locked_group(lock, result)
    _looks()


def _outcome(check: str, kind: Kind, result: str) -> None:
    image, layer = image_of(kind)
    image.resize(*CANVAS, *OFFSET)
    cut(check, image, [layer], result=result)
    _keep_results(check, image, layer)
    image.delete()


def _keep_results(check: str, image: Any, layer: Any) -> None:
    """New layers, from the top down, and the selection: the numbers that they have, whatever the image's profile."""
    as_srgb(image)
    siblings = layer.get_parent().get_children() if layer.get_parent() else image.get_layers()
    new = [
        {
            "name": each.get_name(),
            "place": siblings.index(each) - siblings.index(layer),
            "alpha": each.has_alpha(),
            **keep_drawable(f"{check} layer {number}", each, "R'G'B'A u8"),
        }
        for number, each in enumerate(siblings)
        if each != layer
    ]
    selection = keep_drawable(f"{check} selection", image.get_selection(), "Y u8")
    say(f"{check}: results", layers=new, selection=selection)


def _rectangle(image: Any) -> None:
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *SELECTED)


def _soft(image: Any) -> None:
    _rectangle(image)
    Gimp.Selection.feather(image, 30.0)


def _elsewhere(image: Any) -> None:
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 280, 230, 10, 10)


def _selected(check: str, result: str, select: Callable[[Any], None], masked: bool = False) -> None:
    image = canvas(size=CANVAS)
    layer = photo(image, offset=OFFSET)
    if masked:
        keep("ramp", pixels(ramp_mask(layer), "Y u8"))
    select(image)
    keep_drawable(f"{check} selection before", image.get_selection(), "Y u8")
    cut(check, image, [layer], result=result)
    _keep_results(check, image, layer)
    image.delete()


def _grouped() -> None:
    image = canvas(size=CANVAS)
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    layer = photo(image, offset=OFFSET, parent=group)
    ramp_mask(layer)
    cut("cutout, in a group, a mask", image, [layer], result="cutout", existing_mask="intersect")
    _keep_results("cutout, in a group, a mask", image, layer)
    image.delete()


def _locked_group(lock: str, result: str) -> None:
    """The outer one of two groups is locked."""
    check = f"{result}, in a group, locked {lock}"
    image = canvas(size=CANVAS)
    outer, inner = (Gimp.GroupLayer.new(image, name) for name in ("outer", "inner"))
    image.insert_layer(outer, None, 0)
    image.insert_layer(inner, outer, 0)
    layer = photo(image, offset=OFFSET, parent=inner)
    getattr(outer, f"set_lock_{lock}")(True)
    cut(check, image, [layer], result=result)
    _keep_results(check, image, layer)
    image.delete()


def _looks() -> None:
    """A layer that is not simply laid over what is below it."""
    for result in ("cutout", "matte"):
        check = f"{result}, looks"
        image = canvas(size=CANVAS)
        layer = photo(image, offset=OFFSET)
        layer.set_opacity(40.0)
        layer.set_mode(Gimp.LayerMode.MULTIPLY)
        layer.set_composite_space(Gimp.LayerColorSpace.RGB_LINEAR)
        cut(check, image, [layer], result=result)
        new = next(each for each in image.get_layers() if each != layer)
        say(
            f"{check}: new",
            opacity=new.get_opacity(),
            multiplies=new.get_mode() == Gimp.LayerMode.MULTIPLY,
            linear=new.get_composite_space() == Gimp.LayerColorSpace.RGB_LINEAR,
        )
        image.delete()
