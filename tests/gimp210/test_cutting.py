"""Layers' pixels through the real engine: the same matte as everybody gets, stages, and what goes wrong on the way."""

from __future__ import annotations

import json
import os
import signal

import cv2
import numpy as np
import pytest

from engine.client import Asked, Client, Raw
from engine.types import Rgb8
from tests.engine.scenes import photo
from tests.engine.server.live import Live, live, until
from tests.gimp210.python2 import Outcome, Python2, Record, Tell, running

STAGES = ("Sending", "Waiting", "Reading", "Finding people", "Cutting out", "Freeing the edges", "Writing the result")


@pytest.fixture(scope="module")
def layer() -> Rgb8:
    return np.asarray(cv2.resize(photo("astronaut"), (300, 280), interpolation=cv2.INTER_AREA), np.uint8)


def record(pixels: Rgb8) -> Record:
    height, width, channels = pixels.shape
    return Record("cutting.Pixels", (width, height, channels, pixels.tobytes(), "背景"))


def cut_out(python: Python2, engine: Live, pixels: Rgb8, want: str = "matte") -> Outcome:
    return python("cutting.cut_out", engine.address, want, record(pixels), Tell())


@pytest.mark.parametrize("want", ["matte", "cutout"])
def test_it_is_what_everybody_gets(want: str, layer: Rgb8, resident: Live, python2: Python2) -> None:
    height, width, channels = layer.shape
    asked = Asked(want=(want,), format="raw")
    everybodys = Client(resident.address).cut_out(Raw(width, height, channels, layer.tobytes()), asked)
    assert cut_out(python2, resident, layer, want).result[0] == bytes(everybodys.results[want])


def test_grey_pixels_are_as_good_as_grey_rgb(layer: Rgb8, resident: Live, python2: Python2) -> None:
    grey = np.asarray(cv2.cvtColor(layer, cv2.COLOR_RGB2GRAY)[..., None], np.uint8)
    one = cut_out(python2, resident, grey, "cutout").result[0]
    assert one == cut_out(python2, resident, np.repeat(grey, 3, axis=2), "cutout").result[0]


def test_stages_are_told_and_go_forward(layer: Rgb8, resident: Live, python2: Python2) -> None:
    heard = cut_out(python2, resident, layer).heard
    assert [str(stage, "utf-8") for stage, _ in heard if not str(stage, "utf-8").startswith(STAGES)] == []
    parts = [part for _, part in heard]
    assert parts == sorted(parts)
    assert len(set(parts)) > 1


def test_pixels_of_nobody_come_back_with_a_warning(resident: Live, python2: Python2) -> None:
    samples, warnings = cut_out(python2, resident, np.full((60, 80, 3), 90, np.uint8)).result
    assert samples == bytes(60 * 80)
    assert warnings


def test_too_large_a_layer_is_refused_in_the_engines_words(layer: Rgb8, python2: Python2) -> None:
    with live("limits: {megapixels: 0.01}\n") as engine:
        outcome = cut_out(python2, engine, layer)
    assert outcome.error == "RefusedError"
    assert "and the limit is 0.01" in outcome.says


def asking(python: Python2, engine: Live, pixels: Rgb8) -> None:
    """Begins a call, and is back when the engine is at work on it."""
    assert python.process.stdin
    sent = [{"bytes": os.fsencode(engine.address).decode("latin-1")}, "matte"]
    size = [pixels.shape[1], pixels.shape[0], 3, {"bytes": pixels.tobytes().decode("latin-1")}, "photo"]
    words = [*sent, {"record": "cutting.Pixels", "values": size}, {"tell": True}]
    python.process.stdin.write(json.dumps(["cutting.cut_out", words]) + "\n")
    python.process.stdin.flush()
    until(lambda: engine.status()["queue"]["running"] == 1)


def test_where_gimp_kills_the_plug_in_the_engine_cancels_the_job(layer: Rgb8, resident: Live, python27: str) -> None:
    """Which is what Cancel does in GIMP 2.10."""
    before = resident.status()["counts"]["cancelled"]
    with running() as python:
        asking(python, resident, layer)
        python.process.kill()
    until(lambda: resident.status()["counts"]["cancelled"] == before + 1, 10)
    until(lambda: resident.status()["queue"]["running"] == 0, 10)


def test_an_engine_that_is_killed_at_work_is_said_to_have_ended(layer: Rgb8, python27: str) -> None:
    with live("") as engine, running() as python:
        asking(python, engine, layer)
        os.kill(engine.process.pid, signal.SIGKILL)
        assert python.process.stdout
        answer = json.loads(python.process.stdout.readline())
    assert answer["error"] == "LostError"
    assert answer["says"]["bytes"].startswith("The engine ended while it was at work. Nothing was changed.")
