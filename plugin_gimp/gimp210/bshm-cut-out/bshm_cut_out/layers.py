# -*- coding: utf-8 -*-
"""Which layer is meant, and its pixels.

A pixel region of GIMP 2.10 has 8 bits, gamma-encoded, until the plug-in asks for an image's precision; from then on it
has the image's own depth, and objects of drawables that were used before are stale. So 8 bits are read first.
"""

import gimp
import gimpfu

from bshm_cut_out.cutting import Pixels
from bshm_cut_out.errors import CutOutError
from bshm_cut_out.samples import depth_of, interleaved
from bshm_cut_out.words import N_

# With alpha, and how many channels of colour that has.
KINDS = {
    gimpfu.RGB: (gimpfu.RGBA_IMAGE, 3),
    gimpfu.GRAY: (gimpfu.GRAYA_IMAGE, 1),
    gimpfu.INDEXED: (gimpfu.INDEXEDA_IMAGE, 1),
}
_U8_LINEAR = 100  # GIMP_PRECISION_U8_LINEAR; Python-Fu has no name for it


def layer_meant(image, drawable):
    """The layer that is selected; a mask stands for its layer, a channel for the one layer there is. Raises CutOutError
    where none is meant."""
    if gimp.pdb.gimp_image_get_floating_sel(image) is not None:
        text = N_("The selection floats. Anchor it, or make it a layer of its own (Layer > Anchor Layer).")
        raise CutOutError(text)
    if isinstance(drawable, gimp.Layer):
        return drawable
    if drawable.is_layer_mask:
        return gimp.pdb.gimp_layer_from_mask(drawable)
    if len(image.layers) != 1:
        raise CutOutError(N_("A channel is selected. Select the layer that is meant in the Layers dialog."))
    return image.layers[0]


def selected_on(image, layer):
    """What is selected on a layer, 8 bits a pixel; None where nothing is selected at all, which means everything. To be
    called after own_depth(). Raises CutOutError where something is selected, but nothing of the layer."""
    if gimp.pdb.gimp_selection_is_empty(image):
        return None
    mask = layer.create_mask(gimpfu.ADD_SELECTION_MASK)  # GIMP makes it fit
    try:
        with EightBits(layer.width, layer.height) as eight:
            chosen = samples_of(eight.of(mask))
    finally:
        gimp.pdb.gimp_item_delete(mask)
    if chosen.count(b"\x00") == len(chosen):
        text = N_("Nothing is selected on the layer '%(layer)s'. Select a part of it, or select nothing: that means all.")
        raise CutOutError(text, layer=layer.name)
    return chosen


def kind_of(image):
    """How its samples are laid out. To be called after own_depth()."""
    return image.base_type, gimp.pdb.gimp_image_get_precision(image)


def check_unchanged(image, layer, pixels, kind):
    """Raises CutOutError where the layer is not there any more, not of the size that it had, or the image not of the kind
    (kind_of) that it was: people go on working."""
    there = gimp.pdb.gimp_image_is_valid(image) and layer.ID in _numbers(image.layers)
    if not there or (layer.width, layer.height) != (pixels.width, pixels.height):
        raise CutOutError(N_("The layer was removed or resized meanwhile. Nothing was changed. Try again."))
    if kind_of(image) != kind:
        text = N_("The image was given another mode or precision meanwhile. Nothing was changed. Try again.")
        raise CutOutError(text)


def _numbers(layers):
    """Of these, and of those in groups."""
    for each in layers:
        yield each.ID
        for inner in _numbers(each.children if isinstance(each, gimp.GroupLayer) else ()):
            yield inner


def pixels_of(image, layer, alpha):
    """A layer's pixels in 8 bits, whatever the image's kind and precision; a transparent pixel's colour is what is stored
    there. alpha: with a channel for it. To be called before own_depth()."""
    data = samples_of(layer)
    step = len(data) // (layer.width * layer.height)
    kept = step - 1 if layer.has_alpha and not alpha else step
    if image.base_type == gimpfu.INDEXED:
        colours = [data[0::step].translate(_padded(image.colormap[each::3])) for each in range(3)]
        data, kept = interleaved(colours + [data[each::step] for each in range(1, kept)]), kept + 2
    elif kept < step:
        data = interleaved([data[each::step] for each in range(kept)])
    return Pixels(layer.width, layer.height, kept, data, layer.name)


def _padded(colours):
    return colours + b"\x00" * (256 - len(colours))


def own_depth(image):
    """How 8-bit values are written in the image's own depth, as GIMP itself converts them; from now on, this is the depth
    of what is read and written."""
    kind, colours = KINDS[image.base_type]
    ramp = gimp.Layer(image, "ramp", 256, 2, kind, 100.0, gimpfu.LAYER_MODE_NORMAL)
    try:
        values, full = bytes(bytearray(range(256))), b"\xff" * 256
        write(ramp, interleaved([values] * colours + [full]) + interleaved([full] * colours + [values]), 0, 2)
        finish(ramp)
        gimp.pdb.gimp_image_get_precision(image)
        return depth_of(samples_of(fresh(ramp)), colours + 1)
    finally:
        gimp.pdb.gimp_item_delete(ramp)


def fresh(drawable):
    """The same drawable, as it is laid out now."""
    return gimp.Item.from_id(drawable.ID)


def samples_of(drawable, top=0, bottom=None):
    """The samples of its rows from `top` to before `bottom`."""
    bottom = drawable.height if bottom is None else bottom
    region = drawable.get_pixel_rgn(0, top, drawable.width, bottom - top, False, False)
    return region[0 : drawable.width, top:bottom]


def write(drawable, samples, top, bottom):
    """Fills its rows from `top` to before `bottom`."""
    region = drawable.get_pixel_rgn(0, top, drawable.width, bottom - top, True, False)
    region[0 : drawable.width, top:bottom] = samples


def finish(drawable):
    """Lets GIMP have all that was written."""
    drawable.flush()
    drawable.update(0, 0, drawable.width, drawable.height)


class EightBits(object):
    """Masks in 8 bits, whatever their image's depth, by an image that is never shown."""

    def __init__(self, width, height):
        self._image = gimp.pdb.gimp_image_new_with_precision(width, height, gimpfu.GRAY, _U8_LINEAR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        gimp.delete(self._image)

    def of(self, mask):
        """A layer with the mask's values."""
        return gimp.pdb.gimp_layer_new_from_drawable(mask, self._image)
