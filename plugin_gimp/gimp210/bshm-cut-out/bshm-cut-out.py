#!/usr/bin/env python2
# -*- coding: utf-8 -*-
"""BSHM Cut Out for GIMP 2.10: what GIMP starts. Everything else is in the package beside it.

All of it is Python 2.7, in the words that Python 3 reads as well.
"""

import os

import gimpfu

from bshm_cut_out.procedure import as_layer_mask, as_new_layer
from bshm_cut_out.words import DOMAIN, FOLDER, N_

# No parameters beyond these: gimpfu would ask for them in a window, which needs PyGTK.
PARAMETERS = [(gimpfu.PF_IMAGE, "image", "Image", None), (gimpfu.PF_DRAWABLE, "drawable", "Drawable", None)]


def register(name, label, blurb, explained, function):
    """An entry in the menu Layer. The label and the explanation are translated by GIMP."""
    gimpfu.register(
        name,
        blurb,
        explained,
        "BSHM Cut Out",
        "BSHM Cut Out",
        "2026",
        label,
        "RGB*, GRAY*, INDEXED*",
        PARAMETERS,
        [],
        function,
        menu="<Image>/Layer",
        domain=(DOMAIN, os.path.join(FOLDER, "locale")),
    )


register(
    "python-fu-bshm-cut-out",
    N_("BSHM Cut Out"),
    N_("Cut out people with a layer mask, hair and all, also small ones and groups"),
    "Sends the layer to the engine of BSHM Cut Out on this computer, and hides all but the people by a layer mask.",
    as_layer_mask,
)
register(
    "python-fu-bshm-cut-out-new-layer",
    N_("BSHM Cut Out to New Layer"),
    N_("Cut out people as a new layer, with edges freed of the old background"),
    "Sends the layer to the engine of BSHM Cut Out on this computer, and brings the people back as a layer of their own.",
    as_new_layer,
)
gimpfu.main()
