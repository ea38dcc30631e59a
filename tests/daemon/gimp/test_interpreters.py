"""Whether a GIMP can run Python plug-ins, seen from what lies around it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from daemon.gimp.found import Gimp, Source
from daemon.gimp.interpreters import obstacle
from tests.daemon.gimp.homes import Home

PACKAGED = Path("/usr/bin/env")  # any program of the distribution


@pytest.fixture
def gimp(user: Home) -> Gimp:
    """A GIMP 2.10 in a prefix of its own."""
    return Gimp(Source.PROGRAM, (2, 10), user.gimp("gimp-2.10", "2.10.34", "prefix/bin"), user.settings("2.10"))


PYTHON_FU = (
    "prefix/lib/gimp/2.0",
    "prefix/lib64/gimp/2.0",
    "prefix/lib/x86_64-linux-gnu/gimp/2.0",
    ".config/GIMP/2.10",
)


@pytest.mark.parametrize("folder", PYTHON_FU)
@pytest.mark.parametrize("name", ["python-eval.py", "python-eval/python-eval.py"])
def test_a_gimp_2_10_with_python_fu_and_its_python_can(user: Home, gimp: Gimp, folder: str, name: str) -> None:
    user.program("python2", "exit 0")
    user.program(name, "", f"{folder}/plug-ins")
    assert obstacle(gimp, user.environment) == ""


def test_one_that_was_built_without_cannot(user: Home, gimp: Gimp) -> None:
    user.program("python2", "exit 0")
    user.program("script-fu", "", "prefix/lib/gimp/2.0/plug-ins")
    why = "This GIMP was built without Python-Fu, as in Debian from version 11 on: "
    assert obstacle(gimp, user.environment).startswith(why)


def test_one_whose_python_is_gone_cannot(user: Home, gimp: Gimp) -> None:
    user.program("python-eval.py", "", "prefix/lib/gimp/2.0/plug-ins")
    assert "finds no Python 2" in obstacle(gimp, user.environment)


def test_a_python_without_gimps_modules_is_said_with_the_packages_to_install(user: Home) -> None:
    user.program("python3", f'exec "{sys.executable}" -I -S "$@"')  # without site-packages: there is no gi
    path = f"{user.environment['PATH']}:/usr/bin"
    said = obstacle(Gimp(Source.PROGRAM, (3, 0), PACKAGED, None), {**user.environment, "PATH": path})
    assert "(ModuleNotFoundError: No module named 'gi')" in said
    assert said.endswith("sudo apt-get install python3-gi gir1.2-gimp-3.0")


def test_without_any_python_it_says_so(user: Home) -> None:
    (user.folder / "bin").mkdir()
    (user.folder / "bin/env").symlink_to("/usr/bin/env")
    assert "python3" in obstacle(Gimp(Source.PROGRAM, (3, 0), PACKAGED, None), user.environment)


def test_our_own_environment_is_not_taken_for_gimps(user: Home) -> None:
    """Where it is active in the terminal: GIMP is started elsewhere."""
    user.program("python3", "exit 0")
    path = f"{Path(sys.prefix) / 'bin'}:{user.environment['PATH']}:/usr/bin"
    assert obstacle(Gimp(Source.PROGRAM, (3, 0), PACKAGED, None), {**user.environment, "PATH": path}) == ""


@pytest.mark.parametrize(
    "gimp",
    [
        Gimp(Source.FLATPAK, (3, 2), Path("/a"), Path("/b")),
        Gimp(Source.SETTINGS, (2, 10), Path("/b"), Path("/b")),
        Gimp(Source.PROGRAM, (3, 2), Path("/opt/gimp/bin/gimp"), Path("/b")),
        Gimp(Source.PROGRAM, None, Path("/usr/bin/gimp"), None),
    ],
)
def test_of_others_nothing_is_said(gimp: Gimp) -> None:
    assert obstacle(gimp, {"PATH": "/nonexistent"}) == ""
