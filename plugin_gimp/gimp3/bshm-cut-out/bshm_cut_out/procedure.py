"""The procedure as GIMP knows it: its place in the menu, and a run from the first question to the last word."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gi.repository import Gegl, Gimp, Gio, GLib

from bshm_cut_out.connection import Engine
from bshm_cut_out.cutting import Asked, cut_out_by
from bshm_cut_out.errors import N_, CutOutError
from bshm_cut_out.layers import check_there, has_selection, meant, selected_on, size_of
from bshm_cut_out.options import Options, add_arguments, chosen
from bshm_cut_out.places import Installation, installation, socket_path
from bshm_cut_out.results import WANTS, Cut, apply, check
from bshm_cut_out.seeing import pixels_of, seen_of
from bshm_cut_out.selection import Selected, holds_any, marks
from bshm_cut_out.starting import ready_engine
from bshm_cut_out.words import DOMAIN, _, printable, quoted, told

NAME = "bshm-cut-out"
_FOLDER = Path(__file__).resolve().parents[1]
_PEOPLE = {"subjects": "auto", "all": "all", "largest": "largest", "touching": "all"}


class BshmCutOut(Gimp.PlugIn):  # type: ignore[misc]  # gi has no types
    """What GIMP asks when it looks at the plug-in, and before each run."""

    def do_set_i18n(self, _name: str) -> tuple[bool, str, str]:
        """The catalogues lie in the folder `locale` beside the entry."""
        return True, DOMAIN, "locale"

    def do_query_procedures(self) -> list[str]:
        """One."""
        return [NAME]

    def do_create_procedure(self, name: str) -> Any:
        """Its arguments and its place."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES)
        procedure.set_menu_label(_("_BSHM Cut Out..."))
        procedure.add_menu_path("<Image>/Layer/[Structure]")
        procedure.set_icon_file(Gio.File.new_for_path(str(_FOLDER / "bshm-cut-out.svg")))
        procedure.set_documentation(
            _("Cut out people, hair and all, also small ones and groups"),
            _(
                "Sends the layer to the engine of BSHM Cut Out on this computer, and brings the people back as a layer "
                "mask, a new layer, a matte or a selection."
            ),
            None,  # GIMP's manual has no page for it: without an ID there is no button that leads nowhere
        )
        procedure.set_attribution("BSHM Cut Out", "BSHM Cut Out", "2026")
        add_arguments(procedure)
        return procedure


def run(procedure: Any, run_mode: Any, image: Any, drawables: Sequence[Any], config: Any, _data: Any) -> Any:
    """One call: asks where a person is there, acts, and says how it ended."""
    Gegl.init(None)
    try:
        installed = installation(_FOLDER)
        path = socket_path(installed, os.environ)
        if run_mode == Gimp.RunMode.INTERACTIVE:
            from bshm_cut_out.dialog import confirmed

            if not confirmed(procedure, config, _networks(path), several=len(drawables) > 1):
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
        _act(image, drawables, chosen(config), path, installed)
    except CutOutError as error:
        return _failed(procedure, told(error))
    except MemoryError:
        return _failed(
            procedure, _("There is not enough memory for a layer of this size. Close other images, or scale it.")
        )
    except Exception as error:  # noqa: BLE001  # nobody is to read a traceback in a window; it is where GIMP's output goes
        traceback.print_exc()
        fault = N_("The plug-in failed, which is a fault of ours: %(why)s. GIMP's output has more.")
        return _failed(procedure, printable(_(fault) % {"why": f"{type(error).__name__}: {error}"}))
    finally:
        Gimp.progress_end()
    Gimp.displays_flush()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)


def _failed(procedure: Any, sentence: str) -> Any:
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), sentence, 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)


def _networks(path: Path) -> tuple[str, ...]:
    """What a running engine offers; nothing where none runs: it is started when it is needed."""
    try:
        return Engine(path).networks()
    except CutOutError:
        return ()


@dataclass(frozen=True)
class _Task:
    """A layer, its width and height, and what is selected on it, all when the call begins. selected: None where the
    selection is not asked."""

    layer: Any
    size: tuple[int, int]
    selected: Selected | None


def _act(image: Any, drawables: Sequence[Any], options: Options, path: Path, installed: Installation) -> None:
    layers = meant(image, drawables, every=options.every)
    check(image, options.result)
    tasks, notes = _tasks(image, layers, options)
    Gimp.progress_init("BSHM Cut Out")
    engine = ready_engine(path, installed, _pulse)
    cuts: list[Cut] = []
    empty: list[str] = []
    for number, task in enumerate(tasks):
        layer, selected = task.layer, task.selected
        check_there(layer, task.size)
        seen = seen_of(layer)
        # Where a mask comes of it, without the layer's alpha: GIMP multiplies the two.
        pixels = pixels_of(seen, layer.get_name(), alpha=options.result != "mask" and layer.has_alpha())
        answer = cut_out_by(engine, _asked(options, selected), pixels, _Progress(number, len(tasks)))
        # Where the selection says whom, it does not limit the result: that would hide nobody else.
        limit = None if options.people == "touching" else selected
        if _is_anybody(answer.samples, options, limit):
            check_there(layer, task.size)
            intersect = options.existing == "intersect" and layer.get_mask() is not None
            cuts.append(Cut(layer, seen, task.size, answer.samples, intersect, limit))
            notes += answer.warnings
        else:
            empty.append(pixels.name)
    if empty:
        nobody = _nobody(empty, selected=tasks[0].selected is not None)
        if not cuts:
            raise nobody
        notes.append(told(nobody))
    apply(image, options.result, cuts)
    if notes:
        Gimp.message(printable("\n".join(notes)))


def _tasks(image: Any, layers: Sequence[Any], options: Options) -> tuple[list[_Task], list[str]]:
    """What is to be done, and sentences about layers that are left alone. Raises CutOutError where all are."""
    asks = options.people == "touching" or has_selection(image)
    tasks = [_Task(each, size_of(each), selected_on(image, each) if asks else None) for each in layers]
    beside = [each.layer.get_name() for each in tasks if asks and each.selected is None]
    if not beside:
        return tasks, []
    error = CutOutError(
        N_("No part of %(layers)s is selected. Select one, or choose Select > None and another entry under People"),
        layers=quoted(beside),
    )
    if len(beside) == len(tasks):
        raise error
    return [each for each in tasks if each.selected], [told(error)]


def _nobody(names: Sequence[str], *, selected: bool) -> CutOutError:
    if selected:  # there may be people elsewhere
        return CutOutError(
            N_("Nobody was found under the selection on %(layers)s, and it was left as it is."), layers=quoted(names)
        )
    return CutOutError(N_("Nobody was found on %(layers)s, and it was left as it is."), layers=quoted(names))


def _asked(options: Options, selected: Selected | None) -> Asked:
    selection = marks(selected) if selected and options.people == "touching" else None
    return Asked(WANTS[options.result], options.network, _PEOPLE[options.people], options.edge, selection)


def _is_anybody(samples: bytes, options: Options, limit: Selected | None) -> bool:
    alpha = samples[3::4] if WANTS[options.result] == "cutout" else samples
    return holds_any(limit, alpha) if limit else any(alpha)


def _pulse(text: str) -> None:
    Gimp.progress_set_text(_(text))
    Gimp.progress_pulse()


class _Progress:
    """Shows how far one of several layers is."""

    def __init__(self, number: int, count: int) -> None:
        self._number, self._count = number, count

    def __call__(self, stage: str, part: float) -> None:
        Gimp.progress_set_text(_(stage))
        Gimp.progress_update((self._number + part) / self._count)
