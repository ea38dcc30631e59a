"""Whether a file is a network of BSHM's kind: graphs by their bytes, ONNX files by a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from engine.errors import NetworkError
from engine.models.catalogue import NETWORKS
from engine.models.contract import check_graph, trial_picture
from engine.models.trial import try_onnx

BSHM = NETWORKS["bshm"]


def field(number: int, content: bytes) -> bytes:
    """One that has a length, as https://protobuf.dev/programming-guides/encoding/ says."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    more = value >> 7
    return bytes([value & 0x7F | (0x80 if more else 0)]) + (varint(more) if more else b"")


def node(name: str, operation: str) -> bytes:
    return field(1, field(1, name.encode()) + field(2, operation.encode()) + field(5, b"weights" * 50))


GRAPH = node("input_image", "Placeholder") + node("conv/Conv2D", "Conv2D") + node("output_png", "Cast") + b"\x18\x05"


def refusal(folder: Path, content: bytes) -> str:
    file = folder / "图.pb"
    file.write_bytes(content)
    with pytest.raises(NetworkError) as refused:
        check_graph(file)
    return str(refused.value)


def test_a_graph_with_bshms_input_and_output_is_taken(tmp_path: Path) -> None:
    (tmp_path / "tf_graph.pb").write_bytes(GRAPH)
    check_graph(tmp_path / "tf_graph.pb")


def test_the_graph_that_stands_in_for_bshms_is_taken(stand_in: Path) -> None:
    check_graph(stand_in)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "of its 0 nodes none is called input_image or output_png"),
        (node("input_image", "Placeholder"), "of its 1 nodes none is called output_png"),
        (node("input_image", "Const") + node("output_png", "Cast"), "its input_image takes no picture"),
        (GRAPH[:-60], "it ends "),
        (b"<!DOCTYPE html>\n<html>", "no TensorFlow graph, or not all of it"),
        (b'{"Code": 404, "Message": "no such file"}' * 9, 'all of it: it begins with \'{"Code": 404, "Message": "no'),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no TensorFlow graph, or not all of it"),
        (bytes(1000), "begins no field"),
        (b"\xff" * 20, "is in no number"),
    ],
)
def test_what_is_none_is_refused_and_said_why(tmp_path: Path, content: bytes, words: str) -> None:
    said = refusal(tmp_path, content)
    assert said.startswith(f"{tmp_path / '图.pb'}: ")
    assert words in said


@given(st.integers(1, len(GRAPH) - 3))
def test_one_that_is_cut_off_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    assert refusal(tmp_path_factory.mktemp("cut"), GRAPH[:length])


@given(st.binary())
@example(b"\x0a\x80")
@example(b"\x08\x01")
def test_any_other_bytes_are_refused_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    assert refusal(tmp_path_factory.mktemp("any"), content)


def test_one_that_is_larger_than_a_graph_can_be_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.pb").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(NetworkError, match="it has more than 2 GiB"):
        check_graph(tmp_path / "huge.pb")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="cannot be read"):
        check_graph(tmp_path / "missing.pb")


def export(file: Path, *, transposed: bool = False, fixed: bool = False, channels: int = 4) -> Path:
    """An ONNX file that takes a picture as BSHM's does, and gives a part of it."""
    shape: list[str | int] = [64, 96, 3] if fixed else ["h", "w", 3]
    image = helper.make_tensor_value_info("input_image:0", TensorProto.FLOAT, shape)
    png = helper.make_tensor_value_info("output_png:0", TensorProto.UINT8, None)
    nodes = [
        helper.make_node("Concat", ["input_image:0", "input_image:0"], ["six"], axis=2),
        helper.make_node("Slice", ["six", "start", "end", "axis"], ["some"]),
        helper.make_node("Transpose", ["some"], ["turned"], perm=[1, 0, 2] if transposed else [0, 1, 2]),
        helper.make_node("Cast", ["turned"], ["output_png:0"], to=TensorProto.UINT8),
    ]
    numbers = [("start", 0), ("end", channels), ("axis", 2)]
    constants = [numpy_helper.from_array(np.array([value], np.int64), name) for name, value in numbers]
    graph = helper.make_graph(nodes, "g", [image], [png], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)
    return file


