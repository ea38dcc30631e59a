# -*- coding: utf-8 -*-
"""What comes of an answer: a mask or a layer. Each is made apart from the image, in full; then it is put in its place,
in one undo step."""

import contextlib

import gimp
import gimpfu

from bshm_cut_out.layers import KINDS, EightBits, finish, fresh, own_depth, samples_of, write
from bshm_cut_out.samples import layer_samples, mask_samples
from bshm_cut_out.words import N_, in_our_language

_BAND = 256  # rows that are worked on at once, a multiple of GIMP's tiles: so large layers need little memory


def add_mask(image, layer, matte):
    """A layer mask from a matte, 8 bits; it takes the place of one that is there. Outside of the selection it stays as it
    was, or white."""
    depth = own_depth(image)
    layer = fresh(layer)
    mask = layer.create_mask(gimpfu.ADD_WHITE_MASK)
    with _gone_if_unused(mask), _Selected(image, layer, layer.mask or mask) as selected:
        for top, bottom, pixels in _bands(layer):
            write(mask, mask_samples(matte[pixels], depth.alpha, selected.beside(top, bottom)), top, bottom)
        finish(mask)
        with _one_undo_step(image):
            if layer.mask is not None:
                layer.remove_mask(gimpfu.MASK_DISCARD)
            layer.add_mask(mask)


def add_layer(image, layer, rgba):
    """A layer above with the cut-out: the layer's own pixels where the engine's alpha is 255, the engine's colours at
    soft edges. In an indexed image, which has no other colours nor soft edges, all are the layer's own."""
    depth = own_depth(image)
    layer = fresh(layer)
    kind, colours = KINDS[image.base_type]
    indexed = image.base_type == gimpfu.INDEXED
    name = in_our_language(N_("%s cut-out")) % layer.name
    made = gimp.Layer(image, name, layer.width, layer.height, kind, 100.0, gimpfu.LAYER_MODE_NORMAL)
    with _gone_if_unused(made), _Selected(image, layer) as selected:
        for top, bottom, pixels in _bands(layer):
            part = rgba[4 * pixels.start : 4 * pixels.stop]
            own = samples_of(layer, top, bottom)
            chosen = selected.rows(top, bottom)
            write(made, layer_samples(part, own, depth, colours, indexed, chosen), top, bottom)
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


class _Selected(object):
    """The image's selection, as far as it lies on a layer. GIMP makes it fit, and converts it to 8 bits.

    mask: one of the layer's size, or None, whose samples are wanted beside it.
    """

    def __init__(self, image, layer, mask=None):
        self._layer, self._mask = layer, mask
        self._eight = self._rows = self._values = None
        self._all = gimp.pdb.gimp_selection_is_empty(image)

    def __enter__(self):
        if not self._all:
            self._eight = EightBits(self._layer.width, self._layer.height)
            chosen = self._layer.create_mask(gimpfu.ADD_SELECTION_MASK)
            self._rows = self._eight.of(chosen)
            gimp.pdb.gimp_item_delete(chosen)
            self._values = self._eight.of(self._mask) if self._mask else None
        return self

    def __exit__(self, *_):
        if self._eight:
            self._eight.close()

    def rows(self, top, bottom):
        """In 8 bits; None where nothing is selected, which means everything."""
        return None if self._all else samples_of(self._rows, top, bottom)

    def beside(self, top, bottom):
        """What mask_samples() wants to know; None where nothing is selected."""
        if self._all:
            return None
        return tuple(samples_of(each, top, bottom) for each in (self._rows, self._mask, self._values))
