"""./install.sh --gimp and what --uninstall takes back of it; `bshm` is the real one, and so are the folders."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.install.place import ROOT, Place, executable
from tests.install.test_set_up import TOOLS


@pytest.fixture
def gimp(place: Place) -> Path:
    """The plug-in folder of a GIMP of which nothing but its settings is known; `bshm` is where install.sh puts it."""
    executable(place.project / ".venv/bin/bshm", f'cd "{ROOT}" && exec "{sys.executable}" -m daemon "$@"')
    tools = place.home / "tools"  # all of PATH, so that no GIMP of this machine is found
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is missing"))
    place.variables["PATH"] = str(tools)
    place.variables["FLATPAK_SYSTEM_DIR"] = str(place.home / "none")
    folder = place.home / ".config/GIMP/3.9"
    folder.mkdir(parents=True)
    return folder / "plug-ins"


def test_the_plug_in_is_put_into_every_gimp_and_taken_back(place: Place, gimp: Path) -> None:
    said = place.part("put_into_gimp")
    assert f"installed, {gimp}/bshm-cut-out" in said
    assert (gimp / "bshm-cut-out/bshm-cut-out.py").stat().st_mode & 0o111 == 0o111
    said = place.install("--uninstall")
    assert "GIMP 3.9" in said
    assert list(gimp.iterdir()) == []


def test_why_a_gimp_does_not_have_it_is_said(place: Place, gimp: Path) -> None:
    gimp.touch()
    said = place.part("put_into_gimp", code=1)
    assert f"{gimp}: no plug-in can be put there: it is no folder." in said
    assert "All else is installed." in said


@pytest.mark.parametrize("broken", [True, False])
def test_where_the_environment_is_gone_what_is_left_in_gimp_is_named(place: Place, gimp: Path, broken: bool) -> None:
    place.part("put_into_gimp")
    program = place.project / ".venv/bin/bshm"
    if broken:
        executable(program, "exit 1")
    else:
        program.unlink()
    said = place.install("--uninstall")
    assert f"Left: {gimp}/bshm-cut-out, the plug-in in GIMP. Delete that folder." in said
    assert (gimp / "bshm-cut-out").exists()