def test_an_export_that_gives_alphas_of_any_size_is_taken(tmp_path: Path) -> None:
    try_onnx(BSHM, export(tmp_path / "bshm.onnx"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"transposed": True}, "for a picture of 96 x 64 pixels it gives an alpha of 64 x 96"),
        ({"fixed": True}, "a picture of 50 x 75 pixels fails"),
        ({"channels": 3}, "the network's output is no alpha: it is 64 x 96 x 3, uint8"),
    ],
)
def test_an_export_of_another_kind_is_refused(tmp_path: Path, wrong: dict[str, int], words: str) -> None:
    with pytest.raises(NetworkError) as refused:
        try_onnx(BSHM, export(tmp_path / "bshm.onnx", **wrong))  # type: ignore[arg-type]  # a bool is an int too
    assert words in str(refused.value)


def test_a_network_that_takes_planes_is_refused(tmp_path: Path) -> None:
    from engine.models.store import Store

    copied = Path(shutil.copy(Store().path(NETWORKS["modnet"]), tmp_path / "bshm.onnx"))
    with pytest.raises(NetworkError, match="its input has 4 axes"):
        try_onnx(BSHM, copied)


@pytest.mark.parametrize("content", [b"", GRAPH, b"<html>", bytes(100)])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bshm.onnx").write_bytes(content)
    with pytest.raises(NetworkError, match=r"no ONNX file, or not all of it|it has 0 inputs"):
        try_onnx(BSHM, tmp_path / "bshm.onnx")


@given(st.binary())
def test_any_other_bytes_are_no_onnx_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "bshm.onnx"
    file.write_bytes(content)
    with pytest.raises(NetworkError):
        try_onnx(BSHM, file)


@given(st.data())
def test_an_export_that_is_cut_off_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = export(tmp_path_factory.mktemp("cut") / "bshm.onnx")
    content = file.read_bytes()
    # What follows the graph says which operators' versions it is made for: the last fields, of 4 bytes each at most
    file.write_bytes(content[: data.draw(st.integers(0, len(content) - 8))])
    with pytest.raises(NetworkError):
        try_onnx(BSHM, file)


def test_an_export_in_several_files_is_refused(tmp_path: Path) -> None:
    model = onnx.load(export(tmp_path / "whole.onnx"))
    options = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    onnx.save_model(model, tmp_path / "bshm.onnx", **options)
    assert (tmp_path / "weights.bin").exists()
    with pytest.raises(NetworkError, match=r"parts of it lie in other files\. Save it as one file"):
        try_onnx(BSHM, tmp_path / "bshm.onnx")


def test_an_export_with_two_inputs_is_refused(tmp_path: Path) -> None:
    model = onnx.load(export(tmp_path / "bshm.onnx"))
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, None))
    onnx.save(model, tmp_path / "bshm.onnx")
    with pytest.raises(NetworkError, match="it has 2 inputs, and one is wanted"):
        try_onnx(BSHM, tmp_path / "bshm.onnx")


def test_the_picture_that_is_tried_is_not_square_and_has_colours() -> None:
    picture = trial_picture(96, 64)
    assert picture.shape == (64, 96, 3)
    assert picture.dtype == np.uint8
    assert all(np.ptp(picture[..., channel]) == 255 for channel in range(3))


def test_one_that_never_ends_is_refused(tmp_path: Path) -> None:
    """A Loop of as many rounds as an int64 counts, and a condition that stays true."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on"], ["still"]),
            helper.make_node("Add", ["before", "before"], ["after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, None),
        ],
    )
    image = helper.make_tensor_value_info("input_image:0", TensorProto.FLOAT, ["h", "w", 3])
    mask = helper.make_tensor_value_info("output_mask:0", TensorProto.FLOAT, None)
    constants = [
        helper.make_tensor("rounds", TensorProto.INT64, [], [2**62]),
        helper.make_tensor("true", TensorProto.BOOL, [], [True]),
    ]
    loop = helper.make_node("Loop", ["rounds", "true", "input_image:0"], ["output_mask:0"], body=body)
    graph = helper.make_graph([loop], "g", [image], [mask], constants)
    file = tmp_path / "endless.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)
    with pytest.raises(NetworkError) as refused:
        try_onnx(BSHM, file, seconds=5)
    assert refused.value.why == "it gave no alpha of a small picture within 5 s"
