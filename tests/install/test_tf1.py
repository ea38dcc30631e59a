"""./install.sh --tf1 and what --uninstall takes back of it; `bshm` is the real one."""

from __future__ import annotations

import sys

import pytest

from tests.install.place import ROOT, Place, executable


@pytest.fixture
def bshm(place: Place) -> Place:
    executable(place.project / ".venv/bin/bshm", f'cd "{ROOT}" && exec "{sys.executable}" -m daemon "$@"')
    return place


def test_a_python_of_another_version_is_named_and_all_else_stays(bshm: Place) -> None:
    said = bshm.part(f'install_tensorflow_1 --tf1-python "{sys.executable}"', code=1)
    assert f"{sys.executable}: this is not a Python 3.7" in said
    assert "All else is installed." in said
    assert "runtimes install tf1 --python" in said


def test_without_one_the_ways_out_are_said(bshm: Place) -> None:
    bshm.variables["PATH"] = "/usr/bin:/bin"  # pyenv's are found in the home folder, which is empty here
    if "no Python 3.7 was found" not in (said := bshm.part("install_tensorflow_1", code=1)):
        pytest.skip(f"the system has a Python 3.7 of its own: {said}")
    assert "--tf1-python PATH" in said


@pytest.mark.parametrize(
    "words", [("--tf1-python", "x"), ("--tf1", "x"), ("--tf1", "--tf1-python"), ("--tf1", "--tf1-python", "")]
)
def test_a_path_belongs_to_its_option(place: Place, words: tuple[str, ...]) -> None:
    assert "is not an option that is known here" in place.install(*words, code=2)


def test_the_environment_is_taken_back(place: Place) -> None:
    data = place.home / ".local/share/bshm"
    (data / "tf1/bin").mkdir(parents=True)
    (data / "tf1/bin/python").touch()
    (data / ".tf1.lock").touch()
    assert f"Removed: {data}/tf1" in place.install("--uninstall")
    assert not data.exists()
