# -*- coding: utf-8 -*-
"""What went wrong, as a sentence that can be said in the user's language."""


class CutOutError(Exception):
    """Why nothing was cut out. text: what happened, why and what to do, in English, with %(name)s for values, which
    are UTF-8 bytes."""

    def __init__(self, text, **values):
        Exception.__init__(self, text % values)
        self.text, self.values = text, values


class AwayError(CutOutError):
    """Nothing listens where the engine should."""


class LostError(CutOutError):
    """The engine was there, and hung up."""


class RefusedError(CutOutError):
    """The engine lives, and says why not."""


class BusyError(RefusedError):
    """The engine takes no picture at the moment. retry_after: seconds."""

    def __init__(self, text, retry_after, **values):
        RefusedError.__init__(self, text, **values)
        self.retry_after = retry_after
