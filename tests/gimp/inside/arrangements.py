"""The photo as a layer in every place and state that a layer can be in."""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any

from gi.repository import Gegl, Gimp, Gio

from tests.gimp.inside.calling import cut, keep_drawable
from tests.gimp.inside.images import canvas, image_of, paint, photo, pixels, plain, ramp_mask
from tests.gimp.inside.kinds import HEIGHT, PLACES, WIDTH, Kind
from tests.gimp.inside.saying import SHARED, keep, say

_RGBA = Kind("rgb", alpha=True)


def main() -> None:
    _places()
    for lock in ("content", "position", "visibility", "alpha"):
        _changed(f"locked {lock}", methodcaller(f"set_lock_{lock}", True))
    _changed("hidden", methodcaller("set_visible", False))
    _changed("half opaque", methodcaller("set_opacity", 50.0))
    _groups()
    _filters()
    _masks()
    _several()
    _no_layers()
    _text()
    _link()


def _places() -> None:
    for name, (size, offset) in PLACES.items():
        image = canvas(size=size)
        cut(name, image, [photo(image, offset=offset)])
        image.delete()


def _changed(check: str, change: Callable[[Any], Any]) -> None:
    image = canvas(_RGBA)
    layer = photo(image, _RGBA)
    change(layer)
    cut(check, image, [layer])
    image.delete()


def _group(image: Any, name: str, parent: Any = None) -> Any:
    group = Gimp.GroupLayer.new(image, name)
    image.insert_layer(group, parent, 0)
    return group


def _groups() -> None:
    image = canvas(size=(300, 250))
    inner = _group(image, "inner", _group(image, "outer"))
    child = photo(image, offset=(40, 30), parent=inner)
    cut("in a group in a group", image, [child])
    image.delete()

    image = canvas(size=(300, 250))
    group = _group(image, "group")
    child = photo(image, offset=(40, 30), parent=group)
    cut("a group", image, [group], layers=[group, child])
    image.delete()


def _filters() -> None:
    """Those of a layer, one that makes it larger, those of a group; and one that nobody sees."""
    for check, operation in {"filter": "gegl:saturation", "filter, larger": "gegl:dropshadow"}.items():
        for result in ("mask", "cutout"):
            image, layer = image_of(_RGBA)
            _filter(layer, operation)
            name = check if result == "mask" else f"{result}, {check}"
            cut(name, image, [layer], result=result)
            _keep_top(name, image)
            image.delete()

    image = canvas()
    group = _group(image, "group")
    photo(image, parent=group)
    _filter(group, "gegl:saturation")
    cut("filter of a group", image, [group])
    image.delete()

    image, layer = image_of()
    _filter(layer, "gegl:saturation").set_visible(False)
    cut("filter, hidden", image, [layer])
    image.delete()

    image = canvas()
    layer = plain(image)
    _filter(layer, "gegl:saturation")
    cut("filter, nobody", image, [layer])
    image.delete()


def _filter(layer: Any, operation: str) -> Any:
    """Without colours where it is gegl:saturation."""
    one = Gimp.DrawableFilter.new(layer, operation, operation)
    if operation == "gegl:saturation":
        one.get_config().set_property("scale", 0.0)
    one.set_opacity(1.0)
    layer.append_filter(one)
    one.update()
    return one


def _keep_top(check: str, image: Any) -> None:
    top = image.get_layers()[0]
    say(f"{check}: top", filters=len(top.get_filters()), **keep_drawable(f"{check} top", top, "R'G'B'A u8"))


def _masks() -> None:
    for existing in ("replace", "intersect"):
        image, layer = image_of()
        keep("ramp", pixels(ramp_mask(layer), "Y u8"))
        cut(f"a mask, {existing}", image, [layer], existing_mask=existing)
        cut(f"the mask is selected, {existing}", image, [layer.get_mask()], layers=[layer], existing_mask=existing)
        image.delete()


def _several() -> None:
    for every in (True, False):
        image = canvas(size=(300, 250))
        below = photo(image, offset=(60, 40), name="below")
        below.transform_flip_simple(Gimp.OrientationType.HORIZONTAL, True, 0)
        above = photo(image, name="above")
        image.set_selected_layers([below, above])
        cut(f"several, all_layers {every}", image, [below, above], all_layers=every)
        image.delete()

    image = canvas(size=(300, 250))
    layers = [photo(image), photo(image, offset=(5, 5), name="other"), photo(image, offset=(250, 0), name="beside")]
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 205, 250)
    cut("several, selected on some", image, layers)
    cut("several, selected on none", image, layers[2:])
    image.delete()

    image = canvas()
    layers = [photo(image), plain(image)]
    cut("several, nobody on one", image, layers)
    cut("nobody", image, layers[1:])
    image.delete()


def _no_layers() -> None:
    image, layer = image_of()
    channel = Gimp.Channel.new(image, "channel", WIDTH, HEIGHT, 50.0, Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    before = pixels(channel)
    cut("a channel, one layer", image, [channel], layers=[layer])
    say("the channel", unchanged=pixels(channel) == before)
    other = photo(image, name="other")
    cut("a channel, two layers", image, [channel], layers=[other])
    image.delete()

    image, layer = image_of()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 20, 100, 100)
    Gimp.edit_copy([layer])
    floating = Gimp.edit_paste(layer, True)[0]
    cut("a floating selection", image, [floating], layers=[layer])
    image.delete()

    image, layer = image_of()
    cut("no layers", image, [], layers=[layer])
    image.delete()


def _text() -> None:
    """A text layer that was painted on stays one."""
    for painted in (False, True):
        image, source = image_of(_RGBA)
        layer = Gimp.TextLayer.new(image, "BSHM", Gimp.context_get_font(), 20.0, Gimp.Unit.pixel())
        image.insert_layer(layer, None, 0)
        layer.resize(WIDTH, HEIGHT)
        if painted:
            paint(layer, "R'G'B'A u8", pixels(source, "R'G'B'A u8"))
        cut("painted text" if painted else "text", image, [layer])
        image.delete()


def _link() -> None:
    """GIMP 3.2 shows other files as layers."""
    if not hasattr(Gimp, "LinkLayer"):
        return
    image, _ = image_of()
    linked = Gio.File.new_for_path(str(SHARED / "linked.xcf"))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, linked, None)
    image.delete()
    image = canvas()
    layer = Gimp.LinkLayer.new(image, linked)
    image.insert_layer(layer, None, 0)
    cut("a link", image, [layer])
    image.delete()
