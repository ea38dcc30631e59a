# -*- coding: utf-8 -*-
"""Layers wherever they may lie and however they may be set: what becomes of them by a mask, and by a new layer."""

import gimpfu

from images import canvas, fresh, gimp, keep, paint, pdb, photo, samples, say
from kinds import HEIGHT, PRECISIONS, WIDTH


def plain(size=(WIDTH, HEIGHT), offset=(0, 0)):
    image = canvas(size=size)
    return image, photo(image, offset=offset)


def masked():
    image, layer = plain()
    ramp_mask(layer)
    return image, layer


def ramp_mask(layer):
    """From black on the left to white on the right."""
    mask = layer.create_mask(gimpfu.ADD_WHITE_MASK)
    paint(mask, bytes(bytearray(x * 255 // (layer.width - 1) for x in range(layer.width))) * layer.height)
    layer.add_mask(mask)


def in_a_group():
    image, _ = plain()
    group = pdb.gimp_layer_group_new(image)
    pdb.gimp_image_insert_layer(image, group, None, 0)
    photo(image, parent=group, name="below")
    return image, photo(image, offset=(7, 9), parent=group)


def a_group():
    """Its pixels are those of the photo in it."""
    image = canvas(size=(WIDTH + 40, HEIGHT + 30))
    group = pdb.gimp_layer_group_new(image)
    pdb.gimp_image_insert_layer(image, group, None, 0)
    photo(image, alpha=False, offset=(20, 15), parent=group)
    return image, group


def locked():
    image, layer = masked()
    pdb.gimp_item_set_lock_content(layer, True)
    pdb.gimp_item_set_lock_position(layer, True)
    return image, layer


def alpha_locked():
    image = canvas()
    layer = photo(image, alpha=True)
    layer.lock_alpha = True
    return image, layer


def hidden():
    image, layer = plain()
    layer.visible, layer.opacity, layer.mode = False, 40.0, gimpfu.MULTIPLY_MODE
    return image, layer


def text():
    """A text layer that was painted over."""
    image = canvas()
    layer = pdb.gimp_text_layer_new(image, "abc", "Sans", 20, 0)
    pdb.gimp_image_insert_layer(image, layer, None, 0)
    pdb.gimp_text_layer_resize(layer, WIDTH, HEIGHT)
    layer = fresh(layer)
    source = photo(canvas(), alpha=False)
    rows = samples(source)
    data = bytearray(b"\xff" * (4 * WIDTH * HEIGHT))
    for channel in range(3):
        data[channel::4] = rows[channel::3]
    paint(layer, bytes(data))
    assert pdb.gimp_item_is_text_layer(layer)
    return image, layer


def linked():
    image, layer = plain()
    other = photo(image, name="other")
    layer.linked = other.linked = True
    return image, layer


def mask_selected():
    image, layer = masked()
    return image, layer, layer.mask


def channel_selected():
    image, layer = plain()
    channel = gimp.Channel(image, "channel", WIDTH, HEIGHT, 50.0, gimpfu.gimpcolor.RGB(0, 0, 0))
    image.add_channel(channel, 0)
    image.active_channel = channel
    return image, layer, channel


ARRANGEMENTS = {
    "on a larger canvas": lambda: plain((300, 250), (40, 30)),
    "partly off the canvas": lambda: plain((90, 80), (-40, -30)),
    "wholly off the canvas": lambda: plain((90, 80), (500, 500)),
    "with a mask": masked,
    "in a group": in_a_group,
    "a group": a_group,
    "locked, with a mask": locked,
    "alpha locked": alpha_locked,
    "hidden": hidden,
    "text": text,
    "linked": linked,
    "its mask selected": mask_selected,
    "a channel selected": channel_selected,
}


def ellipse(image, feather=0.0):
    pdb.gimp_image_select_ellipse(image, gimpfu.CHANNEL_OP_REPLACE, 20, 10, 100, 100)
    if feather:
        pdb.gimp_selection_feather(image, feather)


def selected(arranged, feather=0.0, precision="u8"):
    """With a selection, and in a depth."""

    def arrangement():
        image, layer = arranged()
        if precision != "u8":
            pdb.gimp_image_convert_precision(image, PRECISIONS[precision])
            layer = fresh(layer)
        ellipse(image, feather)
        return image, layer

    return arrangement


SELECTIONS = {
    "selected": selected(plain),
    "softly selected": selected(plain, 20.0),
    "softly selected, with a mask": selected(masked, 20.0),
    "softly selected, moved": selected(lambda: plain((200, 200), (-30, 25)), 20.0),
    "softly selected, with a mask, u16": selected(masked, 20.0, "u16"),
    "softly selected, with a mask, float": selected(masked, 20.0, "float"),
}


def selection_of(layer):
    mask = layer.create_mask(gimpfu.ADD_SELECTION_MASK)
    data = samples(mask)
    pdb.gimp_item_delete(mask)
    return data


def facts(number, arrangement):
    given = arrangement()
    image, layer, drawable = given if len(given) == 3 else given + (given[1],)
    before = samples(layer)
    selection = selection_of(layer)
    was = samples(fresh(layer.mask)) if layer.mask else b""
    looks = [layer.visible, layer.opacity, layer.mode, layer.lock_alpha, pdb.gimp_item_get_lock_content(layer)]
    parent = layer.parent
    pdb.python_fu_bshm_cut_out_new_layer(image, drawable)
    layer = fresh(layer)
    siblings = parent.children if parent else image.layers
    place = [each.ID for each in siblings].index(layer.ID)
    new = siblings[place - 1]
    kept = {
        "before": keep("%s.before" % number, before),
        "was": keep("%s.was" % number, was),
        "selection": keep("%s.selection" % number, selection),
        "new": keep("%s.new" % number, samples(new)),
    }
    above = {"offsets": new.offsets, "size": [new.width, new.height], "name": new.name}
    pdb.python_fu_bshm_cut_out(image, layer.mask if drawable.ID not in (layer.ID,) and layer.mask else layer)
    layer = fresh(layer)
    kept["mask"] = keep("%s.mask" % number, samples(fresh(layer.mask)))
    after = [layer.visible, layer.opacity, layer.mode, layer.lock_alpha, pdb.gimp_item_get_lock_content(layer)]
    result = dict(
        kept,
        above=above,
        place=place,
        name=layer.name,
        size=[layer.width, layer.height],
        offsets=layer.offsets,
        unchanged=samples(layer) == before and looks == after and selection_of(layer) == selection,
        layers=[each.name for each in image.layers],
        alpha=bool(layer.has_alpha),
    )
    gimp.delete(image)
    return result


for number, name in enumerate(sorted(ARRANGEMENTS)):
    say(name, **facts("arranged-%d" % number, ARRANGEMENTS[name]))
for number, name in enumerate(sorted(SELECTIONS)):
    say(name, **facts("selected-%d" % number, SELECTIONS[name]))
