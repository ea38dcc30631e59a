"""Files that are no graph of BSHM's kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import DeviceError, NetworkError
from engine.runtimes.tf1.process import Tf1Process
from tests.engine.runtimes.tf1.pictures import SECONDS, noise, workers

Start = Callable[..., Tf1Process]


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><html>", b"\x00" * 5000, b"\x0a\xff\xff\xff\x7f"])
def test_a_file_that_is_none_is_an_error_that_names_it(start: Start, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "tf_graph 网络.pb"
    file.write_bytes(content)
    with pytest.raises(NetworkError, match=r"tf_graph 网络\.pb: it is no graph of BSHM's kind: .+") as caught:
        start(file)
    assert "\n" not in str(caught.value)
    assert workers() == []


def test_a_file_that_cannot_be_read_is_an_error_that_says_why(start: Start, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"nowhere\.pb: the graph cannot be read: no such file or directory"):
        start(tmp_path / "nowhere.pb")
    with pytest.raises(NetworkError, match=r": the graph cannot be read: is a directory"):
        start(tmp_path)


def test_half_of_a_graph_is_an_error(start: Start, graphs: Path, tmp_path: Path) -> None:
    whole = (graphs / "red.pb").read_bytes()
    (tmp_path / "half.pb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NetworkError, match="it is no graph of BSHM's kind"):
        start(tmp_path / "half.pb")


def test_a_graph_with_other_names_is_an_error_that_says_which_is_missing(start: Start, graphs: Path) -> None:
    with pytest.raises(NetworkError, match=r"nameless\.pb: .*output_png:0"):
        start(graphs / "nameless.pb")


def test_a_graph_whose_output_is_no_picture_is_an_error_at_its_first_run(start: Start, graphs: Path) -> None:
    process = start(graphs / "mask.pb")
    said = r"output_png is to be uint8 20 x 30 x 4, and is float32 \(20, 30\)"
    with pytest.raises(NetworkError, match=said):
        process.alpha(noise(20, 30), SECONDS)
    with pytest.raises(NetworkError, match=said):
        process.alpha(noise(20, 30), SECONDS)


def test_a_gpu_that_is_asked_for_is_not_the_cpu(start: Start, graphs: Path) -> None:
    """By the real TensorFlow, which is shown no GPU."""
    with pytest.raises(DeviceError, match=r"device: cuda:7 cannot be used by TensorFlow 1\.15\.5: ") as caught:
        start(graphs / "red.pb", device="cuda:7")
    assert caught.value.why
    assert workers() == []
