"""`bshm runtimes`, from the words of the command line to the environment in the data folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.commands import main
from engine.runtimes.tf1.environment import environment_folder

Bshm = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bshm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bshm:
    """Runs `bshm runtimes` in this process with a home of the test's own; exit code, output, messages."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "BSHM_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str | Path) -> tuple[int, str, str]:
        code = main(["runtimes", *map(str, words)])
        return (code, *capsys.readouterr())

    return run


def configured(python: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder / "config.yaml"
    config.write_text(f"tf1: {{python: '{python}'}}\n", encoding="utf-8")
    monkeypatch.setenv("BSHM_CONFIG", str(config))


@pytest.mark.parametrize("words", [(), ("list",)])
def test_they_are_listed_and_how_to_get_what_is_missing(bshm: Bshm, words: tuple[str, ...]) -> None:
    code, listed, _ = bshm(*words)
    assert code == 0
    assert "ONNX Runtime 1." in listed
    assert "not installed (bshm runtimes install tf1)" in listed


def test_the_version_in_the_list_is_what_that_python_says(
    bshm: Bshm, tensorflow_1: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(tensorflow_1, tmp_path, monkeypatch)
    assert f"TensorFlow 1.15.5, {tensorflow_1}" in bshm("list")[1]
    configured(Path(sys.executable), tmp_path, monkeypatch)
    assert "imports no TensorFlow" in bshm("list")[1]


def test_what_is_whole_is_left_as_it_is(bshm: Bshm, tensorflow_1: Path) -> None:
    environment_folder().parent.mkdir(parents=True)
    environment_folder().symlink_to(tensorflow_1.parents[1])
    code, _, said = bshm("install", "tf1", "--python", tensorflow_1.resolve())
    assert code == 0
    assert f"TensorFlow 1.15.5: was installed already in {environment_folder()}." in said


def test_a_python_that_is_none_is_refused_with_the_ways_out(bshm: Bshm) -> None:
    code, _, said = bshm("install", "tf1", "--python", sys.executable)
    assert code == 3
    assert "this is not a Python 3.7" in said
    assert "--tf1-python PATH" in said


def test_it_is_removed_once(bshm: Bshm) -> None:
    environment_folder().mkdir(parents=True)
    assert "removed from" in bshm("remove", "tf1")[2]
    assert not environment_folder().exists()
    assert "was not installed" in bshm("remove", "tf1")[2]


def test_pytorch_is_listed_and_brought(bshm: Bshm) -> None:
    assert "torch, for .onnx files on GPUs: PyTorch 2." in bshm("list")[1]
    code, _, said = bshm("install", "torch", "--build", "cpu")
    assert code == 0
    assert "installed." in said
