"""The one way in which the tests see a picture refused."""

from __future__ import annotations

import time

import pytest

from engine.errors import PictureError
from engine.pictures.decode import decode
from engine.settings import Limits

NAME = "照片 1.jpg"


def refused(data: bytes, limits: Limits | None = None) -> PictureError:
    before = time.perf_counter()
    with pytest.raises(PictureError) as caught:
        decode(data, limits or Limits(), NAME)
    assert time.perf_counter() - before < 2
    sentence = str(caught.value)
    assert sentence.startswith(NAME)
    assert sentence.endswith(".")
    assert "Error" not in sentence
    return caught.value
