"""One file by https of which neither hash nor size is known before: the server's own word is all there is to go by.

What an interruption left is gone on with only where the server says that the file is still the same (If-Range, RFC 9110
section 13.1.5); so two files are never glued together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from engine.errors import DownloadError
from engine.models.https import (
    PATIENCE,
    AttemptError,
    Patience,
    announced,
    answer_to,
    client_for,
    length,
    patiently,
    start_of,
    writing,
)
from engine.models.progress import Progress

# The most that is taken, in bytes: BSHM's graph is guessed at 100 to 300 MB, and nothing else bounds what comes.
LARGEST = 2_000_000_000


@dataclass(frozen=True)
class _Known:
    """What the server said of the file whose beginning is there. mark: its ETag or Last-Modified; "" for neither.

    total: its bytes; None where the server does not say.
    """

    mark: str
    total: int | None


def download_unpinned(
    url: str, folder: Path, progress: Progress, patience: Patience = PATIENCE, largest: int = LARGEST
) -> Path:
    """The file in `folder`, whole as far as the server tells; who has no more use for it deletes it.

    Raises DownloadError.
    """
    name = hashlib.sha256(url.encode()).hexdigest()
    finished, unfinished, beside = folder / name, folder / f"{name}.part", folder / f"{name}.json"
    if finished.exists():
        return finished

    def attempt(client: httpx.Client) -> bool:
        known = _read(beside) if length(unfinished) else _Known("", None)
        if not known.mark:
            unfinished.unlink(missing_ok=True)
        elif length(unfinished) == known.total:
            return True
        with answer_to(client, url, _headers(length(unfinished), known)) as response:
            return _append(response, known, unfinished, beside, progress, largest)

    with writing(unfinished), client_for(patience) as client:
        patiently(client, url, unfinished, attempt, patience)
        beside.unlink(missing_ok=True)
        return unfinished.replace(finished)


def _headers(start: int, known: _Known) -> Mapping[str, str]:
    return {"Range": f"bytes={start}-", "If-Range": known.mark} if start else {}


def _append(
    response: httpx.Response, known: _Known, unfinished: Path, beside: Path, progress: Progress, largest: int
) -> bool:
    """Takes what is missing, or all; True: as much came as was to come. Raises as answer_to does."""
    start = start_of(response, unfinished)
    total = _total(response, start)
    if (total or 0) > largest:
        raise _too_large(response, largest)
    if start and not _is_same(response, known, total):  # from a server that knows Range and not If-Range
        unfinished.unlink()
        raise AttemptError("the file on the server is another one by now")
    if start == 0:
        unfinished.unlink(missing_ok=True)
        beside.write_text(json.dumps(asdict(_Known(_mark(response), total))), encoding="utf-8")
    with unfinished.open("ab") as stream:
        for chunk in response.iter_raw():  # raises where less comes than the server said
            stream.write(chunk)
            start += len(chunk)
            if start > largest:
                break
            progress(f"fetching {response.url.host}", start, total)
    if start > largest:
        unfinished.unlink()
        raise _too_large(response, largest)
    if start == 0:
        raise AttemptError("the server sent an empty file")
    if total and start < total:
        raise AttemptError(f"the server sent {start} of {total} bytes")
    return True


def _total(response: httpx.Response, start: int) -> int | None:
    """The bytes of the whole file, where the server says so."""
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    if start and whole.isdecimal():
        return int(whole)
    said = announced(response)
    return None if said is None else start + said


def _is_same(response: httpx.Response, known: _Known, total: int | None) -> bool:
    """Whether a part is of the file whose beginning is there. An ETag stands in every part, a date may be left out (RFC
    9110 section 15.3.7)."""
    name = "ETag" if known.mark.startswith('"') else "Last-Modified"
    dated = name == "Last-Modified" and name not in response.headers
    return known.total in (None, total) and (dated or response.headers.get(name) == known.mark)


def _too_large(response: httpx.Response, largest: int) -> DownloadError:
    return DownloadError(f"{response.url}: not the file that was meant", f"it has more than {largest} bytes")


def _mark(response: httpx.Response) -> str:
    """A strong ETag, else the time of the last change; a weak one may stand for other bytes too."""
    tag = response.headers.get("ETag", "")
    return str(response.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag)


def _read(beside: Path) -> _Known:
    """What is not there, or cannot be read, is not known: the file then comes anew."""
    try:
        values = json.loads(beside.read_text(encoding="utf-8"))
        return _Known(str(values["mark"]), None if values["total"] is None else int(values["total"]))
    except (OSError, ValueError, KeyError, TypeError):
        return _Known("", None)
