"""Super-resolution of crops: it serves the matte alone, the cut-out keeps the photo's own pixels."""

from __future__ import annotations

import numpy as np

from engine.models.catalogue import Network
from engine.networks import Networks
from engine.types import Rgb8


def upscale(networks: Networks, network: Network, crop: Rgb8) -> Rgb8:
    """[H, W, 3] RGB -> [4 H, 4 W, 3] RGB."""
    (large,) = networks.run(network, crop)
    return np.asarray(np.rint(np.clip(large[0].transpose(1, 2, 0), 0, 1) * 255), np.uint8)
