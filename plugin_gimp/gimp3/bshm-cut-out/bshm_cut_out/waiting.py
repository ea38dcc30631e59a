"""Work on a second thread, while the first one, which alone may call GIMP, shows how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_EVERY = 0.1  # seconds


def while_telling(work: Callable[[], T], tell: Callable[[], None], give_up: Callable[[], None]) -> T:
    """The result of `work`, or its error. tell: is called from time to time until then; where it raises, `give_up` is
    called, which ends the work from outside, and its error goes on."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # it is raised on the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while _goes_on(thread):
            tell()
    except BaseException:
        give_up()
        raise
    if errors:
        raise errors[0]
    return results[0]


def _goes_on(thread: threading.Thread) -> bool:
    """Whether it still does after a moment."""
    thread.join(_EVERY)
    return thread.is_alive()
