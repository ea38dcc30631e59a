"""What went wrong, as a sentence that can be said in the user's language."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802  # the name that gettext's tools look for
    """Marks a text for the catalogue of translations; it is translated where it is shown."""
    return text


class CutOutError(Exception):
    """Why nothing was cut out. text: what happened, why and what to do, in English, with %(name)s for values."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values)
        self.text, self.values = text, values


class AwayError(CutOutError):
    """Nothing listens where the engine should."""


class RefusedError(CutOutError):
    """The engine lives, and says why not."""


class BusyError(RefusedError):
    """The engine takes no picture at the moment. retry_after: seconds."""

    def __init__(self, text: str, retry_after: float, **values: object) -> None:
        super().__init__(text, **values)
        self.retry_after = retry_after
