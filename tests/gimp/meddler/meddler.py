#!/usr/bin/env python3
"""A user who does not wait: a plug-in beside ours, that changes the image while ours is at work.

It does what the file `meddle` says (a name of ACTS), and says in the file `meddled` that it is done.
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402  # which must wait for its version

SHARED = Path("/mnt/shared")


def _select_elsewhere(image: Any) -> None:
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 30, 30)


def _move_the_top_layer(image: Any) -> None:
    layer = image.get_layers()[0]
    layer.set_offsets(*(each + 17 for each in layer.get_offsets()[1:]))


def _paint_the_top_layer(image: Any) -> None:
    image.get_layers()[0].fill(Gimp.FillType.WHITE)


def _resize_the_top_layer(image: Any) -> None:
    image.get_layers()[0].resize(64, 64, 0, 0)


def _remove_the_lowest_layer(image: Any) -> None:
    image.remove_layer(image.get_layers()[-1])


ACTS: Mapping[str, Callable[[Any], object]] = {
    "select elsewhere": _select_elsewhere,
    "select nothing": Gimp.Selection.none,
    "move the top layer": _move_the_top_layer,
    "paint the top layer": _paint_the_top_layer,
    "resize the top layer": _resize_the_top_layer,
    "remove the lowest layer": _remove_the_lowest_layer,
}


class Meddler(Gimp.PlugIn):  # type: ignore[misc]  # gi has no types
    """One procedure, which GIMP starts as it starts itself."""

    def do_query_procedures(self) -> list[str]:
        """Its name."""
        return ["meddler"]

    def do_create_procedure(self, name: str) -> Any:
        """Without arguments: GIMP calls it by itself."""
        procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PERSISTENT, run, None)
        procedure.set_documentation("Changes images while a plug-in works on them", None, None)
        return procedure


def run(procedure: Any, _config: Any, _data: Any) -> Any:
    """Until GIMP ends, which ends this too."""
    procedure.persistent_ready()
    asked = SHARED / "meddle"
    while True:
        if asked.exists():
            act = asked.read_text(encoding="ascii")
            asked.unlink()
            ACTS[act](Gimp.get_images()[0])
            (SHARED / "meddled").touch()
        time.sleep(0.02)


Gimp.main(Meddler.__gtype__, sys.argv)
