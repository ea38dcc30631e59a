"""Texts in the language that GIMP runs in, through the catalogue that GIMP binds for the plug-in."""

from __future__ import annotations

from gi.repository import GLib

from bshm_cut_out.errors import CutOutError

DOMAIN = "bshm-cut-out"


def _(text: str) -> str:
    """The text in GIMP's language; English where the catalogue has none."""
    return str(GLib.dgettext(DOMAIN, text))


def told(error: CutOutError) -> str:
    """An error's sentence."""
    return _(error.text) % error.values
