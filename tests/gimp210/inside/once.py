# -*- coding: utf-8 -*-
"""The photo by a mask, once; and what GIMP knows of the entries."""

from images import fresh, image_of, keep, pdb, samples, say

image, layer = image_of()
pdb.python_fu_bshm_cut_out(image, layer)
layer = fresh(layer)
_, menus, _, _, _, _, _, types, _, _, _, names = pdb.gimp_plugins_query("BSHM")
say("once", mask=keep("once.mask", samples(fresh(layer.mask))), entries=sorted(zip(names, menus, types)))
