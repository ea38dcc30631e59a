"""The walk through a graph: inputs, outputs, branches, weights; and what is no model is said."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NetworkError
from engine.models.tfjs.convert import convert_graph, convert_rvm
from tests.engine.models.tfjs.building import Builder, noise, result, run

PICTURE = noise(1, 4, 6, 3)


def times(builder: Builder, x: str, number: float) -> str:
    return builder.node("Mul", [x, builder.constant(np.float32(number))])


def test_the_same_model_gives_the_same_bytes() -> None:
    builder = Builder()
    files = builder.files(out=(times(builder, builder.picture(1, 4, 6, 3), 2), (1, 4, 6, 3)))
    assert convert_graph(*builder.files(out=("node2", (1, 4, 6, 3))), name="x") == convert_graph(*files, name="x")


def test_inputs_and_outputs_keep_their_names_and_shapes() -> None:
    builder = Builder()
    x = builder.picture(1, -1, 6, 3, name="tower/images")
    doubled, tripled = times(builder, x, 2), times(builder, x, 3)
    files = builder.files(twice=(f"{doubled}:0", (1, -1, 6, 3)), thrice=(tripled, (1, -1, 6, 3)))
    model = onnx.load_from_string(convert_graph(*files, name="small"))
    assert model.graph.name == "small"
    assert [each.name for each in model.graph.input] == ["tower/images"]
    sides = [each.dim_param or each.dim_value for each in model.graph.input[0].type.tensor_type.shape.dim]
    assert sides == [1, "H", 6, 3]
    thrice, twice = run(model.SerializeToString(), {"tower/images": PICTURE})
    np.testing.assert_array_equal(twice, PICTURE * 2)
    np.testing.assert_array_equal(thrice, PICTURE * 3)


def test_what_no_output_needs_is_left_out() -> None:
    builder = Builder()
    x = builder.picture(1, 4, 6, 3)
    wanted = times(builder, x, 2)
    builder.node("Erf", [times(builder, x, 3)])
    graph = onnx.load_from_string(convert_graph(*builder.files(out=(wanted, (1, 4, 6, 3))), name="x")).graph
    assert [each.op_type for each in graph.node] == ["Mul", "Identity"]
    assert len(graph.initializer) == 1


class TestRvm:
    """A graph with the marks of RVM: fgr is src, or src enlarged where downsample_ratio is not 1; pha is the sum of
    the channels and of the four states, which are broadcast to the picture."""

    def files(self) -> tuple[bytes, bytes]:
        builder = Builder()
        src = builder.picture(-1, -1, -1, 3, name="src")
        ratio = builder.node("Placeholder", name="downsample_ratio", dtype="DT_FLOAT")
        test = builder.node("Equal", [ratio, builder.constant(np.float32(1))])
        both = builder.node("Switch", [src, test])
        enlarged = builder.node("Erf", [both])  # would fail, were this branch taken
        merged = builder.node("Merge", [enlarged, f"{both}:1"])
        colours = builder.node("Identity", [merged])
        total = colours
        for number in (1, 2, 3, 4):
            state = builder.node("Placeholder", name=f"r{number}i", dtype="DT_FLOAT")
            filled = builder.node("BroadcastTo", [state, builder.node("Shape", [colours])])
            total = builder.node("Add", [total, filled])
        kernel = builder.constant(np.ones((1, 1, 3, 1), np.float32))
        attributes: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, 1, 1, 1]}
        alpha = builder.node("Conv2D", [total, kernel], **attributes)
        return builder.files(fgr=(colours, (-1, -1, -1, 3)), pha=(alpha, (-1, -1, -1, 1)), r1o=(enlarged, (1,)))

    def test_single_pictures_at_their_own_size_as_nchw(self) -> None:
        source = PICTURE.transpose(0, 3, 1, 2)
        fgr, pha = run(convert_rvm(*self.files()), {"src": source})
        np.testing.assert_array_equal(fgr, source)
        np.testing.assert_allclose(pha, source.sum(1, keepdims=True), atol=1e-5)


def test_an_output_in_a_branch_that_is_not_taken_is_said() -> None:
    builder = Builder()
    same = builder.node("Equal", [builder.constant(np.float32(1)), builder.constant(np.float32(1))])
    both = builder.node("Switch", [builder.picture(1, 4, 6, 3), same])
    with pytest.raises(NetworkError, match="output out is in a branch that is not taken"):
        result(builder, both, PICTURE)
    np.testing.assert_array_equal(result(builder, f"{both}:1", PICTURE), PICTURE)


def test_a_condition_at_run_time_is_said() -> None:
    builder = Builder()
    x = builder.picture(1, 4, 6, 3)
    with pytest.raises(NetworkError, match=r"the condition of .* can be converted as a constant only"):
        result(builder, builder.node("Switch", [x, builder.node("Equal", [x, x])]), PICTURE)


def test_a_merge_of_two_living_branches_is_said() -> None:
    builder = Builder()
    x = builder.picture(1, 4, 6, 3)
    with pytest.raises(NetworkError, match="which branch is taken is not known"):
        result(builder, builder.node("Merge", [x, x]), PICTURE)


def test_control_edges_carry_nothing() -> None:
    builder = Builder()
    doubled = builder.node("Identity", [times(builder, builder.picture(1, 4, 6, 3), 2), "^not_even_there"])
    np.testing.assert_array_equal(result(builder, doubled, PICTURE), PICTURE * 2)


def test_loops_are_refused() -> None:
    builder = Builder()
    builder.node("Identity", ["b"], name="a")
    builder.node("Identity", ["a"], name="b")
    with pytest.raises(NetworkError, match="a graph with loops"):
        result(builder, "a", PICTURE)


def test_a_missing_node_is_said() -> None:
    builder = Builder()
    with pytest.raises(NetworkError, match="there is no node elsewhere"):
        result(builder, builder.node("Identity", ["elsewhere"]), PICTURE)


@pytest.mark.parametrize(
    "attributes", [{"shape": (1, 3), "dtype": "DT_FLOAT"}, {"shape": (1, 4, 6, 3), "dtype": "DT_INT32"}]
)
def test_inputs_that_are_no_pictures_are_refused(attributes: dict[str, Any]) -> None:
    builder = Builder()
    with pytest.raises(NetworkError, match="is not a picture of floating-point numbers"):
        result(builder, builder.node("Placeholder", **attributes), PICTURE)


@pytest.mark.parametrize("content", [{}, {"modelTopology": {"node": []}}, {"modelTopology": {"layers": []}}])
def test_what_is_no_graph_model_is_said(content: dict[str, Any]) -> None:
    with pytest.raises(NetworkError, match=r"not a TensorFlow\.js graph model"):
        convert_graph(json.dumps(content).encode(), b"", name="x")


def weighted(spec: dict[str, Any], data: bytes) -> npt.NDArray[np.float32]:
    """A weight, times a picture of ones."""
    builder = Builder()
    name = builder.weight("", spec, data)
    return result(builder, builder.node("Mul", [builder.picture(1, 1, 1, 3), name]), np.ones((1, 1, 1, 3), np.float32))


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_weights_that_were_quantised_are_spread_again(kind: str) -> None:
    stored = np.array([0, 1, 200], kind)
    spec = {"dtype": "float32", "shape": [3], "quantization": {"dtype": kind, "scale": 0.5, "min": -2.0}}
    np.testing.assert_array_equal(weighted(spec, stored.tobytes()).ravel(), [-2, -1.5, 98])


def test_weights_of_half_precision_are_read() -> None:
    stored = np.array([0.5, -1, 1000], np.float16)
    spec = {"dtype": "float32", "shape": [3], "quantization": {"dtype": "float16", "original_dtype": "float32"}}
    np.testing.assert_array_equal(weighted(spec, stored.tobytes()).ravel(), stored.astype(np.float32))


@given(length=st.integers(0, 20))
def test_weights_of_another_length_are_refused(length: int) -> None:
    spec = {"dtype": "float32", "shape": [3]}
    if length == 12:
        assert weighted(spec, bytes(length)).shape == (1, 1, 1, 3)
        return
    with pytest.raises(NetworkError, match="the weights end before" if length < 12 else "are left over"):
        weighted(spec, bytes(length))
