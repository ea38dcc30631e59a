"""Texts in the language that GIMP runs in, through the catalogue that GIMP binds for the plug-in."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import GLib

from bshm_cut_out.errors import CutOutError

DOMAIN = "bshm-cut-out"


def _(text: str) -> str:
    """The text in GIMP's language; English where the catalogue has none."""
    return str(GLib.dgettext(DOMAIN, text))


def told(error: CutOutError) -> str:
    """An error's sentence."""
    return printable(_(error.text) % error.values)


def printable(text: str) -> str:
    """With escapes for what UTF-8, which is all that GIMP takes, does not have: a file's name may be any bytes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def quoted(names: Sequence[str]) -> str:
    """Layers' names, in a row."""
    return ", ".join(f"'{each}'" for each in names)
