"""A process of its own that pulls the small network: python -m tests.engine.models.puller STORE CACHE"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.models.pull import pull
from engine.models.store import Store
from tests.engine.models.making import network, wheel_source


def say(words: str, _done: int | None, _total: int | None, /) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    (result,) = pull([network(wheel_source())], Store(Path(sys.argv[1])), Path(sys.argv[2]), say)
    print(f"fetched={result.fetched} error={result.error}")
