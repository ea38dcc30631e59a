"""tf2onnx is not taken at its word: what gives other alphas than TensorFlow is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.errors import NetworkError
from engine.models.catalogue import NETWORKS
from engine.models.converting import check_conversion, convert_graph_file, difference, pictures
from engine.models.trial import try_onnx

BSHM = NETWORKS["bshm"]


def quietly(_words: str, _done: int | None, _total: int | None, /) -> None:
    """No progress."""


def test_a_graph_becomes_one_onnx_file_of_the_same_kind(converted: Path) -> None:
    try_onnx(BSHM, converted)
    model = onnx.load(converted)
    assert [each.name for each in model.graph.input] == ["input_image:0"]
    assert [each.name for each in model.graph.output] == ["output_png:0"]
    assert {each.domain: each.version for each in model.opset_import}[""] == 17
    assert not any(each.data_location for each in model.graph.initializer)
    assert b".pb" not in converted.read_bytes()  # no path of this machine


def test_one_that_gives_other_alphas_is_refused_with_the_figures(
    converted: Path, stand_in: Path, tensorflow_1: Path, tmp_path: Path
) -> None:
    model = onnx.load(converted)
    (bias,) = [each for each in model.graph.initializer if list(each.dims) == [1]][-1:]
    bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) + np.float32(0.5), bias.name))
    onnx.save(model, tmp_path / "bshm.onnx")
    with pytest.raises(NetworkError) as refused:
        check_conversion(BSHM, stand_in, tmp_path / "bshm.onnx", tensorflow_1, False, quietly)
    assert refused.value.what == "bshm: the conversion is refused"
    assert "differ from TensorFlow's by more than 1 of 255" in refused.value.why


UNKNOWN = """
import sys, tensorflow.compat.v1 as tf
image = tf.placeholder(tf.float32, [None, None, 3], name="input_image")
alpha = 255 * tf.math.bessel_i0e(image[..., :1])
tf.cast(tf.concat([image, alpha], 2), tf.uint8, name="output_png")
tf.io.write_graph(tf.get_default_graph().as_graph_def(), *sys.argv[1:], as_text=False)
"""


def test_an_operator_that_cannot_be_converted_is_named(tensorflow_1: Path, tmp_path: Path) -> None:
    command = [str(tensorflow_1), "-W", "ignore", "-c", UNKNOWN, str(tmp_path), "unknown.pb"]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(NetworkError) as refused:
        convert_graph_file(BSHM, tmp_path / "unknown.pb", tmp_path / "made.onnx", tensorflow_1, False, quietly)
    assert refused.value.what == "bshm: the graph cannot be converted"
    assert "BesselI0e" in refused.value.why


def test_a_python_without_tf2onnx_is_told_what_it_lacks(stand_in: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    with pytest.raises(NetworkError) as refused:
        convert_graph_file(BSHM, stand_in, tmp_path / "made.onnx", bare / "bin/python", False, quietly)
    assert "No module named" in refused.value.why
    assert "Install tf2onnx 1.16.1" in refused.value.remedy


def test_a_difference_is_told_by_its_most_and_by_how_many_pixels_have_more_than_one_level() -> None:
    one = np.array([[0, 100, 255, 7]], np.uint8)
    assert difference(one, one) == (0, 0)
    assert difference(one, np.array([[1, 99, 254, 6]], np.uint8)) == (1, 0)
    assert difference(one, np.array([[0, 100, 0, 9]], np.uint8)) == (255, 0.5)


def test_the_pictures_that_are_compared_are_the_same_every_time_and_of_several_sizes() -> None:
    first, second = list(pictures()), list(pictures())
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert len({each.shape for each in first}) == 4
