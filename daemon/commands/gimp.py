"""`bshm gimp`: the plug-ins for GIMP, put in place, taken away, looked at."""

from __future__ import annotations

import argparse

from daemon.findings import tell_all
from engine.config_file import load_settings

_ACTIONS = {
    "install": ("put the plug-in into every GIMP found", "Puts the plug-in into every GIMP of this user."),
    "uninstall": ("take the plug-in away again", "Takes the plug-in away from every GIMP of this user."),
    "status": ("say which GIMPs have it, and whether it is up to date", "Looks at every GIMP. Changes nothing."),
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words."""
    parser = commands.add_parser(
        "gimp",
        help="put the plug-in into GIMP, or take it away",
        description="Puts BSHM Cut Out into the Layer menu of GIMP 3 and GIMP 2.10, or takes it away.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action, (summary, description) in _ACTIONS.items():
        actions.add_parser(action, help=summary, description=description)


def run(args: argparse.Namespace) -> int:
    """Does it, a line for each GIMP. Returns 1 where something is wrong; raises ConfigError."""
    from daemon.gimp import everywhere

    if args.action == "uninstall":  # also where the config file is wrong, or gone
        return 1 if tell_all(everywhere.uninstall()) else 0
    wanted = everywhere.installation(load_settings(args.config), args.config)
    return 1 if tell_all((everywhere.install if args.action == "install" else everywhere.status)(wanted)) else 0
