"""`bshm engine`: the resident engine, in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from daemon.chosen import check_network, written_in
from daemon.terminal import complain
from engine.config_file import config_path, load_settings
from engine.folders import state_folder
from engine.settings import Settings

_EPILOG = """\
It keeps the networks loaded and serves `bshm cutout`, GIMP and other programs over HTTP on a Unix socket, which is
open to this user alone. Ctrl-C or SIGTERM: pictures under way are finished, those that wait are refused. SIGHUP: the
config file is read again.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command; everything about it stands in the config file."""
    commands.add_parser(
        "engine",
        help="keep the networks loaded, and serve other programs",
        description="Runs the resident engine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(args: argparse.Namespace) -> int:
    """Serves until it is told to stop. Returns 0."""
    from engine.logs import logging_to
    from engine.server.run import serve

    load = partial(_settings, args.config)
    load()  # what is wrong with the config file is said before anything is begun
    with logging_to(sys.stderr, state_folder() / "log" / "engine.log"):
        serve(load, complain)
    return 0


def _settings(config: Path | None) -> Settings:
    settings = load_settings(config)
    with written_in(config or config_path()):
        check_network(settings)
    return settings
