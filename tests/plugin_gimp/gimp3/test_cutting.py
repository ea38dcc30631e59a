"""Layers' pixels through the real engine: the same matte as everybody gets, stages, and what goes wrong on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bshm_cut_out import cutting
from bshm_cut_out.connection import Engine
from bshm_cut_out.cutting import STAGES, Asked, Pixels, cut_out_by
from bshm_cut_out.errors import AwayError, BusyError, CutOutError, RefusedError

from engine.client import Asked as EveryonesAsked
from engine.client import Client, Raw
from tests.engine.client.listening import json_reply, listening, mute, problem, reply, saying
from tests.engine.scenes import photo
from tests.engine.server.live import Live, live, until

MATTE = Asked("matte", "auto", "auto", "soft")
WIDTH, HEIGHT = 512, 512


@pytest.fixture(scope="module")
def running() -> Iterator[Live]:
    with live("limits: {megapixels: 1}\n") as engine:
        yield engine


@pytest.fixture(scope="module")
def layer() -> Pixels:
    """Its name has what no sentence may have."""
    return Pixels(WIDTH, HEIGHT, 3, photo("astronaut").tobytes(), "Hintergrund 背景\n\x1b[31m")


def nobody_watches(_stage: str, _part: float) -> None:
    pass


@pytest.mark.parametrize(("want", "channels"), [("matte", 1), ("cutout", 4)])
def test_it_is_what_everybody_gets(running: Live, layer: Pixels, want: str, channels: int) -> None:
    answer = cut_out_by(Engine(running.address), replace(MATTE, want=want), layer, nobody_watches)
    asked = EveryonesAsked(want=(want,), format="raw")
    expected = Client(running.address).cut_out(Raw(WIDTH, HEIGHT, 3, layer.samples), asked)
    assert answer.samples == bytes(expected.results[want])
    assert len(answer.samples) == WIDTH * HEIGHT * channels


def test_the_layers_alpha_counts_where_it_is_sent(running: Live, layer: Pixels) -> None:
    samples = np.dstack([photo("astronaut"), np.zeros((HEIGHT, WIDTH), np.uint8)])
    samples[:, WIDTH // 2 :, 3] = 255
    transparent = Pixels(WIDTH, HEIGHT, 4, samples.tobytes(), "layer")
    answer = cut_out_by(Engine(running.address), MATTE, transparent, nobody_watches)
    matte = np.frombuffer(answer.samples, np.uint8).reshape(HEIGHT, WIDTH)
    assert not matte[:, : WIDTH // 2].any()
    assert matte[:, WIDTH // 2 :].max() == 255


def test_people_are_meant_by_a_selection(running: Live, layer: Pixels) -> None:
    engine = Engine(running.address)
    on_her, beside = (
        cut_out_by(engine, replace(MATTE, people="largest", selection=marked(*place)), layer, nobody_watches)
        for place in ((225, 120), (10, 500))
    )
    assert max(on_her.samples) == 255
    assert not any(beside.samples)
    assert beside.warnings


def marked(x: int, y: int) -> bytes:
    """A selection of one pixel."""
    samples = bytearray(WIDTH * HEIGHT)
    samples[y * WIDTH + x] = 128
    return bytes(samples)


def test_stages_are_told_and_go_forward(running: Live, layer: Pixels) -> None:
    told: list[tuple[str, float]] = []
    cut_out_by(Engine(running.address), MATTE, layer, lambda stage, part: told.append((stage, part)))
    assert {stage for stage, _ in told} <= set(STAGES.values())
    assert STAGES["matte"] in {stage for stage, _ in told}
    parts = [part for _, part in told]
    assert parts == sorted(parts)


def test_too_large_a_layer_is_refused_in_the_engines_words(running: Live) -> None:
    large = Pixels(1100, 1000, 3, bytes(3_300_000), "wall")
    with pytest.raises(RefusedError, match=r"It says: .* that is 1\.1 megapixels, and the limit is 1"):
        cut_out_by(Engine(running.address), MATTE, large, nobody_watches)


def test_who_gives_up_cancels_the_job(running: Live, layer: Pixels) -> None:
    class EnoughError(Exception):
        pass

    def tell(stage: str, _part: float) -> None:
        if stage == STAGES["matte"]:
            raise EnoughError

    before = running.status()["counts"]["cancelled"]
    with pytest.raises(EnoughError):
        cut_out_by(Engine(running.address), MATTE, layer, tell)
    until(lambda: running.status()["counts"]["cancelled"] == before + 1, 10)


def test_an_engine_that_is_killed_at_work_is_said_to_have_ended(layer: Pixels) -> None:
    with live("") as engine:

        def tell(stage: str, _part: float) -> None:
            if stage == STAGES["matte"]:
                os.kill(engine.process.pid, signal.SIGKILL)

        with pytest.raises(AwayError, match=r"ended while it was at work\. Nothing was changed"):
            cut_out_by(Engine(engine.address), MATTE, layer, tell)


def test_a_busy_engine_is_offered_the_layer_again(address: Path) -> None:
    small = Pixels(2, 1, 3, b"rgbrgb", "small")
    busy = saying(problem("busy", "503 Busy", "full", Retry_After="1"))
    good = saying(reply("200 OK", "application/octet-stream", b"\x00\xff", X_Bshm_Report="{}"))
    told: list[str] = []
    with listening(address, busy, good):
        answer = cut_out_by(Engine(address), MATTE, small, lambda stage, _: told.append(stage))
    assert answer.samples == b"\x00\xff"
    assert set(told) == {STAGES["wait"]}


def test_one_that_stays_busy_is_told(address: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "_PATIENCE", 0.5)
    busy = saying(problem("busy", "503 Busy", "full", Retry_After="1"))
    with listening(address, busy), pytest.raises(BusyError, match="The engine is busy"):
        cut_out_by(Engine(address), MATTE, Pixels(2, 1, 3, b"rgbrgb", "small"), nobody_watches)


def test_one_that_falls_silent_is_given_up(address: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "_GONE", 0.3)
    monkeypatch.setattr("bshm_cut_out.connection._SILENCE", 0.2)
    with listening(address, mute), pytest.raises(CutOutError, match="is silent"):
        cut_out_by(Engine(address), MATTE, Pixels(2, 1, 3, b"rgbrgb", "small"), nobody_watches)


def test_an_answer_of_another_size_is_refused(address: Path) -> None:
    answer = saying(reply("200 OK", "application/octet-stream", b"\x00", X_Bshm_Report="{}"))
    with listening(address, answer, saying(json_reply({}))), pytest.raises(CutOutError, match="1 != 2"):
        cut_out_by(Engine(address), MATTE, Pixels(2, 1, 3, b"rgbrgb", "small"), nobody_watches)
