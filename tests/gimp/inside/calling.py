"""The plug-in, called as other procedures call it; and what it did, in facts for the tests outside."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from gi.repository import Gimp

from tests.gimp.inside.images import numbers, pixels
from tests.gimp.inside.saying import keep, say

_STATUSES = ("SUCCESS", "EXECUTION_ERROR", "CALLING_ERROR", "CANCEL", "PASS_THROUGH")


def call(image: Any, drawables: Sequence[Any], mode: str = "NONINTERACTIVE", **arguments: Any) -> dict[str, Any]:
    """Its status, its message ("" where it succeeded), and how long it took. arguments: named as GIMP names them, with
    _ in place of -."""
    procedure = Gimp.get_pdb().lookup_procedure("bshm-cut-out")
    config = procedure.create_config()
    config.set_property("run-mode", getattr(Gimp.RunMode, mode))
    config.set_property("image", image)
    if drawables:
        config.set_core_object_array("drawables", list(drawables))
    for name, value in arguments.items():
        config.set_property(name.replace("_", "-"), value)
    began = time.monotonic()
    status = procedure.run(config).index(0)
    seconds = round(time.monotonic() - began, 2)
    name = next(each for each in _STATUSES if status == getattr(Gimp.PDBStatusType, each))
    message = "" if name == "SUCCESS" else Gimp.get_pdb().get_last_error()
    return {"status": name, "message": message, "seconds": seconds}


def cut(
    check: str,
    image: Any,
    drawables: Sequence[Any],
    layers: Sequence[Any] = (),
    how: Callable[..., dict[str, Any]] = call,
    **arguments: Any,
) -> None:
    """Calls the plug-in and says what became of the image.

    how: makes the call, and returns what `call` returns. layers: those that are looked at, `drawables` where there are
    none. Their pixels before the call and their masks (Y u8) after it are kept as files.
    """
    watched = list(layers or drawables)
    sources = [_source(each) for each in watched]
    before = [_state(each) for each in watched]
    image.clean_all()
    count, chosen = _count(image), _chosen(image)
    outcome = how(image, drawables, **arguments)
    say(
        check,
        **outcome,
        asked=arguments,
        sources=sources,
        unchanged=[_state(each) == was for each, was in zip(watched, before, strict=True)],
        masks=[_mask(f"{check} {number}.mask", each) for number, each in enumerate(watched)],
        more_layers=_count(image) - count,
        chosen_stay=_chosen(image) == chosen,
        dirty=image.is_dirty(),
    )


def keep_drawable(name: str, drawable: Any, form: str) -> dict[str, Any]:
    """Its pixels as a file; name, size and place."""
    keep(name, pixels(drawable, form))
    offsets = list(drawable.get_offsets())[1:]
    return {"file": name, "size": [drawable.get_width(), drawable.get_height()], "offsets": offsets}


def _source(layer: Any) -> dict[str, str]:
    """What the engine is to see, without and with alpha: files that have a hash and the size in their names."""
    files = {}
    for channels, form in (("rgb", "R'G'B' u8"), ("rgba", "R'G'B'A u8")):
        samples = numbers(layer, form)
        digest = hashlib.sha256(samples).hexdigest()[:20]
        files[channels] = f"{digest}-{layer.get_width()}x{layer.get_height()}.{channels}"
        keep(files[channels], samples)
    return files


def _state(layer: Any) -> tuple[Any, ...]:
    """Everything of a layer that is the user's own, pixels first."""
    locks = (layer.get_lock_content(), layer.get_lock_position(), layer.get_lock_visibility(), layer.get_lock_alpha())
    looks = (layer.get_opacity(), layer.get_visible(), layer.get_mode(), layer.get_color_tag())
    place = (layer.get_name(), list(layer.get_offsets()), layer.get_parent(), type(layer))
    return pixels(layer), locks, looks, place, len(layer.get_filters())


def _mask(name: str, layer: Any) -> str | None:
    mask = layer.get_mask()
    if mask is None:
        return None
    keep(name, pixels(mask, "Y u8"))
    return name


def _chosen(image: Any) -> tuple[Any, ...]:
    """The layers and channels that are selected, and the selection."""
    return image.get_selected_layers(), image.get_selected_channels(), pixels(image.get_selection(), "Y u8")


def _count(image: Any) -> int:
    """Of its layers, those in groups too."""
    waiting, count = list(image.get_layers()), 0
    while waiting:
        layer = waiting.pop()
        count += 1
        if layer.is_group():
            waiting += layer.get_children()
    return count
