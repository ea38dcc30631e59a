"""The soak of hot folders sees a broken promise: each damage to what is right is found, and what is right is not."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from daemon.results import named
from tests.bench.hot_dropping import place_others
from tests.bench.hot_files import Dropped
from tests.bench.hot_promises import Outcome, Place, files_below, identity, judge

_SIZE = (12, 16)
_GOOD = Dropped("move", "sub/a.jpg", b"good", _SIZE)
_KEPT = Dropped("keep", os.fsdecode(b"\xff.jpg"), b"kept", _SIZE)
_BAD = Dropped("move", "b.jpg", b"bad", None, "truncated")


def _picture(mode: str, size: tuple[int, int] = _SIZE) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, "PNG")
    return stream.getvalue()


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _job(number: int, one: Dropped, place: Place, **more: Any) -> dict[str, Any]:
    state = "done" if one.size else "failed"
    return {
        "id": number,
        "file": named(place.watch / one.name),
        "state": state,
        "attempts": 1,
        "error": None,
        "original": None,
        **more,
    }


def _done(number: int, one: Dropped, place: Place) -> dict[str, Any]:
    """Makes the results of a good picture; its job."""
    base = place.output / Path(one.name).with_suffix("")
    files = {"cutout": f"{base}.cutout.png", "matte": f"{base}.matte.png", "report": f"{base}.report.json"}
    paths = {kind: Path(path) for kind, path in files.items()}
    _write(paths["cutout"], _picture("RGBA"))
    _write(paths["matte"], _picture("L"))
    outputs = {kind: named(path) for kind, path in paths.items()}
    report = {
        "input": named(place.watch / one.name),
        "outputs": {kind: value for kind, value in outputs.items() if kind != "report"},
        "width": _SIZE[0],
        "height": _SIZE[1],
    }
    _write(paths["report"], json.dumps(report).encode())
    _write((place.done or place.watch) / one.name, one.data)
    return _job(number, one, place, outputs=outputs)


def _failed(number: int, one: Dropped, place: Place) -> dict[str, Any]:
    moved = _write(place.failed / one.name, one.data)
    letter = _write(place.failed / f"{one.name}.error.txt", b"What: the picture is truncated\n")
    error = {"what": "the picture is truncated", "why": "", "remedy": ""}
    return _job(number, one, place, original=named(moved), outputs={"error": named(letter)}, error=error)


@pytest.fixture
def outcome(tmp_path: Path) -> Outcome:
    """Where all went well."""
    places = {}
    others: dict[Path, bytes] = {}
    for word in ("move", "keep"):
        top = tmp_path / word
        places[word] = Place(top / "in", top / "out", top / "failed", top / "done" if word == "move" else None)
        others |= place_others(top / "in", b"another")
    jobs = [_done(1, _GOOD, places["move"]), _done(2, _KEPT, places["keep"]), _failed(3, _BAD, places["move"])]
    results = files_below(folder for each in places.values() for folder in (each.output, each.failed))
    return Outcome([_GOOD, _KEPT, _BAD], places, others, jobs, {each: identity(each) for each in results}, [1, 2], 0)


def test_what_is_right_breaks_no_promise(outcome: Outcome) -> None:
    judgement = judge(outcome)
    assert judgement.broken == []
    assert judgement.counts == {"good, done": 2, "bad: truncated": 1}


_DAMAGE: dict[str, Callable[[Path], object]] = {
    "a result is missing": lambda top: (top / "move/out/sub/a.matte.png").unlink(),
    "a result is not whole": lambda top: os.truncate(top / "move/out/sub/a.cutout.png", 60),
    "a result is another picture's": lambda top: _write(top / "move/out/sub/a.matte.png", _picture("L", (5, 5))),
    "a result was written twice": lambda top: os.utime(top / "move/out/sub/a.matte.png", ns=(1, 1)),
    "there are two sets": lambda top: _write(top / "move/out/sub/a-2.report.json", b"{}"),
    "a temporary file was left": lambda top: _write(top / "move/out/.bshm-x-1-matte.part", b""),
    "an original is held": lambda top: _write(top / "keep/in/.bshm-x-2-original.part", b""),
    "a kept original was changed": lambda top: _write(top / "keep/in" / _KEPT.name, b"else"),
    "a kept original is gone": lambda top: (top / "keep/in" / _KEPT.name).unlink(),
    "a moved original is still there": lambda top: _write(top / "move/in/sub/a.jpg", b"good"),
    "a moved original is gone": lambda top: (top / "move/done/sub/a.jpg").unlink(),
    "a bad one is gone": lambda top: (top / "move/failed/b.jpg").unlink(),
    "a bad one has no reason": lambda top: (top / "move/failed/b.jpg.error.txt").unlink(),
    "a bad one has another reason": lambda top: _write(top / "move/failed/b.jpg.error.txt", b"What: no idea\n"),
    "what is no picture was changed": lambda top: _write(top / "keep/in/notes.txt", b"else"),
    "a pipe was taken": lambda top: (top / "keep/in/pipe.jpg").unlink(),
}


@pytest.mark.parametrize("damage", _DAMAGE.values(), ids=_DAMAGE)
def test_damage_on_the_disk_is_seen(outcome: Outcome, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    damage(tmp_path)
    assert judge(outcome).broken


@pytest.mark.parametrize(
    "change",
    [
        lambda it: replace(it, jobs=it.jobs[1:]),
        lambda it: replace(it, jobs=[*it.jobs, it.jobs[0]]),
        lambda it: replace(it, jobs=[{**it.jobs[0], "state": "waiting"}, *it.jobs[1:]]),
        lambda it: replace(it, jobs=[{**it.jobs[0], "attempts": 9}, *it.jobs[1:]]),
        lambda it: replace(it, jobs=[*it.jobs, {**it.jobs[0], "file": {"uri": "file:///another"}}]),
        lambda it: replace(it, said=[1, 1, 2]),
        lambda it: replace(it, said=[1]),
    ],
    ids=["no job", "two jobs", "not ended", "too many attempts", "of a stranger", "said twice", "not said"],
)
def test_a_ledger_or_a_log_that_does_not_agree_is_seen(outcome: Outcome, change: Callable[[Outcome], Outcome]) -> None:
    assert judge(change(outcome)).broken
