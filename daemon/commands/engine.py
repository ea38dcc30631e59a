"""`bshm engine`: the resident engine, in the foreground until Ctrl-C or SIGTERM, or in the background."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from daemon.chosen import check_network, written_in
from daemon.terminal import complain, hand_over
from engine.address import socket_path
from engine.config_file import config_path, load_settings
from engine.errors import BshmError
from engine.folders import state_folder
from engine.settings import Settings

_EPILOG = """\
It keeps the networks loaded and serves `bshm cutout`, GIMP and other programs over HTTP on a Unix socket, which is
open to this user alone. Ctrl-C or SIGTERM: pictures under way are finished, those that wait are refused. SIGHUP: the
config file is read again.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words; everything else about it stands in the config file."""
    parser = commands.add_parser(
        "engine",
        help="keep the networks loaded, and serve other programs",
        description="Runs the resident engine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--detach",
        action="store_true",
        help="start it in the background unless one runs, wait until it is ready, and print its socket's path",
    )
    where.add_argument("--spawned", action="store_true", help=argparse.SUPPRESS)  # what daemon.starting adds


def run(args: argparse.Namespace) -> int:
    """Serves until it is told to stop, or sees to it that an engine serves. Returns 0; raises EngineError."""
    if args.detach:
        from daemon.starting import in_the_background

        address = socket_path(_settings(args.config))
        in_the_background(args.config, address)
        hand_over(address)
        return 0
    from engine.logs import logging_to
    from engine.server.run import serve

    load = partial(_settings, args.config)
    load()  # what is wrong with the config file is said before anything is begun
    with logging_to(sys.stderr, state_folder() / "log" / "engine.log"):
        if args.spawned:
            _unattended(load)
        else:
            serve(load, complain)
    return 0


def _unattended(load: Callable[[], Settings]) -> None:
    """Serves where nobody reads standard error from the start's end on: the log has everything."""
    from engine.logs import fields, log
    from engine.server.run import serve

    try:
        serve(load, _last_words)
    except BshmError as error:
        log.error("the engine ended", extra=fields(why=str(error)))
        raise


def _last_words(sentence: str) -> None:
    """Said when it is ready; standard error, which whoever started it has read so far, is given up."""
    complain(sentence)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)


def _settings(config: Path | None) -> Settings:
    settings = load_settings(config)
    with written_in(config or config_path()):
        check_network(settings)
    return settings
