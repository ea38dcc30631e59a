# -*- coding: utf-8 -*-
"""What comes of an answer: a mask or a layer. Each is made apart from the image, in full; then it is put in its place,
in one undo step."""

import contextlib

import gimp
import gimpfu

from bshm_cut_out.layers import KINDS, EightBits, finish, samples_of, write
from bshm_cut_out.samples import layer_samples, mask_samples
from bshm_cut_out.words import N_, in_our_language

_BAND = 256  # rows that are worked on at once, a multiple of GIMP's tiles: so large layers need little memory


def add_mask(image, layer, matte, depth, chosen):
    """A layer mask from a matte, 8 bits; it takes the place of one that is there. Outside of what is chosen (8 bits a
    pixel; None: all) it stays as it was, or white. depth: of own_depth()."""
    mask = layer.create_mask(gimpfu.ADD_WHITE_MASK)
    was = layer.mask or mask
    with _gone_if_unused(mask), EightBits(layer.width, layer.height) as eight:
        values = None if chosen is None else eight.of(was)
        for top, bottom, pixels in _bands(layer):
            outside = chosen and (chosen[pixels], samples_of(was, top, bottom), samples_of(values, top, bottom))
            write(mask, mask_samples(matte[pixels], depth.alpha, outside), top, bottom)
        finish(mask)
        with _one_undo_step(image):
            if layer.mask is not None:
                layer.remove_mask(gimpfu.MASK_DISCARD)
            layer.add_mask(mask)


def add_layer(image, layer, rgba, depth, chosen):
    """A layer above with the cut-out: the layer's own pixels where the engine's alpha is 255, the engine's colours at
    soft edges. In an indexed image, which has no other colours nor soft edges, all are the layer's own. depth: of
    own_depth(). chosen: 8 bits a pixel, to which it is limited; None: all."""
    kind, colours = KINDS[image.base_type]
    indexed = image.base_type == gimpfu.INDEXED
    name = in_our_language(N_("%s cut-out")) % layer.name
    made = gimp.Layer(image, name, layer.width, layer.height, kind, 100.0, gimpfu.LAYER_MODE_NORMAL)
    with _gone_if_unused(made):
        for top, bottom, pixels in _bands(layer):
            part = rgba[4 * pixels.start : 4 * pixels.stop]
            own = samples_of(layer, top, bottom)
            write(made, layer_samples(part, own, depth, colours, indexed, chosen and chosen[pixels]), top, bottom)
        finish(made)
        made.set_offsets(*layer.offsets)
        with _one_undo_step(image):
            position = gimp.pdb.gimp_image_get_item_position(image, layer)
            gimp.pdb.gimp_image_insert_layer(image, made, layer.parent, position)


def _bands(layer):
    """Its rows, and which pixels these are."""
    for top in range(0, layer.height, _BAND):
        bottom = min(top + _BAND, layer.height)
        yield top, bottom, slice(top * layer.width, bottom * layer.width)


@contextlib.contextmanager
def _gone_if_unused(item):
    """Where something fails, nothing is left of it."""
    try:
        yield
    except BaseException:
        gimp.pdb.gimp_item_delete(item)
        raise


@contextlib.contextmanager
def _one_undo_step(image):
    gimp.pdb.gimp_progress_end()  # nothing is cancelled from here on
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()
