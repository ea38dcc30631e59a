"""What `bshm` does: reads the words, runs one command, and turns every failure into a sentence and an exit code.

0    done
1    some pictures failed, each named on standard error (PictureError, OutputError)
2    a word on the command line or in the config file (UsageError)
3    a network, the device or the engine cannot be used (NetworkError, DeviceError, EngineError)
70   a fault of this program; the traceback is in the log (FaultError)
128+ stopped by a signal: 130 for Ctrl-C
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

from daemon.commands import config, cutout, doctor, engine, gimp, jobs, models, retry, runtimes, status, watch
from daemon.log import log_failure
from daemon.terminal import complain, tell
from engine.errors import BshmError, FaultError
from engine.version import own_version

# Each has add_parser(subparsers) and run(args) -> int; importing one loads no framework.
_COMMANDS: dict[str, ModuleType] = {
    "cutout": cutout,
    "engine": engine,
    "watch": watch,
    "status": status,
    "jobs": jobs,
    "retry": retry,
    "models": models,
    "runtimes": runtimes,
    "gimp": gimp,
    "config": config,
    "doctor": doctor,
}
_STOPPING = (signal.SIGTERM, signal.SIGHUP)


class _Stopped(KeyboardInterrupt):
    """A signal that asks for the end: work stops as at Ctrl-C, so that nothing half-written stays."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def run(argv: Sequence[str] | None) -> int:
    """Runs the command that the words name and returns the exit code. argparse exits by itself, with 0 or 2."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        with _signals():
            return int(_COMMANDS[args.command].run(args))
    except BshmError as error:
        if error.__cause__:
            log_failure(f"bshm {args.command}")
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt as stop:
        complain("Stopped. What was finished stays.")
        return 128 + (stop.number if isinstance(stop, _Stopped) else signal.SIGINT)
    except BrokenPipeError:
        # The reader of standard output left (`| head`). Python's last flush must not fail as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception as error:  # noqa: BLE001  # the last line of defence: logged, and the user told
        where = log_failure(f"bshm {args.command}")
        complain(f"A fault of this program ended the work: {type(error).__name__}. Please report it; {where}.")
        return FaultError.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bshm", description="Cuts people out of photos, hair and all, also when they are small in the frame."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    help_config = "the settings (default: ~/.config/bshm/config.yaml)"
    parser.add_argument("--config", type=Path, metavar="FILE", help=help_config)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in _COMMANDS.values():
        module.add_parser(commands)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes as long as all of --help."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        tell(f"bshm {own_version()}")
        parser.exit()


@contextmanager
def _signals() -> Iterator[None]:
    """While a command runs, `kill` and a closed terminal stop it as Ctrl-C does, unless they are ignored (nohup)."""

    def stop(number: int, _: FrameType | None) -> None:
        raise _Stopped(number)

    taken = [each for each in _STOPPING if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)
