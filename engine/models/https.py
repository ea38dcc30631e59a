"""One file by https: resumed after an interruption, tried again with patience, checked before it is called done."""

from __future__ import annotations

import hashlib
import re
import time
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


class _InterruptedError(Exception):
    """The attempt failed in a way that another may not."""


def download(url: str, member: Member, folder: Path, progress: Progress, patience: Patience = Patience()) -> Path:
    """The member's file in `folder`, named by its SHA-256, which was checked.

    What an earlier call left unfinished there is gone on with. Raises DownloadError.
    """
    finished, unfinished = folder / member.sha256, folder / f"{member.sha256}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _client(patience) as client:
            if _length(unfinished):
                _receive_patiently(client, url, member, unfinished, progress, patience)
                if _fits(unfinished, member):
                    return unfinished.replace(finished)
                unfinished.unlink()  # its first part may have been of another file: once more from the start
            _receive_patiently(client, url, member, unfinished, progress, patience)
            if _fits(unfinished, member):
                return unfinished.replace(finished)
            unfinished.unlink()
    except OSError as error:
        raise DownloadError(
            f"{unfinished}: the download cannot be written", system_reason(error), "Make room on the disk"
        ) from error
    raise DownloadError(f"{url}: another file than the catalogue pins", "its SHA-256 is another")


def _client(patience: Patience) -> httpx.Client:
    try:
        # Ranges count the bytes of the file itself, so the server must not pack it.
        return httpx.Client(timeout=patience.timeout, headers={"Accept-Encoding": "identity"})
    except (ImportError, ValueError) as error:  # httpx reads HTTPS_PROXY and its kin here
        raise DownloadError("the proxy settings in the environment cannot be used", str(error)) from error


def _receive_patiently(
    client: httpx.Client, url: str, member: Member, unfinished: Path, progress: Progress, patience: Patience
) -> None:
    """Attempts until `unfinished` has the member's size, each going on where the last one stopped."""
    most, fruitless = _length(unfinished), 0
    while _length(unfinished) < member.size:
        try:
            _receive(client, url, member, unfinished, progress)
        except (httpx.TransportError, _InterruptedError) as error:
            fruitless = 0 if _length(unfinished) > most else fruitless + 1
            most = max(most, _length(unfinished))
            if fruitless == patience.attempts:
                why = str(error) or type(error).__name__
                raise DownloadError(f"{url}: the download failed {fruitless} times in a row", why) from error
            time.sleep(patience.pause * 2 ** max(0, fruitless - 1))
        except httpx.InvalidURL as error:  # of a redirect
            raise DownloadError(f"{url}: the download failed", str(error)) from error


def _receive(client: httpx.Client, url: str, member: Member, unfinished: Path, progress: Progress) -> None:
    """One attempt: asks for what is missing and appends it. Raises as _receive_patiently expects."""
    start = _length(unfinished)
    headers = {"Range": f"bytes={start}-"} if start else {}
    for _ in range(REDIRECTS + 1):
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code in REDIRECT_STATUSES:
                url = _next_address(url, response.headers.get("Location", ""))
                continue
            _append(response, start, member, unfinished, progress)
            return
    raise DownloadError(f"{url}: more than {REDIRECTS} redirects in a row")


def _next_address(url: str, location: str) -> str:
    """Where a redirect leads. Raises DownloadError where it leaves https, or leads nowhere."""
    target = httpx.URL(url).join(location)
    schemes = ("https",) if url.startswith("https:") else ("https", "http")
    if not location or target.scheme not in schemes:
        raise DownloadError(f"{url}: the server redirects to an address that is not followed", f"'{location}'")
    return str(target)


def _append(response: httpx.Response, start: int, member: Member, unfinished: Path, progress: Progress) -> None:
    status = response.status_code
    if status == 416:  # the server thinks that there is nothing after `start`
        unfinished.unlink(missing_ok=True)
        raise _InterruptedError("the server could not go on with an earlier download")
    if status in PASSING_STATUSES:
        raise _InterruptedError(f"the server answers {status} {response.reason_phrase}")
    if status not in (200, 206):
        raise DownloadError(f"{response.url}: the server answers {status} {response.reason_phrase}".rstrip())
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise DownloadError(
            f"{response.url}: a web page came instead of the file", "perhaps a proxy's or a network's sign-in page"
        )
    if status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if not found or int(found[1]) != start:
            unfinished.unlink(missing_ok=True)
            raise _InterruptedError("the server sent another part of the file than was asked for")
    else:
        start = 0  # the whole file, whether or not a part was asked for
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and start + int(announced) != member.size:
        raise DownloadError(
            f"{response.url}: another file than the catalogue pins",
            f"{start + int(announced)} bytes instead of {member.size}",
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
        raise _InterruptedError(f"the connection ended after {start} of {member.size} bytes")


def _length(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _fits(file: Path, member: Member) -> bool:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == member.sha256
