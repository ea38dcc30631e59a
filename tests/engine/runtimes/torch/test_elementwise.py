"""Number by number, as ONNX Runtime does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.runtimes.torch.single import assert_same, noise

NUMBERS = np.concatenate([noise(40), np.array([0, -0.5, 0.5, 1.5, 2.5, -1, 1, 7, -7], np.float32)])
OF_ONE = (
    *("Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Neg"),
    *("Reciprocal", "Relu", "Round", "Sigmoid", "Sign", "Sin", "Softplus", "Tanh"),
)


@pytest.mark.parametrize("operator", OF_ONE)
def test_an_operator_of_one_number(operator: str) -> None:
    assert_same(operator, NUMBERS)


@pytest.mark.parametrize("operator", ["Log", "Sqrt"])
def test_an_operator_of_numbers_above_0(operator: str) -> None:
    assert_same(operator, np.abs(NUMBERS) + np.float32(0.1))


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Elu", {"alpha": 0.3}),
        ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}),
        ("LeakyRelu", {"alpha": 0.2}),
    ],
)
def test_an_operator_with_its_factor(operator: str, attributes: dict[str, Any]) -> None:
    assert_same(operator, NUMBERS, **attributes)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate: str) -> None:
    assert_same("Gelu", NUMBERS, opset=20, approximate=approximate)


SHAPES = (((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (3, 1)), ((4,), (2, 1, 4)), ((3, 1), ()))


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div", "Min", "Max", "Sum", "Less", "Greater", "Equal"])
def test_an_operator_of_two_numbers(operator: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    assert_same(operator, noise(*shapes[0]), noise(*shapes[1], seed=1))


@pytest.mark.parametrize("operator", ["Add", "Div", "Equal", "GreaterOrEqual", "LessOrEqual", "Mod", "Mul"])
def test_an_operator_of_two_whole_numbers(operator: str) -> None:
    left, right = np.arange(-8, 8, dtype=np.int64), np.array([3, -3] * 8, np.int64)
    assert_same(operator, left, right)


@pytest.mark.parametrize("operator", ["And", "Or", "Xor"])
def test_an_operator_of_two_truths(operator: str) -> None:
    assert_same(operator, np.array([True, True, False, False]), np.array([True, False, True, False]))


def test_not() -> None:
    assert_same("Not", np.array([True, False]))


def test_the_rest_of_a_division_with_the_sign_of_what_is_divided() -> None:
    assert_same("Mod", NUMBERS, np.array([1.5], np.float32), fmod=1)


@pytest.mark.parametrize("exponent", [np.float32(2), np.float32(0.5), np.int64(3)])
def test_a_power(exponent: Any) -> None:
    assert_same("Pow", np.abs(NUMBERS), np.asarray(exponent))


def test_a_slope_of_each_channel() -> None:
    assert_same("PRelu", noise(2, 3, 4, 5), noise(3, 1, 1, seed=1))


@settings(max_examples=20, deadline=None)
@given(st.none() | st.floats(-2, 2, width=32), st.none() | st.floats(-2, 2, width=32))
def test_clipping(least: float | None, most: float | None) -> None:
    limits = [None if each is None else np.asarray(each, np.float32) for each in (least, most)]
    while limits and limits[-1] is None:
        limits.pop()
    assert_same("Clip", NUMBERS, *limits)


@pytest.mark.parametrize("to", [1, 2, 3, 5, 6, 7, 9, 10, 11])
@pytest.mark.parametrize("start", [np.float32, np.int64, np.int32, np.uint8, np.bool_])
def test_another_kind_of_elements(to: int, start: type[np.generic]) -> None:
    assert_same("Cast", np.arange(0, 120).astype(start), to=to)


def test_an_alpha_that_is_cast_to_bytes_loses_what_is_behind_the_point_and_goes_round_past_the_end() -> None:
    """Which no file should rely on, but both do."""
    assert_same("Cast", np.array([0, 0.9, 254.99, 255, 255.9, 256, 300, -1, -0.5], np.float32), to=2)


def test_a_choice_by_truths() -> None:
    assert_same("Where", np.array([[True], [False]]), noise(2, 3), noise(3, seed=1))
