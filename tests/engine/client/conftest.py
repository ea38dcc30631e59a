from __future__ import annotations

import os
from collections.abc import Callable

import pytest

NOBODY = 65534


@pytest.fixture
def as_nobody() -> Callable[[Callable[[], object]], object]:
    """Calls a function as a user who owns nothing; where the tests run as one, that is not possible."""

    def call(function: Callable[[], object]) -> object:
        if os.geteuid():
            pytest.skip("only root can become another user")
        os.seteuid(NOBODY)
        try:
            return function()
        finally:
            os.seteuid(0)

    return call
