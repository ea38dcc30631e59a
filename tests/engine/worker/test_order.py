"""An order survives its way to the worker as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.types import Options
from engine.worker.order import Order, RawSize, Span

FILE = Order("a.jpg", Span(0, 9), None, ("matte", "cutout"), "png", 16, "white", Options("rvm", 3), True)
PIXELS = Order(
    name="像",
    picture=Span(0, 12),
    raw=RawSize(2, 2, 3),
    want=("composite",),
    format="raw",
    matte_bits=8,
    background=Span(12, 99),
    options=Options(edge="crisp", threshold=0.3, at=((1, 2.5), (0, 0))),
    urgent=False,
    selection=Span(12, 4),
    steps=("Tried again",),
)


@pytest.mark.parametrize("order", [FILE, PIXELS, replace(FILE, background=None)])
def test_it_is_the_same_afterwards(order: Order) -> None:
    assert Order.from_json(json.loads(json.dumps(order.to_json()))) == order
