"""That GIMP starts, and knows the plug-in."""

from __future__ import annotations

from gi.repository import Gimp

from tests.gimp.inside.saying import say


def main() -> None:
    known = Gimp.get_pdb().procedure_exists("bshm-cut-out")
    say("version", version=Gimp.version())
    say("procedure", known=known)
    if known:
        procedure = Gimp.get_pdb().lookup_procedure("bshm-cut-out")
        say(
            "menu",
            label=procedure.get_menu_label(),
            paths=list(procedure.get_menu_paths()),
            arguments=[each.get_name() for each in procedure.get_arguments()],
            types=procedure.get_image_types(),
            blurb=procedure.get_blurb(),
            help=procedure.get_help(),
        )
