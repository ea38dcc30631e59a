"""One file by https: resumed after an interruption, tried again with patience, checked before it is called done."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from engine.errors import DownloadError, system_reason
from engine.models.progress import Progress
from engine.models.sources import Member

REDIRECTS = 5
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})  # may be over in a moment


@dataclass(frozen=True)
class Patience:
    """attempts: in a row that bring nothing new. pause: seconds after the first, doubled after each further one.

    timeout: seconds to wait for a connection, and for the next byte.
    """

    attempts: int = 4
    pause: float = 0.5
    timeout: float = 30


PATIENCE = Patience()


class AttemptError(Exception):
    """The attempt failed in a way that another may not."""


def download(url: str, member: Member, folder: Path, progress: Progress, patience: Patience = PATIENCE) -> Path:
    """The member's file in `folder`, named by its SHA-256, which was checked.

    What an earlier call left unfinished there is gone on with. Raises DownloadError.
    """
    finished, unfinished = folder / member.sha256, folder / f"{member.sha256}.part"

    def attempt(client: httpx.Client) -> bool:
        if length(unfinished) < member.size:
            with answer_to(client, url, _range_from(length(unfinished))) as response:
                _append(response, member, unfinished, progress)
        return length(unfinished) >= member.size

    with writing(unfinished), client_for(patience) as client:
        if length(unfinished):
            patiently(client, url, unfinished, attempt, patience)
            if _fits(unfinished, member):
                return unfinished.replace(finished)
            unfinished.unlink()  # its first part may have been of another file: once more from the start
        patiently(client, url, unfinished, attempt, patience)
        if _fits(unfinished, member):
            return unfinished.replace(finished)
        unfinished.unlink()
    raise DownloadError(f"{url}: another file than the catalogue pins", "its SHA-256 is another")


@contextmanager
def writing(unfinished: Path) -> Iterator[None]:
    """Makes the folder of a file that is to be written. Raises DownloadError in place of OSError."""
    try:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise DownloadError(
            f"{unfinished}: the download cannot be written", system_reason(error), "Make room on the disk"
        ) from error


def client_for(patience: Patience) -> httpx.Client:
    """Raises DownloadError for proxy settings that make no sense."""
    try:
        # Ranges count the bytes of the file itself, so the server must not pack it.
        return httpx.Client(timeout=patience.timeout, headers={"Accept-Encoding": "identity"})
    except (ImportError, ValueError) as error:  # httpx reads HTTPS_PROXY and its kin here
        raise DownloadError("the proxy settings in the environment cannot be used", str(error)) from error


def patiently(
    client: httpx.Client, url: str, unfinished: Path, attempt: Callable[[httpx.Client], bool], patience: Patience
) -> None:
    """Attempts until one says that all is there, each going on where the last one stopped. Raises DownloadError."""
    most, fruitless = length(unfinished), 0
    while True:
        try:
            if attempt(client):
                return
        except (httpx.TransportError, AttemptError) as error:
            fruitless = 0 if length(unfinished) > most else fruitless + 1
            most = max(most, length(unfinished))
            if fruitless == patience.attempts:
                why = str(error) or type(error).__name__
                raise DownloadError(f"{url}: the download failed {fruitless} times in a row", why) from error
            time.sleep(patience.pause * 2 ** max(0, fruitless - 1))
        except httpx.InvalidURL as error:  # of a redirect
            raise DownloadError(f"{url}: the download failed", str(error)) from error


@contextmanager
def answer_to(client: httpx.Client, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
    """The answer at the end of all redirects, whose body is still to come: 200, 206 or 416, and no web page.

    Raises DownloadError for one that is final, AttemptError for one that may pass.
    """
    for _ in range(REDIRECTS + 1):
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code in REDIRECT_STATUSES:
                url = _next_address(url, response.headers.get("Location", ""))
                continue
            _check(response)
            yield response
            return
    raise DownloadError(f"{url}: more than {REDIRECTS} redirects in a row")


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status in PASSING_STATUSES:
        raise AttemptError(f"the server answers {status} {response.reason_phrase}")
    if status not in (200, 206, 416):
        raise DownloadError(f"{response.url}: the server answers {status} {response.reason_phrase}".rstrip())
    if status != 416 and response.headers.get("Content-Type", "").startswith("text/html"):
        raise DownloadError(
            f"{response.url}: a web page came instead of the file", "perhaps a proxy's or a network's sign-in page"
        )


def start_of(response: httpx.Response, unfinished: Path) -> int:
    """From which byte on the body is; 0 for the whole file, whether or not a part was asked for.

    Raises AttemptError where it is not the part that is missing, after what is there was thrown away.
    """
    if response.status_code == 416:  # the server thinks that there is nothing more
        unfinished.unlink(missing_ok=True)
        raise AttemptError("the server could not go on with an earlier download")
    if response.status_code == 200:
        return 0
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not found or int(found[1]) != length(unfinished):
        unfinished.unlink(missing_ok=True)
        raise AttemptError("the server sent another part of the file than was asked for")
    return int(found[1])


def announced(response: httpx.Response) -> int | None:
    """The bytes of the body, where the server says so."""
    said = response.headers.get("Content-Length", "")
    return int(said) if said.isdecimal() else None


def _next_address(url: str, location: str) -> str:
    """Where a redirect leads. Raises DownloadError where it leaves https, or leads nowhere."""
    target = httpx.URL(url).join(location)
    schemes = ("https",) if url.startswith("https:") else ("https", "http")
    if not location or target.scheme not in schemes:
        raise DownloadError(f"{url}: the server redirects to an address that is not followed", f"'{location}'")
    return str(target)


def _append(response: httpx.Response, member: Member, unfinished: Path, progress: Progress) -> None:
    """Takes what is missing. Raises as answer_to does."""
    start, said = start_of(response, unfinished), announced(response)
    if said is not None and start + said != member.size:
        raise DownloadError(
            f"{response.url}: another file than the catalogue pins", f"{start + said} bytes instead of {member.size}"
        )
    with unfinished.open("ab" if start else "wb") as stream:
        for chunk in response.iter_raw():  # no size given: gathering would lose what came before a cut
            stream.write(chunk)
            start += len(chunk)
            if start > member.size:
                break
            progress(f"fetching {response.url.host}: {member.name}", start, member.size)
    if start > member.size:
        unfinished.unlink()
        raise DownloadError(f"{response.url}: another file than the catalogue pins", f"more than {member.size} bytes")
    if start < member.size:
        raise AttemptError(f"the connection ended after {start} of {member.size} bytes")


def _range_from(start: int) -> Mapping[str, str]:
    return {"Range": f"bytes={start}-"} if start else {}


def length(file: Path) -> int:
    """In bytes; 0 where there is none."""
    return file.stat().st_size if file.exists() else 0


def _fits(file: Path, member: Member) -> bool:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == member.sha256
