"""The log of failures: what the user reads as a sentence stands there with its cause and traceback."""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from engine.errors import ConfigError
from engine.folders import state_folder

_BYTES, _OLDER = 1_000_000, 3


def log_file() -> Path:
    """The log; older ones lie beside it as bshm.log.1 and so on. Raises ConfigError where no home is known."""
    return state_folder() / "log" / "bshm.log"


def log_failure(subject: str) -> str:
    """Adds the exception that is being handled to the log, and returns a phrase that says where it stands.

    A log that cannot be written is no second failure: the phrase says so instead.
    """
    record = logging.LogRecord("bshm", logging.ERROR, __file__, 0, subject, None, sys.exc_info())
    try:
        file = log_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(file, maxBytes=_BYTES, backupCount=_OLDER, encoding="utf-8", errors="backslashreplace")
        try:
            handler.setFormatter(logging.Formatter("%(asctime)s [%(process)d] %(message)s"))
            handler.emit(record)
        finally:
            handler.close()
    except (OSError, ConfigError) as error:
        return f"the log cannot be written: {str(error).rstrip('.')}"
    return f"the log {file} says more"


class _LogFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002  # logging's names
        """Lets the error out, where logging itself would print a traceback on the user's terminal."""
        raise  # logging calls this while the exception is being handled
