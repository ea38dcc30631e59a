# -*- coding: utf-8 -*-
"""Both entries on an image of every kind."""

from images import eight_bits, fresh, gimp, image_of, keep, pdb, samples, say
from kinds import KINDS

for number, name in enumerate(sorted(KINDS)):
    image, layer = image_of(*KINDS[name])
    seen = eight_bits(image, layer, "source %02d" % number)
    before = samples(layer)
    pdb.python_fu_bshm_cut_out(image, layer)
    layer = fresh(layer)
    after = samples(layer)
    mask = keep("%02d.mask" % number, samples(fresh(layer.mask)))
    layer.remove_mask(1)
    pdb.python_fu_bshm_cut_out_new_layer(image, layer)
    new = image.layers[0]
    say(
        name,
        seen=seen,
        unchanged=before == after == samples(fresh(layer)),
        mask=mask,
        own=keep("%02d.own" % number, before),
        new=keep("%02d.new" % number, samples(fresh(new))),
        names=[each.name for each in image.layers],
        size=[new.width, new.height],
        alpha=new.has_alpha,
    )
    gimp.delete(image)
