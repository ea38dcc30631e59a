"""The dialog: GIMP's own for a procedure, with the networks that the engine offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GimpUi, GObject, Gtk

from bshm_cut_out.options import NETWORK
from bshm_cut_out.words import DOMAIN, _

_ABOVE = ("result", "existing-mask", "people", "edge")
_BELOW = ("all-layers",)
_SPACING = 6  # pixels, as between GIMP's own entries


def confirmed(procedure: Any, config: Any, networks: Sequence[str], *, several: bool) -> bool:
    """Whether the user agrees; the config then has what was chosen. several: layers are selected."""
    GimpUi.init(DOMAIN)
    dialog = GimpUi.ProcedureDialog.new(procedure, config, "BSHM Cut Out")
    labels = Gtk.SizeGroup.new(Gtk.SizeGroupMode.HORIZONTAL)
    for each in _ABOVE:  # a drop-down list in every version; by itself 3.2 would show radio buttons
        labels.add_widget(dialog.get_widget(each, Gtk.ComboBox).get_label())
    dialog.fill([*_ABOVE])
    label, row = _network_row(config, networks)
    labels.add_widget(label)
    dialog.get_content_area().pack_start(row, False, False, 0)
    dialog.fill([*_BELOW])
    dialog.set_sensitive(_BELOW[0], several, None, None, False)
    agreed = bool(dialog.run())
    dialog.destroy()
    return agreed


def _network_row(config: Any, networks: Sequence[str]) -> tuple[Any, Any]:
    """A list of the networks and its label, and both in a row. A network that was chosen before stays in the list, also
    where the engine does not answer now."""
    names = list(dict.fromkeys(["auto", *networks, config.get_property(NETWORK) or "auto"]))
    choice = Gtk.ComboBoxText()
    for each in names:
        choice.append(each, _("auto: the best one for each person") if each == "auto" else each)
    config.bind_property(
        NETWORK, choice, "active-id", GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE
    )
    label = Gtk.Label.new_with_mnemonic(_("_Network"))
    label.set_mnemonic_widget(choice)
    label.set_xalign(0.0)
    row = Gtk.Box.new(Gtk.Orientation.HORIZONTAL, _SPACING)
    row.pack_start(label, False, False, 0)
    row.pack_start(choice, True, True, 0)
    row.show_all()
    return label, row
