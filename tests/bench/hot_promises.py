"""What hot folders promise, held against what lies on the disk and in the ledger when all is over."""

from __future__ import annotations

import io
import json
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from PIL import Image

from daemon.terminal import shown
from tests.bench.hot_files import Dropped

_KINDS = {"cutout": "RGBA", "matte": "L", "report": ""}  # and the mode of each that is a picture


@dataclass(frozen=True)
class Place:
    """The folders of one hot folder. done: where originals are moved to, if they are."""

    watch: Path
    output: Path
    failed: Path
    done: Path | None

    @property
    def folders(self) -> list[Path]:
        """All of them that there are."""
        return [each for each in (self.watch, self.output, self.failed, self.done) if each]


@dataclass(frozen=True)
class Outcome:
    """What there is to be judged. places: by the word for a hot folder. others: files that were to be left alone.

    jobs: as `bshm jobs --json` says. first: device, inode and time of each result when it was first seen. said: the
    numbers of jobs of which the log says that they are done. watch_kills: how often `bshm watch` was killed.
    """

    files: Sequence[Dropped]
    places: Mapping[str, Place]
    others: Mapping[Path, bytes]
    jobs: Sequence[Mapping[str, Any]]
    first: Mapping[Path, tuple[int, ...]]
    said: Sequence[int]
    watch_kills: int


@dataclass
class Judgement:
    """counts: of what was found as it is to be. broken: a sentence for each broken promise."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def judge(outcome: Outcome) -> Judgement:
    """Holds all promises against what is there."""
    judgement = Judgement()
    jobs: dict[str, list[Mapping[str, Any]]] = {}
    for job in outcome.jobs:
        jobs.setdefault(job["file"]["uri"], []).append(job)
    accounted = dict.fromkeys(outcome.others, "another")
    for one in outcome.files:
        place = outcome.places[one.folder]
        of_it = jobs.pop((place.watch / one.name).as_uri(), [])
        try:
            _check_job(one, of_it, outcome.watch_kills)
            files = _check_good(one, place, of_it[0]) if one.size else _check_bad(one, place, of_it[0])
        except (AssertionError, OSError, KeyError, ValueError) as error:
            states = [(each["state"], each["attempts"], each["error"]) for each in of_it]
            judgement.broken.append(f"{one.folder}/{shown(one.name)}: {error!r}; {states}")
            continue
        judgement.counts["good, done" if one.size else f"bad: {one.reason}"] += 1
        for path in files:
            if path in accounted:
                judgement.broken.append(f"{shown(path)}: of {shown(one.name)} and of {accounted[path]}")
            accounted[path] = one.name
    judgement.broken += [f"{uri}: has a job, and was not dropped" for uri in jobs]
    judgement.broken += _strangers(outcome, accounted)
    judgement.broken += _changed(outcome)
    judgement.broken += _done_twice(outcome)
    return judgement


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    """All that lies in these folders, and in those in them, but folders."""
    for top in folders:
        for folder, _, names in os.walk(top):
            yield from (Path(folder, name) for name in names)


def identity(path: Path) -> tuple[int, ...]:
    """What a file has as long as nobody writes it anew."""
    status = path.lstat()
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def path_of(uri: str) -> Path:
    """The file that an address means."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path)))


def _check_job(one: Dropped, jobs: Sequence[Mapping[str, Any]], kills: int) -> None:
    assert len(jobs) == 1, f"{len(jobs)} jobs"
    (job,) = jobs
    assert job["state"] == ("done" if one.size else "failed"), f"is {job['state']}"
    # Each kill costs one; a server that is overloaded at first and a file that was still written, one each.
    assert 1 <= job["attempts"] <= kills + 3, f"{job['attempts']} attempts"


