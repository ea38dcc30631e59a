# -*- coding: utf-8 -*-
"""Runs that fail, each as the tests outside have arranged it by $BSHM_CASE: the image has to stay as it was."""

import os

import gimpfu

from images import HEIGHT, WIDTH, canvas, fresh, gimp, paint, pdb, photo, say, state


def plain():
    """With a mask and a selection, so that there is something to lose."""
    image = canvas()
    layer = photo(image, alpha=True)
    mask = layer.create_mask(gimpfu.ADD_WHITE_MASK)
    paint(mask, bytes(bytearray(range(WIDTH))) * HEIGHT)
    layer.add_mask(mask)
    pdb.gimp_image_select_ellipse(image, gimpfu.CHANNEL_OP_REPLACE, 5, 5, 90, 90)
    return image, layer


def nobody():
    image, layer = plain()
    paint(layer, b"\x60\x70\x80\xff" * (WIDTH * HEIGHT))
    pdb.gimp_selection_none(image)
    return image, layer


def nobody_selected():
    """A corner without anybody is selected; the person is elsewhere."""
    image, layer = plain()
    pdb.gimp_image_select_rectangle(image, gimpfu.CHANNEL_OP_REPLACE, WIDTH - 6, 0, 6, 6)
    return image, layer


def floating():
    image, layer = plain()
    return image, pdb.gimp_selection_float(layer, 3, 3)


def channel():
    image, _ = plain()
    photo(image, name="second")
    drawn = gimp.Channel(image, "channel", WIDTH, HEIGHT, 50.0, gimpfu.gimpcolor.RGB(0, 0, 0))
    image.add_channel(drawn, 0)
    return image, drawn


def beside():
    image, layer = plain()
    layer.set_offsets(300, 300)
    return image, layer


def between():
    """The layer lies between two parts of the selection."""
    image = canvas(size=(3 * WIDTH, HEIGHT))
    layer = photo(image, offset=(WIDTH, 0))
    for x in (0, 3 * WIDTH - 9):
        pdb.gimp_image_select_rectangle(image, gimpfu.CHANNEL_OP_ADD, x, 0, 9, HEIGHT)
    return image, layer


CASES = {
    "nobody": nobody,
    "nobody selected": nobody_selected,
    "floating": floating,
    "channel": channel,
    "beside": beside,
    "between": between,
}

image, drawable = CASES.get(os.environ["BSHM_CASE"], plain)()
pdb.gimp_image_clean_all(image)
before = state(image)
for name in ("python_fu_bshm_cut_out", "python_fu_bshm_cut_out_new_layer"):
    try:
        getattr(pdb, name)(image, fresh(drawable))
        raised = False
    except RuntimeError:
        raised = True
    say(name, raised=raised, unchanged=state(image) == before, dirty=bool(before[-1]))
