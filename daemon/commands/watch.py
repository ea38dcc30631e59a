"""`bshm watch`: hot folders, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING

from daemon.terminal import complain, hand_over
from engine.config_file import config_path, load_settings
from engine.errors import RunningError

if TYPE_CHECKING:
    from daemon.watch.hot_folder import HotFolder
    from daemon.watch.job import Job
    from daemon.watch.watcher import Config, Order

_STDERR = 2
_LOOK = 0.2  # seconds between two looks at what another process does

_EPILOG = """\
What is dropped into a hot folder comes out cut out: the folders, and what is to be done with each picture, stand in the
config file below `folders`; see `bshm config check`. Pictures, and shortcuts to pictures (.url, .desktop, .webloc), are
taken when they are complete. What cannot be cut out goes into the failed folder, beside it the reason; see `bshm jobs`
and `bshm retry`. The resident engine does the work, and is started where none runs.

Ctrl-C or SIGTERM: what was begun and is not finished is done again at the next start; nothing is lost. SIGHUP: the
config file is read again. The paths of the results are printed on standard output, one a line.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words; all else stands in the config file."""
    parser = commands.add_parser(
        "watch",
        help="cut out what is dropped into hot folders",
        description="Watches the hot folders.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "photos",
        nargs="*",
        type=Path,
        metavar="PHOTO",
        help="a photo to begin with: a copy of it is dropped into the first hot folder",
    )
    parser.add_argument(
        "--once", action="store_true", help="end when the photos, or without any all that lies in the folders, are done"
    )


def run(args: argparse.Namespace) -> int:
    """Watches until it is told to stop: returns 0. With --once: 1 where pictures failed."""
    from daemon.watch.alone import alone, who_watches
    from daemon.watch.display import showing
    from daemon.watch.dropping import drop, what_came
    from daemon.watch.ledger import Ledger, ledger_file
    from daemon.watch.watcher import Watcher

    load = partial(_config, args.config)
    first = load().folders[0]  # what is wrong with the config file is said before anything is begun
    try:
        with (
            alone(args.config or config_path()),
            showing() as display,
            _orders() as orders,
            closing(Ledger(ledger_file())) as ledger,
        ):
            watcher = Watcher(load, args.config, ledger, display, orders)
            watcher.make_folders()
            came = partial(what_came, ledger, first, [drop(photo, first) for photo in args.photos])
            if not args.once:
                watcher.run()
                return 0
            watcher.run(lambda: bool(args.photos and came() is not None) or watcher.all_done())
            jobs = came()
            is_well = watcher.failed + watcher.left == 0 if not args.photos else bool(jobs) and not _failed(jobs)
            return int(not is_well)
    except RunningError:
        other = who_watches()
        if not args.photos or other is None or other.config != (args.config or config_path()).absolute():
            raise
        complain(f"Process {other.pid} watches already: the photos are dropped for it.")
        return _dropped_for_another(args.photos, first)


def _failed(jobs: Sequence[Job] | None) -> bool:
    return any(each.error for each in jobs or ())


def _dropped_for_another(photos: Sequence[Path], folder: HotFolder) -> int:
    """The photos, done by the process that watches already. Raises RunningError where that ends before them."""
    from daemon.watch.alone import who_watches
    from daemon.watch.display import sentence_of
    from daemon.watch.dropping import drop, what_came
    from daemon.watch.ledger import Ledger, ledger_file

    with closing(Ledger(ledger_file())) as ledger:
        names = [drop(photo, folder) for photo in photos]
        while (jobs := what_came(ledger, folder, names)) is None:
            if who_watches() is None:
                raise RunningError("the process that watched has ended", remedy="Start it again: bshm watch")
            time.sleep(_LOOK)
    for job in jobs:
        if job.error:
            complain(sentence_of(job))
        for output in job.outputs:
            hand_over(output.path)
    return int(_failed(jobs))


def _config(file: Path | None) -> Config:
    from daemon.watch.folders import hot_folders
    from daemon.watch.watcher import Config

    settings = load_settings(file)
    named = file or config_path()
    return Config(settings, hot_folders(settings, named if named.exists() else None))


@contextmanager
def _orders() -> Iterator[SimpleQueue[Order]]:
    """What signals order; SimpleQueue's put may be called by a handler that interrupts its get."""
    orders: SimpleQueue[Order] = SimpleQueue()
    on_terminal = os.isatty(_STDERR)

    def order(number: int, _: FrameType | None) -> None:
        closed = on_terminal and not os.isatty(_STDERR)  # so a terminal says that it is gone, and nobody asks to reload
        orders.put("reload" if number == signal.SIGHUP and not closed else "stop")

    before = {number: signal.signal(number, order) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield orders
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
