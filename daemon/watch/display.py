"""What `bshm watch` shows: a live line on a terminal, else a line for each picture; in the journal what matters alone.

Everything goes into the log file as well. The paths of results go to standard output, one a line, wherever it leads.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.terminal import hand_over, shown
from daemon.watch.job import Job, State
from engine.errors import BshmError, system_reason
from engine.folders import state_folder
from engine.logs import Stderr, fields, is_journal, logging_by

if TYPE_CHECKING:
    from daemon.watch.live import Live

log = logging.getLogger("bshm.watch")
_pictures = logging.getLogger("bshm.watch.pictures")  # what is said of each; the journal has no use for good news


class Display:
    """Is told what happens, by any thread."""

    def __init__(self, live: Live | None = None) -> None:
        self._live = live
        self._lock = threading.Lock()
        self._told: dict[int, str] = {}  # of the jobs that wait for another try, why
        self._hands_over = sys.stdout is not None and not is_journal(sys.stdout)

    def waits(self, count: Callable[[], int]) -> None:
        """How many pictures wait may have changed. count: says it, and is asked only where it is shown."""
        if self._live:
            self._live.waits(count())

    def begun(self, job: Job) -> None:
        """A job is worked on."""
        if self._live:
            self._live.begun(job.id, name_of(job))

    def ended(self, job: Job, error: BaseException | None = None) -> None:
        """A job is no longer worked on: done, failed, or it waits for another try, which is said once for each reason.

        job: as the ledger has it now; one in another state is no news. error: for the log file's traceback.
        """
        with self._lock:
            if self._live:
                self._live.ended(job.id, job.state)
            told = self._told.pop(job.id, "")
            match job.state:
                case State.DONE:
                    _pictures.info("picture done", extra=_about(job))
                    self._hand_over(job)
                case State.FAILED:
                    _pictures.warning("picture failed", extra=_about(job), exc_info=_caused(error))
                case State.WAITING if job.error:
                    self._told[job.id] = sentence_of(job)
                    if self._told[job.id] != told:
                        _pictures.warning("picture waits for another try", extra=_about(job), exc_info=_caused(error))

    def said(self, sentence: str) -> None:
        """What is to be known also where not every picture is: start, stop, a change of the config."""
        log.info("%s", sentence)

    def warned(self, sentence: str, error: BaseException | None = None) -> None:
        """What keeps pictures from being done, or may. error: for the log file's traceback."""
        log.warning("%s", sentence, exc_info=_caused(error))

    def _hand_over(self, job: Job) -> None:
        """A reader that has left, or a full disk, ends the list of results and not the work."""
        if not self._hands_over:
            return
        try:
            for each in job.outputs:
                hand_over(each.path)
        except OSError as error:
            self._hands_over = False
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python's last flush must not fail as well
            self.warned(f"Standard output takes no more: {system_reason(error)}. Pictures are done all the same.")


@contextmanager
def showing() -> Iterator[Display]:
    """A display that fits standard error, and the log file state_folder()/log/watch.log, until the block ends."""
    file = state_folder() / "log" / "watch.log"
    if sys.stderr is None:
        with logging_by(logging.NullHandler(), file, log):
            yield Display()
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from daemon.watch.live import Live

        listed = sys.stdout is not None and sys.stdout.isatty()  # the results' paths follow each line
        with Live() as live, logging_by(live.handler(_Lines(results=not listed)), file, log):
            yield Display(live)
    elif is_journal(sys.stderr):
        quiet = Stderr(sys.stderr)
        quiet.addFilter(lambda record: record.name != _pictures.name or record.levelno >= logging.WARNING)
        with logging_by(quiet, file, log):
            yield Display()
    else:
        with logging_by(Stderr(sys.stderr, _Lines(times=True)), file, log):
            yield Display()


def name_of(job: Job) -> str:
    """What a job is called where its whole path would be too much: folder/file."""
    return shown(f"{job.folder.name}/{job.name}")


def sentence_of(job: Job) -> str:
    """What came of a job, without its name: "2 people, 1.2 s", or why it failed or waits for another try."""
    if job.error:
        return str(BshmError(job.error.what, job.error.why, job.error.remedy))
    if job.summary.get("skipped"):
        return "its results are there already"
    if "people" not in job.summary:
        return ""
    people = job.summary["people"]
    return f"{'1 person' if people == 1 else f'{people} people'}, {job.summary['seconds']:.1f} s"


class _Lines(logging.Formatter):
    """A record as a line that a person reads. times: begins with the time. results: ends with the results' names."""

    def __init__(self, *, times: bool = False, results: bool = True) -> None:
        super().__init__()
        self._times, self._results = times, results

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a line break at its end."""
        said = getattr(record, "line", None)
        if said is None:
            values = ", ".join(str(each) for each in getattr(record, "fields", {}).values())
            said = record.getMessage() + (f" ({values})" if values else "")
        elif self._results and (results := getattr(record, "results", "")):
            said = f"{said} -> {results}"
        when = datetime.fromtimestamp(record.created).astimezone()
        return f"{when:%Y-%m-%d %H:%M:%S} {shown(said)}" if self._times else shown(said)


def _about(job: Job) -> dict[str, object]:
    """A record's extra: fields for the log file, and the line for people."""
    known = {key: job.summary[key] for key in ("people", "seconds") if key in job.summary}
    sentence = sentence_of(job)
    if job.error:
        known |= {"why": sentence, "attempts": job.attempts}
    # An error names the file by itself, as a rule.
    parts = [sentence if shown(Path(job.name).name) in sentence else f"{name_of(job)}: {sentence}"]
    if job.state is State.WAITING:
        parts.append(f"It is tried again at {datetime.fromtimestamp(job.due).astimezone():%H:%M:%S}.")
    if job.state is State.FAILED and job.original not in (None, job.path):
        parts.append(f"It was moved to {shown(str(job.original))}.")
    if warnings := job.summary.get("warnings"):
        parts = [each if each.endswith((".", "?")) else f"{each}." for each in (parts[0], *warnings)]
    line = " ".join(parts)
    results = ", ".join(shown(each.path.name) for each in job.outputs if each.kind != "error")
    return {
        **fields(job=job.id, file=os.fsencode(job.path), **known, results=results),
        "line": line,
        "results": results,
    }


def _caused(error: BaseException | None) -> BaseException | None:
    """The error, where its traceback tells more than its sentence."""
    return error if error is not None and (error.__cause__ or not isinstance(error, BshmError)) else None
