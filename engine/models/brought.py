"""A network that a user brings (BSHM): fetched or imported, tried, pinned, converted.

Its graph is run once before it is accepted, by TensorFlow 1.15.5 where `./install.sh --tf1` has set that up. Elsewhere
a TensorFlow of today does it, in an environment that is thrown away afterwards; as nothing could run the graph then,
it is converted there at once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.errors import DeviceError, DownloadError, NetworkError, UsageError
from engine.models.catalogue import Network
from engine.models.contract import SIZES, check_graph, trial_picture
from engine.models.pins import Pin
from engine.models.progress import Progress
from engine.models.sources import GraphSource, mirrored
from engine.models.store import State, Store
from engine.models.tensorflow import python_with_tensorflow
from engine.models.trial import try_onnx
from engine.models.unpinned import download_unpinned
from engine.runtimes.tf1.process import Tf1Process
from engine.settings import Settings

_TRIAL = 120.0  # seconds for a run on a small picture


@dataclass(frozen=True)
class Accepted:
    """Which of a network's files was accepted, and what it is from now on."""

    file: str
    pin: Pin


def pull_graph(
    network: Network, store: Store, downloads: Path, settings: Settings, progress: Progress
) -> tuple[Accepted, ...]:
    """Fetches, tries and accepts a network's graph. Raises NetworkError.

    downloads: what is unfinished stays there for the next time, and so does a graph that nothing could try.
    """
    reasons = []
    for source in network.sources:
        if not isinstance(source, GraphSource):
            continue
        url = mirrored(source.url, settings.mirrors)
        try:
            file = download_unpinned(url, downloads, progress)
        except DownloadError as error:
            reasons.append(f"{error.what}: {error.why}" if error.why else error.what)
            continue
        try:
            accepted = _take_graph(network, file, url, store, settings, progress)
        except NetworkError as error:
            file.unlink()  # what is wrong with it stays so
            raise NetworkError(f"{url}: what came is refused", f"{error.what}: {error.why}", error.remedy) from error
        file.unlink()
        return accepted
    raise DownloadError(
        f"{network.name}: the network could not be fetched",
        "; ".join(reasons),
        "Check the connection, the proxy settings and the config's mirrors; or fetch the file in another way and run: "
        f"bshm models import {network.name} FILE",
    )


def import_brought(
    network: Network, file: Path, store: Store, settings: Settings, progress: Progress
) -> tuple[Accepted, ...]:
    """Tries and accepts a file that is at hand: a TensorFlow graph, or an ONNX export of it. Raises NetworkError."""
    source = str(file.absolute())
    if file.suffix.lower() != ".onnx":
        return _take_graph(network, file, source, store, settings, progress)
    progress(f"trying {network.name}", None, None)
    store.fit_to_accept(network, network.file, file, source)
    try_onnx(network, file)
    return (Accepted(network.file, store.accept(network, network.file, file, source)),)


def convert_brought(network: Network, store: Store, settings: Settings, progress: Progress) -> tuple[Accepted, ...]:
    """Makes the ONNX file of a graph that is in the store; nothing where it is there already. Raises NetworkError, and
    UsageError for a network that has no graph."""
    if network.graph is None:
        raise UsageError(f"{network.name} needs no conversion", "it is an ONNX file already")
    if store.file_state(network, network.file) is State.INSTALLED:
        return ()
    state, pin = store.file_state(network, network.graph), store.pin(network, network.graph)
    graph = store.folder / network.graph
    if state is not State.INSTALLED or pin is None:
        raise NetworkError(f"{network.name}: its graph is {state}", f"{graph}", f"Run: bshm models pull {network.name}")
    with _workshop(network, settings, progress) as work:
        return (_accepted(network, pin, _converted(network, graph, work, progress), store),)


def _take_graph(
    network: Network, file: Path, source: str, store: Store, settings: Settings, progress: Progress
) -> tuple[Accepted, ...]:
    """Both files or none: a graph that can be neither run nor converted here would be of no use."""
    if network.graph is None:
        raise UsageError(f"{network.name} has no TensorFlow graph")
    check_graph(file)
    store.fit_to_accept(network, network.graph, file, source)  # before it is run, or an environment made for it
    with _workshop(network, settings, progress) as work:
        progress(f"trying {network.name}", None, None)
        _check_run(file, work)
        made = _converted(network, file, work, progress) if work.any_version else None
        graph = Accepted(network.graph, store.accept(network, network.graph, file, source))
        return (graph, _accepted(network, graph.pin, made, store)) if made else (graph,)


class _Workshop(NamedTuple):
    """python: has TensorFlow. any_version: of today, which goes away again. folder: for what is made, goes away too."""

    python: Path
    any_version: bool
    folder: Path


@contextmanager
def _workshop(network: Network, settings: Settings, progress: Progress) -> Iterator[_Workshop]:
    """Raises DeviceError where there is no TensorFlow, or too little memory for what is done there."""
    with (
        python_with_tensorflow(settings, progress) as (python, any_version),
        tempfile.TemporaryDirectory(prefix="bshm-models-") as folder,
    ):
        try:
            yield _Workshop(python, any_version, Path(folder))
        except MemoryError as error:
            what = f"{network.name}: there is too little memory to try it"
            raise DeviceError(what, str(error), "Close other programs, and try again") from error


def _check_run(file: Path, work: _Workshop) -> None:
    """Raises NetworkError where the graph does not give alphas of pictures of any size."""
    version = work.any_version
    with Tf1Process(work.python, file, device="cpu", fraction=1.0, growth=True, any_version=version) as process:
        for size in SIZES:
            process.alpha(trial_picture(*size), _TRIAL)


def _converted(network: Network, graph: Path, work: _Workshop, progress: Progress) -> Path:
    from engine.models.converting import convert_graph_file  # it loads what runs networks, and few pulls need that

    made = work.folder / network.file
    convert_graph_file(network, graph, made, work.python, work.any_version, progress)
    try_onnx(network, made)
    return made


def _accepted(network: Network, graph: Pin, made: Path, store: Store) -> Accepted:
    """What was made of a graph may take the place of what was made before: the graph is what is trusted."""
    source = f"converted from the graph {graph.sha256}"
    return Accepted(network.file, store.accept(network, network.file, made, source, replacing=True))
