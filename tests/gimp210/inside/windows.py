# -*- coding: utf-8 -*-
"""With windows: what the progress bar shows, and what Undo takes back. The tests outside press the keys."""

import os
import sys
import time

import gimpfu

from images import SHARED, fresh, gimp, image_of, keep, pdb, say, state
from kinds import PRECISIONS

told, changes = [], []


def meanwhile(text):
    told.append(["text", text])
    if changes:
        changes.pop()()


gimp.progress_install(
    lambda text, _: told.append(["text", text]),
    lambda: told.append(["end"]),
    meanwhile,
    lambda part: told.append(["part", part]),
)
image, layer = image_of()
gimp.Display(image)
gimp.displays_flush()
before = state(image)[0]
pdb.python_fu_bshm_cut_out(image, layer)
say("progress", told=told)
pdb.python_fu_bshm_cut_out_new_layer(image, layer)
say("done", layers=len(image.layers), mask=bool(layer.mask), mode=image.layers[0].mode == gimpfu.LAYER_MODE_NORMAL)
keep("windows-done", b"")
for undone in ("windows-1", "windows-2"):
    end = time.time() + 40
    while not os.path.exists(os.path.join(SHARED, undone)):
        if time.time() > end:
            sys.exit("nobody pressed a key")
        time.sleep(0.1)
    say(undone, layers=len(image.layers), mask=bool(layer.mask), as_before=state(image)[0] == before)
    keep(undone + "-seen", b"")



def changed(check, change):
    """While it is at work."""
    changes.append(change)
    try:
        pdb.python_fu_bshm_cut_out(image, layer)
        raised = False
    except RuntimeError:
        raised = True
    say(check, raised=raised, layers=len(image.layers), masks=len([each for each in image.layers if each.mask]))


changed("removed", lambda: pdb.gimp_image_remove_layer(image, layer))
image, layer = image_of()
changed("converted", lambda: pdb.gimp_image_convert_precision(image, PRECISIONS["u16"]))
image, layer = image_of()
changed("made grey", lambda: pdb.gimp_image_convert_grayscale(image))
