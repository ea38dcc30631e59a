"""Which Python 3.7 is taken, and what is said where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.errors import DeviceError
from engine.runtimes.tf1.python37 import find_python37


@pytest.fixture(scope="session")
def real() -> Path:
    """A Python 3.7 of this machine, or a skip that says why there is none."""
    try:
        return find_python37(None)
    except DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any Python 3.7, and a PATH with one empty folder."""
    for name in ("PYENV_ROOT", "MAMBA_ROOT_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "家 home"
    (home / "bin").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(home / "bin"))
    return home


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def linked(path: Path, python: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(python)
    return path


def refusal(named: Path | None = None) -> str:
    with pytest.raises(DeviceError) as refused:
        find_python37(named)
    return str(refused.value)


@pytest.mark.parametrize(
    "place",
    [
        "bin/python3.7",
        ".pyenv/versions/3.7.9/bin/python3.7",
        "micromamba/envs/tf1/bin/python3.7",
        "miniconda3/envs/tf1/bin/python3.7",
    ],
)
def test_it_is_found_on_path_and_where_tools_put_it(home: Path, real: Path, place: str) -> None:
    python = linked(home / place, real)
    assert find_python37(None) == python


def test_what_conda_writes_down_is_read(home: Path, real: Path) -> None:
    python = linked(home / "anywhere/环境/bin/python3.7", real)
    (home / ".conda").mkdir()
    (home / ".conda/environments.txt").write_text(f"/nowhere/at/all\n{python.parents[1]}\n", encoding="utf-8")
    assert find_python37(None) == python


def test_roots_of_pyenv_and_mamba_are_those_of_their_variables(
    home: Path, real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(home / "pyenv"))
    python = linked(home / "pyenv/versions/3.7.17/bin/python3.7", real)
    assert find_python37(None) == python


def test_uv_is_asked(home: Path, real: Path) -> None:
    script(home / "bin/uv", f'[ "$*" = "python find --offline 3.7" ] && echo "{real}"')
    assert find_python37(None) == real


def test_uv_without_one_is_passed_over(home: Path) -> None:
    script(home / "bin/uv", "echo 'error: No interpreter found for Python 3.7' >&2; exit 2")
    assert "no Python 3.7 was found" in refusal()


def test_pyenvs_word_for_none_chosen_is_passed_over(home: Path, real: Path) -> None:
    script(home / "bin/python3.7", "echo 'pyenv: python3.7: command not found' >&2; exit 127")
    python = linked(home / ".pyenv/versions/3.7.16/bin/python3.7", real)
    assert find_python37(None) == python
    python.unlink()
    assert f"{home}/bin/python3.7: it says: pyenv: python3.7: command not found" in refusal()


def test_one_of_another_version_is_passed_over(home: Path) -> None:
    linked(home / "bin/python3.7", Path(sys.executable))
    assert f"it is a Python {sys.version_info[0]}.{sys.version_info[1]}" in refusal()


def test_one_that_makes_no_environments_is_passed_over(home: Path) -> None:
    script(home / "bin/python3.7", "printf 'Traceback\\nModuleNotFoundError: No module named ensurepip\\n' >&2; exit 1")
    assert "No module named ensurepip" in refusal()


def test_where_there_is_none_the_ways_out_are_said(home: Path) -> None:
    said = refusal()
    for way in (
        "uv python install 3.7",
        "pyenv install 3.7",
        "conda create",
        "--tf1-python PATH",
        "bshm models convert",
    ):
        assert way in said


def test_a_named_one_is_the_only_one_looked_at(home: Path, real: Path) -> None:
    linked(home / "bin/python3.7", real)
    assert find_python37(real) == real
    assert "no such file or directory" in refusal(home / "none")
    assert "is not a Python 3.7" in refusal(Path(sys.executable))
