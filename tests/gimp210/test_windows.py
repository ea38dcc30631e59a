"""GIMP 2.10 with windows, on a screen that nobody sees: progress, and what Ctrl+Z takes back.

The screen comes from the root with a desktop (tests/gimp/setup/make-root.sh trixie desktop): GIMP 2.10's has none.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.server.live import until
from tests.gimp.roots import SETUP
from tests.gimp.running import Run
from tests.gimp210.python2 import INSIDE
from tests.gimp210.running import Desk

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def screen_root() -> Path:
    """The folder with a screen."""
    found = subprocess.run(
        [SETUP / "make-root.sh", "--find", "trixie", "desktop"], capture_output=True, text=True, check=False
    )
    root = Path(os.environ.get("BSHM_SCREEN_ROOT") or found.stdout.strip() or "/nowhere")
    if not (root / "usr/bin/Xvfb").exists():
        pytest.skip("there is no root with a screen: tests/gimp/setup/make-root.sh trixie desktop makes one")
    return root


@contextmanager
def screen(root: Path, shared: Path, number: int) -> Iterator[None]:
    """A screen, and a hand that presses Ctrl+Z when the checks are done."""
    binds = ["--bind", f"{shared}:/mnt/shared", "--bind", f"{INSIDE}:/mnt/inside"]
    words = [str(SETUP / "in-root.sh"), *binds, str(root), "/mnt/inside/keys.sh", str(number)]
    with (shared / "keys.log").open("wb") as log, subprocess.Popen(words, stderr=log, stdout=log) as process:
        try:
            until(lambda: (shared / "windows-screen").exists(), 20)
            yield
        finally:
            process.kill()


@pytest.fixture(scope="module")
def run(desk: Desk, screen_root: Path) -> Run:
    number = 100 + os.getpid() % 900  # no other screen of this machine's, probably
    with screen(screen_root, desk.shared, number):
        return replace(desk, environment={"DISPLAY": f":{number}"}).run("windows", limit=150)


def test_it_ends_well(run: Run) -> None:
    assert run.code == 0, run.complaints
    assert "Traceback" not in run.complaints


def test_the_progress_bar_tells_the_engines_stages(run: Run) -> None:
    told = run.facts["progress"]["told"]
    assert told[0] == ["text", "BSHM Cut Out"]
    assert told[-1] == ["end"]
    assert {"Finding people", "Cutting out"} & {each[1] for each in told if each[0] == "text"}
    parts = [each[1] for each in told if each[0] == "part"]
    assert parts
    assert parts == sorted(parts)


def test_a_new_layer_has_the_mode_that_gimp_gives_to_new_layers(run: Run) -> None:
    assert run.facts["done"] == {"layers": 2, "mask": True, "mode": True}


def test_each_run_is_one_step_of_undo(run: Run) -> None:
    assert run.facts["windows-1"] == {"layers": 1, "mask": True, "as_before": False}
    assert run.facts["windows-2"] == {"layers": 1, "mask": False, "as_before": True}


def test_a_layer_that_is_removed_meanwhile_is_left_alone(run: Run) -> None:
    assert run.facts["removed"] == {"raised": True, "layers": 0, "masks": 0}
    assert "The layer was removed or resized meanwhile. Nothing was changed. Try again." in run.complaints


@pytest.mark.parametrize("check", ["converted", "made grey"])
def test_an_image_that_is_laid_out_anew_meanwhile_is_left_alone(run: Run, check: str) -> None:
    assert run.facts[check] == {"raised": True, "layers": 1, "masks": 0}
    assert run.complaints.count("The image was given another mode or precision meanwhile. Nothing was changed.") >= 2
