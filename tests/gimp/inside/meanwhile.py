"""Calls during which the user goes on: the tests outside let the engine work when the image has been changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What tests/gimp/meddler does during each check.
ACTS: Mapping[str, str] = {
    "mask, another selection": "select elsewhere",
    "cutout, another selection": "select elsewhere",
    "mask, no selection any more": "select nothing",
    "mask, a selection at last": "select elsewhere",
    "cutout, painted over": "paint the top layer",
    "mask, moved": "move the top layer",
    "mask, resized": "resize the top layer",
    "mask, one of two removed": "remove the lowest layer",
}


def main() -> None:
    from gi.repository import Gimp

    from tests.gimp.inside.calling import cut, keep_drawable
    from tests.gimp.inside.images import canvas, photo
    from tests.gimp.inside.kinds import CANVAS, OFFSET, SELECTED
    from tests.gimp.inside.saying import keep

    for check in ACTS:
        image = canvas(size=CANVAS)
        layers = [photo(image, offset=OFFSET, name=name) for name in (["below"] if "two" in check else []) + ["photo"]]
        if "at last" not in check:
            image.select_rectangle(Gimp.ChannelOps.REPLACE, *SELECTED)
        keep("now", check.encode("ascii"))
        arguments: dict[str, Any] = {"result": check.split(",")[0]}
        cut(check, image, layers, layers=layers[-1:], **arguments)
        keep_drawable(f"{check} layer", image.get_layers()[0], "R'G'B'A u8")
        image.delete()
    keep("now", b"over")
