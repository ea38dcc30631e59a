"""Two calls while no engine runs at first."""

from __future__ import annotations

from tests.gimp.inside.calling import cut
from tests.gimp.inside.images import image_of


def main() -> None:
    image, layer = image_of()
    cut("first", image, [layer])
    cut("second", image, [layer])
    image.delete()
