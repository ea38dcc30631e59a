# -*- coding: utf-8 -*-
"""Images of every kind, made of the tests' photo; their samples; and how checks tell the tests outside what they saw."""

import json
import os
import sys

import gimp
import gimpfu

from kinds import HEIGHT, PRECISIONS, WIDTH

SHARED = "/mnt/shared"
pdb = gimp.pdb

_TYPES = {
    ("rgb", False): gimpfu.RGB_IMAGE,
    ("rgb", True): gimpfu.RGBA_IMAGE,
    ("grey", False): gimpfu.GRAY_IMAGE,
    ("grey", True): gimpfu.GRAYA_IMAGE,
}


def say(check, **facts):
    """One line of standard output."""
    sys.stdout.write("FACT " + json.dumps(dict(facts, check=check)) + "\n")
    sys.stdout.flush()


def keep(name, data):
    """A file for the tests outside; its name."""
    with open(os.path.join(SHARED, name), "wb") as stream:
        stream.write(data)
    return name


def photo_file(base, alpha):
    """The photo's 8-bit samples, which the tests laid ready."""
    with open(os.path.join(SHARED, "photo.%s%s" % ("grey" if base == "grey" else "rgb", "a" if alpha else "")), "rb") as stream:
        return stream.read()


def canvas(base="rgb", size=(WIDTH, HEIGHT)):
    """An image without layers, 8 bits."""
    image = gimp.Image(size[0], size[1], gimpfu.GRAY if base == "grey" else gimpfu.RGB)
    pdb.gimp_image_get_precision(image)  # regions are in the images' own depth from here on
    return image


def photo(image, base="rgb", alpha=False, offset=(0, 0), parent=None, name="photo"):
    """A layer with the photo, on top, in an image of 8 bits."""
    layer = gimp.Layer(image, name, WIDTH, HEIGHT, _TYPES["grey" if base == "grey" else "rgb", alpha], 100.0, gimpfu.NORMAL_MODE)
    pdb.gimp_image_insert_layer(image, layer, parent, 0)
    layer.set_offsets(*offset)
    paint(layer, photo_file(base, alpha))
    return layer


def image_of(base="rgb", alpha=False, precision="u8"):
    """An image with the photo as its one layer."""
    image = canvas(base)
    layer = photo(image, base, alpha)
    if base == "indexed":
        pdb.gimp_image_convert_indexed(image, 0, 0, 255, False, False, "")
    elif precision != "u8":
        pdb.gimp_image_convert_precision(image, PRECISIONS[precision])
    return image, fresh(layer)


def fresh(drawable):
    """The same drawable, as it is laid out now."""
    return gimp.Item.from_id(drawable.ID)


def samples(drawable):
    """In its own depth."""
    region = drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height, False, False)
    return region[0 : drawable.width, 0 : drawable.height]


def paint(drawable, data):
    """Fills a drawable, in its own depth."""
    region = drawable.get_pixel_rgn(0, 0, drawable.width, drawable.height, True, False)
    region[0 : drawable.width, 0 : drawable.height] = data
    drawable.flush()
    drawable.update(0, 0, drawable.width, drawable.height)


def eight_bits(image, layer, name):
    """What the engine is to see, as GIMP itself makes 8 bits of it: a file of RGB; one of the colour map's where there is
    one."""
    place = image.layers.index(layer)
    other = pdb.gimp_image_duplicate(image)
    if other.base_type != gimpfu.RGB:
        pdb.gimp_image_convert_rgb(other)
    if pdb.gimp_image_get_precision(other) != PRECISIONS["u8"]:
        pdb.gimp_image_convert_precision(other, PRECISIONS["u8"])
    copy = fresh(other.layers[place])
    data, step = samples(copy), 4 if copy.has_alpha else 3
    files = {}
    for channels, letters in ((3, "rgb"), (4, "rgba")):
        if channels <= step:
            planes = [data[each::step] for each in range(channels)]
            made = bytearray(len(planes[0]) * channels)
            for each, plane in enumerate(planes):
                made[each::channels] = plane
            files[letters] = keep("%s-%dx%d.%s" % (name, copy.width, copy.height, letters), bytes(made))
    gimp.delete(other)
    return files


def state(image):
    """All that a run must leave alone where it fails."""
    items = []

    def look(layers):
        for each in layers:
            mask = each.mask
            items.append(
                [
                    each.ID,
                    each.name,
                    each.offsets,
                    each.opacity,
                    each.visible,
                    pdb.gimp_item_get_lock_content(each),
                    hash(samples(fresh(each))),
                    mask.ID if mask else None,
                    hash(samples(fresh(mask))) if mask else None,
                ]
            )
            look(getattr(each, "children", None) or [])

    look(image.layers)
    channels = [[each.ID, hash(samples(fresh(each)))] for each in image.channels]
    active = pdb.gimp_image_get_active_drawable(image)
    bounds = pdb.gimp_selection_bounds(image)
    chosen = hash(samples(fresh(image.selection)))
    return [items, channels, active.ID if active else None, bounds, chosen, pdb.gimp_image_is_dirty(image)]
