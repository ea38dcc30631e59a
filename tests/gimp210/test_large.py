"""A layer of twelve megapixels in GIMP 2.10, and an answer that comes at once: the plug-in's own part of the time."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.engine.client.listening import json_reply, listening, read_request, reply
from tests.gimp210.running import Desk

pytestmark = pytest.mark.timeout(300)

WIDTH, HEIGHT = 4000, 3000
SLOW = (
    8.0  # seconds; two slow cores take 0.6 for a mask, of which GIMP's start of the plug-in is 0.3, and 1.1 for a layer
)


def test_it_comes_back_whole_and_soon(desk: Desk, address: Path) -> None:
    matte = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(matte, (2000, 1500), (1000, 1000), 0, 0, 360, 255, -1)
    matte = np.asarray(cv2.blur(matte, (31, 31)), np.uint8)
    cutout = np.full((HEIGHT, WIDTH, 4), 90, np.uint8)
    cutout[..., 3] = matte
    lengths = []

    def turn(peer: socket.socket) -> None:
        request = read_request(peer)
        if "/v1/cutout" not in request.line:
            peer.sendall(json_reply({"state": "ready"}))
            return
        lengths.append(len(request.body))
        body = (cutout if "want=cutout" in request.line else matte).tobytes()
        peer.sendall(reply("200 OK", "application/octet-stream", body, X_Bshm_Report="{}"))

    with listening(address, turn):
        run = replace(desk, sockets=address.parent).run("large")
    assert (run.code, run.alarms) == (0, []), run.complaints
    assert lengths == [3 * WIDTH * HEIGHT] * 2
    for name in ("mask", "alpha"):
        np.testing.assert_array_equal(run.samples(run.facts["large"][name], WIDTH, HEIGHT), matte)
    seconds = [run.facts[f"python_fu_bshm_cut_out{more}"]["seconds"] for more in ("", "_new_layer")]
    assert max(seconds) < SLOW, seconds
    print(f"a mask in {seconds[0]} s, a new layer in {seconds[1]} s")
