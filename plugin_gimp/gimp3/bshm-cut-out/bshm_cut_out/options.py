"""What can be chosen: the procedure's arguments, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gi.repository import Gimp, GObject

from bshm_cut_out.words import _

NETWORK = "network"


@dataclass(frozen=True)
class Options:
    """result: "mask", "cutout", "matte" or "selection". existing: "replace" or "intersect". people: "subjects", "all",
    "largest" or "touching". edge: "soft" or "crisp". every: all selected layers, or the topmost of them alone."""

    result: str
    existing: str
    network: str
    people: str
    edge: str
    every: bool


def add_arguments(procedure: Any) -> None:
    """The arguments, with the defaults that suit who chooses nothing."""
    _add_choice(
        procedure,
        "result",
        _("Res_ult"),
        _("What becomes of the people that are found"),
        ("mask", _("Layer mask"), _("The background is hidden, and nothing of the layer is lost")),
        ("cutout", _("New layer with the cut-out"), _("The layer's own pixels, and edges freed of the old background")),
        ("matte", _("Matte as a new layer"), _("White where people are, black elsewhere")),
        ("selection", _("Selection"), _("The people are selected")),
    )
    _add_choice(
        procedure,
        "existing-mask",
        _("E_xisting mask"),
        _("What becomes of a mask that the layer has already"),
        ("replace", _("Replace it"), ""),
        ("intersect", _("Intersect with it"), _("What either mask hides is hidden")),
    )
    _add_choice(
        procedure,
        "people",
        _("_People"),
        _("Whom to cut out"),
        ("subjects", _("Whom the picture is about"), _("Everybody in a group, not the passers-by behind a portrait")),
        ("all", _("All"), _("Passers-by too")),
        ("largest", _("The largest"), ""),
        (
            "touching",
            _("Those touching the selection"),
            _("The selection says whom, and does not limit the result"),
        ),
    )
    _add_choice(
        procedure,
        "edge",
        _("_Edge"),
        _("How edges look"),
        ("soft", _("Soft"), _("Hair and blur keep their half-transparent pixels")),
        ("crisp", _("Crisp"), _("Each pixel is a person's or not")),
    )
    procedure.add_string_argument(
        NETWORK,
        _("_Network"),
        _("The matting network; auto picks the best one for each person"),
        "auto",
        GObject.ParamFlags.READWRITE,
    )
    procedure.add_boolean_argument(
        "all-layers",
        _("_Apply to all selected layers"),
        _("Else to the topmost of them"),
        True,
        GObject.ParamFlags.READWRITE,
    )


def _add_choice(procedure: Any, name: str, label: str, what: str, *choices: tuple[str, str, str]) -> None:
    known = Gimp.Choice.new()
    for number, (nick, choice, detail) in enumerate(choices):
        known.add(nick, number, choice, detail)
    procedure.add_choice_argument(name, label, what, known, choices[0][0], GObject.ParamFlags.READWRITE)


def chosen(config: Any) -> Options:
    """What a call, the dialog or the last run says."""
    return Options(
        result=config.get_property("result"),
        existing=config.get_property("existing-mask"),
        network=config.get_property(NETWORK) or "auto",
        people=config.get_property("people"),
        edge=config.get_property("edge"),
        every=config.get_property("all-layers"),
    )
