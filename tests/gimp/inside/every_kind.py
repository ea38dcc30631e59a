"""The photo in images of every kind; results of some are exported too."""

from __future__ import annotations

from gi.repository import Gimp, Gio

from tests.gimp.inside.calling import cut
from tests.gimp.inside.images import image_of
from tests.gimp.inside.kinds import EXPORTED, KINDS
from tests.gimp.inside.saying import SHARED


def main() -> None:
    for kind in KINDS:
        image, layer = image_of(kind)
        cut(kind.name, image, [layer])
        if kind.precision in EXPORTED:
            exported = Gio.File.new_for_path(str(SHARED / f"{kind.name}.png"))
            Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, exported, None)
        image.delete()
