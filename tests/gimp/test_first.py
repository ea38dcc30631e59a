"""GIMP starts, and knows the plug-in."""

from __future__ import annotations

import pytest

from tests.gimp.roots import SUITES, Suite, suites_to_test
from tests.gimp.running import Desk, Run

pytestmark = pytest.mark.timeout(600)  # a GIMP that is not installed yet takes a minute


@pytest.fixture(scope="module")
def run(desk: Desk) -> Run:
    return desk.run("first")


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


def test_it_is_the_version_that_is_meant(run: Run, suite: Suite) -> None:
    assert run.facts["version"]["version"].startswith(suite.gimp)


def test_it_lists_the_procedure(run: Run) -> None:
    assert run.facts["procedure"]["known"], run.complaints


def test_its_entry_stands_in_the_layer_menu(run: Run) -> None:
    menu = run.facts["menu"]
    assert [each.split("/")[:2] for each in menu["paths"]] == [["<Image>", "Layer"]]
    assert menu["label"].replace("_", "") == "BSHM Cut Out..."


def test_every_version_is_tested() -> None:
    if others := [each.gimp for each in SUITES if each not in suites_to_test()]:
        pytest.skip(f"GIMP {', '.join(others)} is tested where BSHM_GIMP=all")
