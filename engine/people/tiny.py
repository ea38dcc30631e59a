"""A picture with so few pixels that detectors miss who fills it -> the box of what a matting network mattes."""

from __future__ import annotations

import cv2
import numpy as np

from engine.crops import size_of
from engine.mattes import run_network
from engine.models.catalogue import NETWORKS
from engine.networks import Networks
from engine.people.boxes import NOTHING, Rows
from engine.types import Rgb8

# RVM mattes people and hardly anything else, and needs no more than a few hundred pixels of them. The side of what it
# sees, measured on 40 street photos shrunk until their people were 45 pixels tall; where it sees a person; and of the
# frame's height, the least that a body has: of 60 tiny pictures of nobody, 7 had something that RVM takes for a smaller
# one, and 2 for one of this height.
_NETWORK = "rvm"
_SIDE = 192
_BODY = 0.5
_LEAST_HEIGHT = 2 / 3

# A witness is still asked (engine.people.confirm): the score is not to be that of somebody who is surely there.
_SCORE = 0.5


def matted(networks: Networks, picture: Rgb8) -> Rows:
    """The largest body that RVM mattes in a picture [H, W, 3] RGB, one row or none; none where RVM may not be used."""
    if _NETWORK not in {each.name for each in networks.usable("matte")}:
        return NOTHING
    matte = run_network(networks, NETWORKS[_NETWORK], picture, _SIDE)
    count, _, stats, _ = cv2.connectedComponentsWithStats((matte > _BODY).astype(np.uint8), connectivity=8)
    if count < 2:
        return NOTHING
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height = (int(each) for each in stats[largest, : cv2.CC_STAT_AREA])
    if height < _LEAST_HEIGHT * matte.shape[0]:
        return NOTHING
    across, down = (full / seen for full, seen in zip(size_of(picture), size_of(matte), strict=True))
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    return np.array([[*box, _SCORE]], np.float32)
