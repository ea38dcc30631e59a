"""Whatever goes wrong: a sentence says it, no byte of the image is changed, and no engine works on for nobody."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.types import Rgb8
from tests.engine.server.live import Live, live
from tests.gimp.hands import Hands
from tests.gimp.inside.failures import FAILURES
from tests.gimp.inside.kinds import HEIGHT, WIDTH
from tests.gimp.judging import Judge
from tests.gimp.running import Desk, Run
from tests.gimp.strangers import strangers

pytestmark = pytest.mark.timeout(600)

SENTENCES = {
    "away": "Paste in a terminal: bshm engine --detach",
    "no program": "The engine could not be started: /nonexistent/bshm: No such file or directory. Install it again",
    "no program, a name that is no UTF-8": r"could not be started: /nonexistent/b\udcffshm: No such file or directory",
    "does not start": "The engine could not be started. It says: The config file is wrong.",
    "damaged installation": "installation.json cannot be used",
    "another version": "The engine and this plug-in are of different versions.",
    "a stranger": "is no engine that this plug-in knows",
    "no HTTP": "is no engine that this plug-in knows",
    "cut short": "The engine ended while it was at work. Nothing was changed.",
    "busy": "The engine is busy. Try again in a moment. It says: the queue is full",
    "too large": "and the limit is 0.01",
    "the engine falls silent": "is silent. Start it anew",
    "the engine is killed": "The engine ended while it was at work. Nothing was changed.",
    "cancelled by SIGTERM": "",
    "cancelled by SIGKILL": "",
}
RECOVERED = ("busy for a while", "afterwards")


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, Live]]:
    """small: takes no photo of ours. doomed, stuck: see Hands."""
    quick = "quality: fast\n"
    with (
        live(f"{quick}limits: {{megapixels: 0.01}}\n") as small,
        live(quick) as doomed,
        live(f"{quick}queue: {{pictures: 1}}\n") as stuck,
    ):
        yield {"small": small, "doomed": doomed, "stuck": stuck}


@pytest.fixture(scope="module")
def hands(desk: Desk, engines: dict[str, Live], photo: Rgb8) -> Hands:
    return Hands(desk.shared / "now", engines["doomed"], engines["stuck"], png(photo))


@pytest.fixture(scope="module")
def run(desk: Desk, resident: Live, engines: dict[str, Live], hands: Hands) -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="bshm") as name:
        folder = Path(name)
        for engine, one in {**engines, "good": resident}.items():
            (folder / f"{engine}.sock").hardlink_to(one.address)  # they lie in folders of their own
        with strangers(folder):
            yield replace(desk, sockets=folder).run("failures", hands)


def png(pixels: Rgb8) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_it_ends_well(run: Run) -> None:
    """Two plug-ins were killed, which GIMP says."""
    killed = [each for each in run.alarms if "lug-in crashed" in each]
    assert (run.code, [each for each in run.alarms if each not in killed]) == (0, []), run.complaints


def test_every_failure_was_tried(run: Run) -> None:
    assert list(run.facts) == [each.check for each in FAILURES] == [*SENTENCES, *RECOVERED]


@pytest.mark.parametrize(("check", "sentence"), SENTENCES.items())
def test_a_sentence_says_it(run: Run, check: str, sentence: str) -> None:
    fact = run.facts[check]
    assert fact["status"] == ("CALLING_ERROR" if "cancelled" in check else "EXECUTION_ERROR")
    assert sentence in fact["message"]
    assert "Traceback" not in fact["message"]


@pytest.mark.parametrize("check", SENTENCES)
def test_nothing_is_changed(run: Run, check: str) -> None:
    """Neither the layer, which gets no mask, nor another one's mask."""
    fact = run.facts[check]
    assert fact["unchanged"] == [True, True]
    assert fact["more_layers"] == 0
    assert fact["chosen_stay"]
    assert fact["masks"][0] is None
    ramp = bytes(x * 255 // (WIDTH - 1) for x in range(WIDTH)) * HEIGHT
    assert run.bytes_of(fact["masks"][1]) == ramp


@pytest.mark.parametrize("check", SENTENCES)
def test_it_is_said_soon(run: Run, check: str) -> None:
    """Silence is borne for ten seconds, and a busy machine takes some too."""
    assert run.facts[check]["seconds"] < (25 if check == "the engine falls silent" else 10)


def test_the_engine_gives_up_what_nobody_waits_for(run: Run, hands: Hands) -> None:
    assert hands.cancelled["cancelled by SIGTERM"] == 1
    assert hands.cancelled["cancelled by SIGKILL"] == 2


@pytest.mark.parametrize("check", RECOVERED)
def test_an_engine_that_is_busy_for_a_while_is_waited_for(run: Run, judge: Judge, check: str) -> None:
    """And what failed before is no obstacle."""
    fact = run.facts[check]
    assert (fact["status"], fact["unchanged"]) == ("SUCCESS", [True, True])
    matte = judge.matte(fact["sources"][0]["rgb"], fact["asked"])
    np.testing.assert_array_equal(run.samples(fact["masks"][0], WIDTH, HEIGHT), matte)