def _check_good(one: Dropped, place: Place, job: Mapping[str, Any]) -> list[Path]:
    """The files that there are of it."""
    outputs = {kind: path_of(each["uri"]) for kind, each in job["outputs"].items()}
    assert set(outputs) == set(_KINDS), f"results: {sorted(outputs)}"
    below = place.output / Path(one.name).parent
    assert all(each.parent == below for each in outputs.values()), "results in another folder"
    for kind, mode in _KINDS.items():
        if mode:
            with Image.open(io.BytesIO(outputs[kind].read_bytes())) as image:
                image.load()
                assert (image.size, image.mode) == (one.size, mode), f"{kind}: {image.size}, {image.mode}"
    report = json.loads(outputs["report"].read_text(encoding="utf-8"))
    source = one.address or (place.watch / one.name).as_uri()
    assert report["input"]["uri"] == source, f"report of {report['input']['uri']}"
    assert (report["width"], report["height"]) == one.size, "report of another size"
    assert {kind: path_of(each["uri"]) for kind, each in report["outputs"].items()} == {
        kind: path for kind, path in outputs.items() if kind != "report"
    }, "report names other results"
    return [*outputs.values(), *_check_original(one, place)]


def _check_original(one: Dropped, place: Place) -> list[Path]:
    dropped = place.watch / one.name
    if one.folder in ("keep", "flat"):
        assert dropped.read_bytes() == one.data, "the original was changed"
        return [dropped]
    assert not os.path.lexists(dropped), "the original is still there"
    if place.done is None:
        return []
    moved = place.done / one.name
    assert moved.read_bytes() == one.data, "the original was changed"
    return [moved]


def _check_bad(one: Dropped, place: Place, job: Mapping[str, Any]) -> list[Path]:
    """The files that there are of it."""
    moved = place.failed / one.name
    assert not os.path.lexists(place.watch / one.name), "the original is still there"
    assert moved.read_bytes() == one.data, "the original was changed"
    assert path_of(job["original"]["uri"]) == moved, "the ledger has it elsewhere"
    assert set(job["outputs"]) == {"error"}, f"results: {sorted(job['outputs'])}"
    letter = path_of(job["outputs"]["error"]["uri"])
    assert letter == moved.with_name(f"{moved.name}.error.txt"), "the reason is not beside it"
    text = letter.read_text(encoding="utf-8")
    assert one.reason in text, f"the reason is {text}"
    assert one.reason in f"{job['error']['what']}: {job['error']['why']}", "the ledger has another reason"
    return [moved, letter]


def _strangers(outcome: Outcome, accounted: Mapping[Path, str]) -> Iterator[str]:
    """Files that belong to nobody, temporary ones among them."""
    for path in files_below(folder for place in outcome.places.values() for folder in place.folders):
        if path not in accounted and (stat.S_ISREG(path.lstat().st_mode) or path.name not in ("pipe.jpg", "out.jpg")):
            yield f"{shown(path)}: belongs to nobody, or to one of the above"


def _changed(outcome: Outcome) -> Iterator[str]:
    for path, data in outcome.others.items():
        if not path.is_file() or path.read_bytes() != data:
            yield f"{shown(path)}: was to be left alone"
    for place in outcome.places.values():
        if not ((place.watch / "pipe.jpg").is_fifo() and (place.watch / "out.jpg").is_symlink()):
            yield f"{place.watch}: the pipe or the link was not left alone"


def _done_twice(outcome: Outcome) -> Iterator[str]:
    for path, before in outcome.first.items():
        if not path.exists():
            yield f"{shown(path)}: was there, and is gone"
        elif identity(path) != before:
            yield f"{shown(path)}: was written twice"
    times = Counter(outcome.said)
    yield from (f"job {job}: said to be done {often} times" for job, often in times.items() if often > 1)
    unsaid = {each["id"] for each in outcome.jobs if each["state"] == "done"} - set(times)
    if len(unsaid) > 4 * outcome.watch_kills:  # those of that moment
        yield f"jobs {sorted(unsaid)}: done, and never said"
