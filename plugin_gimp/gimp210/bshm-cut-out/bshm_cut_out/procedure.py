# -*- coding: utf-8 -*-
"""What the entries of the menu do, from the first question to the last word."""

import os
import sys
import traceback

import gimp

from bshm_cut_out.cutting import CHANNELS, cut_out
from bshm_cut_out.errors import CutOutError
from bshm_cut_out.layers import check_unchanged, fresh, kind_of, layer_meant, own_depth, pixels_of, selected_on
from bshm_cut_out.places import installation, socket_path
from bshm_cut_out.results import add_layer, add_mask
from bshm_cut_out.samples import holds_any
from bshm_cut_out.starting import ready_engine
from bshm_cut_out.words import FOLDER, N_, as_text, in_our_language, told


def as_layer_mask(image, drawable):
    """The people by a layer mask. The layer's own alpha is not sent: GIMP multiplies the two."""
    _act(image, drawable, "matte", False, add_mask)


def as_new_layer(image, drawable):
    """The people as a layer of their own."""
    _act(image, drawable, "cutout", True, add_layer)


def _act(image, drawable, want, alpha, add):
    """Says what went wrong in a sentence, and raises it for a script that has called."""
    try:
        answer = _cut_out(image, drawable, want, alpha, add)
    except CutOutError as error:
        sys.excepthook = _silent  # libgimp would write a traceback
        gimp.message(told(error))
        raise
    except MemoryError:
        sys.excepthook = _silent
        gimp.message(in_our_language(N_("There is not enough memory for a layer of this size. Close other images or programs.")))  # fmt: skip
        raise
    except Exception as error:
        fault = N_("The plug-in failed, which is a fault of ours: %(why)s. GIMP's output has more.")
        gimp.message(in_our_language(fault) % {"why": "%s: %s" % (type(error).__name__, as_text(error))})
        raise
    finally:
        gimp.pdb.gimp_progress_end()
    gimp.displays_flush()
    if answer.warnings:
        gimp.message("\n".join(answer.warnings))


def _cut_out(image, drawable, want, alpha, add):
    layer = layer_meant(image, drawable)
    pixels = pixels_of(image, layer, alpha)
    depth, kind, layer = own_depth(image), kind_of(image), fresh(layer)
    chosen = selected_on(image, layer)
    installed = installation(FOLDER)
    gimp.progress_init("BSHM Cut Out")
    path = ready_engine(socket_path(installed, os.environ), installed, _pulse)
    answer = cut_out(path, want, pixels, _tell)
    if not holds_any(answer.samples[CHANNELS[want] - 1 :: CHANNELS[want]], chosen):
        everywhere = N_("Nobody was found on '%(layer)s', and it was left as it is.")
        selected = N_("Nobody was found under the selection on '%(layer)s', and it was left as it is.")
        raise CutOutError(everywhere if chosen is None else selected, layer=pixels.name)
    check_unchanged(image, layer, pixels, kind)
    add(image, fresh(layer), answer.samples, depth, chosen)
    return answer


def _silent(kind, error, trace):
    """Writes the sentence alone; anything else in full."""
    if issubclass(kind, CutOutError):
        sys.stderr.write("%s\n" % told(error))
    else:
        traceback.print_exception(kind, error, trace)


def _pulse(text):
    gimp.pdb.gimp_progress_set_text(in_our_language(text))
    gimp.pdb.gimp_progress_pulse()


def _tell(stage, part):
    gimp.pdb.gimp_progress_set_text(in_our_language(stage))
    gimp.progress_update(part)
