"""What the other arguments do; ways to call."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp

from tests.gimp.inside.calling import cut
from tests.gimp.inside.images import canvas, file, image_of, paint
from tests.gimp.inside.kinds import NOBODY, ON_HIM, PASSER_BY, TWO


def main() -> None:
    _arguments()
    _people()
    _last_values()
    _script_fu()


def _arguments() -> None:
    several: tuple[dict[str, Any], ...]
    several = ({"edge": "crisp"}, {"network": "modnet"}, {"network": "rvm"}, {"network": "none such"})
    for each in several:
        image, layer = image_of()
        cut(" ".join((*each, *each.values())), image, [layer], **each)
        image.delete()


def _people() -> None:
    image = canvas(size=TWO)
    layer = Gimp.Layer.new(image, "two", *TWO, Gimp.ImageType.RGB_IMAGE, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    paint(layer, "R'G'B' u8", file("two.rgb"))
    cut("people touching nothing", image, [layer], people="touching")
    for people in ("subjects", "all", "largest"):
        cut(f"people {people}", image, [layer], people=people)
    for check, place in {"people touching": PASSER_BY, "people touching a pixel": (*ON_HIM, 1, 1)}.items():
        image.select_rectangle(Gimp.ChannelOps.REPLACE, *place)
        cut(check, image, [layer], people="touching")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *NOBODY)
    cut("people touching nobody", image, [layer], people="touching")
    cut("nobody selected", image, [layer])
    image.delete()


def _last_values() -> None:
    """What was chosen last is kept by a dialog alone."""
    image, layer = image_of()
    cut("last values, none yet", image, [layer], mode="WITH_LAST_VALS")
    image.delete()


def _script_fu() -> None:
    image, layer = image_of()
    cut("Script-Fu, refused", image, [layer], how=_by_script_fu, network="none such")
    cut("Script-Fu", image, [layer], how=_by_script_fu, edge="crisp", result="mask")
    image.delete()


def _by_script_fu(image: Any, drawables: list[Any], **arguments: str) -> dict[str, Any]:
    words = " ".join(f'#:{name} "{value}"' for name, value in arguments.items())
    layers = " ".join(str(each.get_id()) for each in drawables)
    script = (
        f"(bshm-cut-out #:run-mode RUN-NONINTERACTIVE #:image {image.get_id()} #:drawables (vector {layers}) {words})"
    )
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-script-fu-eval")
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("script", script)
    done = procedure.run(config).index(0) == Gimp.PDBStatusType.SUCCESS
    message = "" if done else Gimp.get_pdb().get_last_error()
    return {"status": "SUCCESS" if done else "EXECUTION_ERROR", "message": message}
