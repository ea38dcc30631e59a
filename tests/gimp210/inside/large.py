# -*- coding: utf-8 -*-
"""Twelve megapixels, there and back; the seconds of a call."""

import os
import time

import gimpfu

from images import canvas, fresh, gimp, keep, paint, pdb, samples, say

WIDTH, HEIGHT = 4000, 3000

image = canvas(size=(WIDTH, HEIGHT))
layer = gimp.Layer(image, "photo", WIDTH, HEIGHT, gimpfu.RGB_IMAGE, 100.0, gimpfu.LAYER_MODE_NORMAL)
image.add_layer(layer, 0)
paint(layer, os.urandom(3 * WIDTH) * HEIGHT)
for name in ("python_fu_bshm_cut_out", "python_fu_bshm_cut_out_new_layer"):
    began = time.time()
    getattr(pdb, name)(image, layer)
    say(name, seconds=round(time.time() - began, 2))
say("large", mask=keep("large.mask", samples(fresh(layer.mask))), alpha=keep("large.alpha", samples(image.layers[0])[3::4]))
