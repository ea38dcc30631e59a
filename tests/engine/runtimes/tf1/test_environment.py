"""The environment of TensorFlow 1 is there whole or not at all: made by real venv and pip, from small wheels made here;
the real 1.5 GB are in the environment that all tests of TensorFlow 1 use (tests/tf1)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from engine.errors import DeviceError
from engine.runtimes.tf1 import environment
from engine.runtimes.tf1.environment import environment_folder, installed, make, python_of, remove, tensorflow_of
from engine.settings import Settings, Tf1
from tests.engine.models.making import let_pip_know_only, make_wheel
from tests.engine.models.test_https import Steps

PYTHON = Path(sys.executable)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data 数据"))
    return environment_folder()


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TensorFlow that knows its version and nothing else, of 1.15.5 and of 2.0; pip finds no other packages."""
    place = tmp_path / "wheels"
    for version in ("1.15.5", "2.0.0"):
        code = f"__version__ = '{version}'".encode()
        make_wheel(place, {"tensorflow/__init__.py": code}, "tensorflow_gpu", version)
    let_pip_know_only(place, monkeypatch)
    monkeypatch.setattr(environment, "REQUIREMENTS", place / "requirements.txt")
    (place / "requirements.txt").write_text("tensorflow-gpu==1.15.5\n")
    return place


def refusal(python: Path, folder: Path) -> str:
    with pytest.raises(DeviceError) as refused:
        make(python, folder, Steps())
    assert not folder.exists()
    return str(refused.value)


def test_it_is_made_once(folder: Path, wheels: Path) -> None:
    assert installed(folder) is None
    steps = Steps()
    assert make(PYTHON, folder, steps)
    assert steps.told[0][0] == "making an environment for TensorFlow 1.15.5"
    python = installed(folder)
    assert python
    assert python == python_of(Settings())
    assert tensorflow_of(python) == "1.15.5"
    assert not make(PYTHON, folder, Steps())


def test_half_of_one_and_an_earlier_releases_are_replaced(folder: Path, wheels: Path) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(PYTHON)  # as a killed installation leaves it
    assert installed(folder) is None
    assert make(PYTHON, folder, Steps())
    with environment.REQUIREMENTS.open("a") as file:
        file.write("# another release's\n")
    left = folder / "left"
    left.touch()
    assert installed(folder)  # it still runs graphs
    assert make(PYTHON, folder, Steps())
    assert not left.exists()


def test_one_that_does_not_run_any_more_is_replaced(folder: Path, wheels: Path) -> None:
    make(PYTHON, folder, Steps())
    (package,) = folder.glob("lib/python*/site-packages/tensorflow/__init__.py")
    package.write_text("import nothing_of_that_name")
    assert make(PYTHON, folder, Steps())


def test_two_at_once_make_one(folder: Path, wheels: Path) -> None:
    made: list[bool] = []
    both = [Thread(target=lambda: made.append(make(PYTHON, folder, Steps()))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(made) == [False, True]


def test_another_tensorflow_than_the_one_asked_for_is_not_kept(folder: Path, wheels: Path) -> None:
    environment.REQUIREMENTS.write_text("tensorflow-gpu==2.0.0")
    assert "its version is 2.0.0" in refusal(PYTHON, folder)


def test_one_that_cannot_be_imported_is_not_kept(folder: Path, wheels: Path) -> None:
    make_wheel(wheels, {"tensorflow/__init__.py": b"import nothing_of_that_name"}, "tensorflow_gpu", "1.15.5")
    assert "importing it fails" in refusal(PYTHON, folder)


def test_without_a_connection_it_says_how_to_get_one(
    folder: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    said = refusal(PYTHON, folder)
    assert "pip " in said
    assert "Connect to the network" in said


def test_what_is_too_large_for_the_disk_is_not_begun(
    folder: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_ROOM", 10**18)
    said = refusal(PYTHON, folder)
    assert "it needs 1000000000.0 GB while it is made, and" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted, which root alone may do")
def test_a_disk_that_fills_up_meanwhile_leaves_nothing_behind(tmp_path: Path, wheels: Path) -> None:
    large = make_wheel(wheels, {"large.bin": os.urandom(60_000_000)}, "large")
    disk = tmp_path / "disk"
    disk.mkdir()
    code = f"""
import subprocess
from pathlib import Path
from engine.environments import make_environment
from engine.errors import DeviceError
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "disk", {str(disk)!r}], check=True)
requirements = Path({str(wheels)!r}, "large.txt")
requirements.write_text("large")
try:
    make_environment(Path({sys.executable!r}), requirements, Path({str(disk)!r}, "new"), "Large", 1, 0, lambda *_: None)
except DeviceError as error:
    print(error, list(Path({str(disk)!r}).iterdir()))
"""
    ran = subprocess.run(["unshare", "--mount", sys.executable, "-c", code], capture_output=True, text=True)
    if "unshare failed" in ran.stderr:
        pytest.skip("this root may not mount")
    large.unlink()
    assert "No space left on device. Make room and run this again. []" in ran.stdout, ran.stderr


def test_a_python_that_makes_no_environments_is_named(folder: Path, wheels: Path, tmp_path: Path) -> None:
    python = tmp_path / "python3.7"
    python.write_text("#!/bin/sh\necho 'No module named venv' >&2\nexit 1\n")
    python.chmod(0o755)
    said = refusal(python, folder)
    assert f"{python} -m venv says: No module named venv" in said


def test_it_can_be_removed_whole_or_half(folder: Path, wheels: Path) -> None:
    assert not remove(folder, Steps())
    make(PYTHON, folder, Steps())
    assert remove(folder, Steps())
    assert list(folder.parent.iterdir()) == []
    folder.mkdir()
    assert remove(folder, Steps())


def test_the_config_files_python_comes_first(folder: Path, tmp_path: Path) -> None:
    named = tmp_path / "python"
    assert python_of(Settings(tf1=Tf1(str(named)))) == named


def test_the_real_one_has_the_version_and_what_converts(tensorflow_1: Path) -> None:
    assert tensorflow_of(tensorflow_1) == "1.15.5"
    assert not make(tensorflow_1, tensorflow_1.parents[1], Steps())
    ran = subprocess.run(
        [tensorflow_1, "-I", "-c", "import tf2onnx, onnx; print(onnx.__version__)"], capture_output=True
    )
    assert ran.stdout == b"1.14.1\n", ran.stderr
    check = subprocess.run([tensorflow_1, "-I", "-m", "pip", "check"], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout
