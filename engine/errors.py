"""Every failure that a user can meet, as a sentence: what happened, to which file, why, what to do.

    BshmError
    ├── UsageError            a wrong word on the command line or in a request      exit code 2
    │   ├── ConfigError       the config file has an unknown key or a wrong value
    │   └── RequestError      what a client sent over the socket is no proper request
    ├── PictureError          one input cannot be used; the next one goes on        exit code 1
    │   ├── NotAPictureError  empty, another kind of file, damaged
    │   ├── TooLargeError     past a limit against decompression bombs
    │   └── LinkError         an address that cannot be fetched, or must not be
    │       └── UnreachableError  it may be there in a minute
    ├── OutputError           a result cannot be written                            exit code 1
    ├── JobError              the engine gave one picture up; the next one goes on  exit code 1
    │   ├── DeadlineError     it took too long
    │   ├── CancelledError    somebody cancelled it
    │   ├── CrashError        the networks' process ended over it, twice
    │   └── MemoryShortError  it does not fit into the memory, not even in small steps
    ├── NetworkError          a network's file is missing, damaged, not allowed     exit code 3
    │   └── DownloadError     it could not be fetched
    ├── DeviceError           the device asked for cannot be used                   exit code 3
    ├── EngineError           the resident engine cannot be used                    exit code 3
    │   ├── NotRunningError   nothing answers at its address
    │   ├── LostError         it ended before its answer was complete
    │   ├── RunningError      one is running already
    │   ├── BusyError         its queue is full, or it is stopping
    │   └── AccessError       it does not serve this user or this program
    └── FaultError            a fault of this program                               exit code 70

Errors of other libraries are translated where they are met, with ``raise ... from error``, so that the log keeps the
cause and the user reads the sentence.
"""

from __future__ import annotations


class BshmError(Exception):
    """A failure in three parts, each a phrase without its full stop.

    what: what happened, naming the file or setting. why: the reason, where it is known. remedy: what to do about it.
    """

    exit_code = 1

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(what, why, remedy)
        self.what, self.why, self.remedy = what, why, remedy

    def __str__(self) -> str:
        sentence = f"{self.what}: {self.why}" if self.why else self.what
        return f"{sentence}. {self.remedy}." if self.remedy else f"{sentence}."


class UsageError(BshmError):
    """A word that the command line or a request does not know."""

    exit_code = 2


class ConfigError(UsageError):
    """The config file cannot be used; `what` names the file and the line."""


class RequestError(UsageError):
    """What came over the socket is no proper request. status: HTTP's number for it, 400 to 499."""

    def __init__(self, what: str, why: str = "", remedy: str = "", *, status: int = 400) -> None:
        super().__init__(what, why, remedy)
        self.status = status


class PictureError(BshmError):
    """One input cannot be used."""


class NotAPictureError(PictureError):
    """The bytes are empty, no picture, of an unknown kind, or damaged."""


class TooLargeError(PictureError):
    """The picture, or the file, is larger than the limits allow."""


class LinkError(PictureError):
    """An address cannot be fetched, or must not be."""


class UnreachableError(LinkError):
    """An address cannot be fetched now, and may be in a minute: the network, the name service, or the server's load."""


class OutputError(BshmError):
    """A result cannot be written."""


class JobError(BshmError):
    """The engine gave one picture up; the next one goes on."""


class DeadlineError(JobError):
    """The picture took longer than its deadline."""


class CancelledError(JobError):
    """Somebody cancelled the job."""


class CrashError(JobError):
    """The process that runs the networks ended over this picture, and again when it was tried alone."""


class MemoryShortError(JobError):
    """The picture does not fit into the memory, not even in small steps."""


class NetworkError(BshmError):
    """A network's file is missing, damaged or not allowed by its licence."""

    exit_code = 3


class DownloadError(NetworkError):
    """A network's file could not be fetched."""


class DeviceError(BshmError):
    """The device that was asked for cannot be used."""

    exit_code = 3


class EngineError(BshmError):
    """The resident engine cannot be used."""

    exit_code = 3


class NotRunningError(EngineError):
    """Nothing answers at the engine's address."""


class LostError(EngineError):
    """The engine ended before its answer was complete."""


class RunningError(EngineError):
    """An engine is running already."""


class BusyError(EngineError):
    """The queue is full, or the engine is stopping or starting. retry_after: seconds until it is worth asking again."""

    def __init__(self, what: str, why: str = "", remedy: str = "", *, retry_after: int = 1) -> None:
        super().__init__(what, why, remedy)
        self.retry_after = retry_after


class AccessError(EngineError):
    """The engine does not serve this user or this program."""


class FaultError(BshmError):
    """Something failed that no other error foresees; its traceback is in the log."""

    exit_code = 70  # EX_SOFTWARE of sysexits.h


def system_reason(error: OSError) -> str:
    """The system's words for an error, as they stand after a colon: "no such file or directory"."""
    words = error.strerror or str(error)
    return words[:1].lower() + words[1:]
