"""How quick hot folders are, how many pictures they bear, and what they cost when nothing happens.

    .venv/bin/python -m tests.bench.hot_folders latency
    .venv/bin/python -m tests.bench.hot_folders many [FILES]
    .venv/bin/python -m tests.bench.hot_folders idle [MINUTES]
    .venv/bin/python -m tests.bench.hot_folders seed [--cases CASES] [--pictures N]

latency: from the close of a dropped file to its last result, less settle time and the engine's own time. many: with so
many files (20 000) in the folder at start, the time to the first result, and memory. idle: processor time of 10 folders
of 1 000 files each that are all done. seed: the seed job, 1 000 portraits of 300x400 in one folder, in pictures a
second; with a folder of cases (CASES/pictures/job-300/*, CASES/truth/job-300/*.png) also the success: an IoU of
at least 0.90. Each starts a `bshm watch` and an engine of its own, with the default settings.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from daemon.watch.filesystem import filesystem_of
from daemon.watch.hot_folder import Sighting
from daemon.watch.job import ENDS, State
from daemon.watch.ledger import Ledger
from daemon.watch.originals import stamp_of
from tests.bench.photos import portrait
from tests.daemon.watch.watching import Watching, watching
from tests.engine.server.live import until

_SETTLE = 1.0
_PATIENCE = 3600.0  # seconds


@contextmanager
def warm(one: Watching) -> Iterator[Ledger]:
    """`bshm watch` with the default settings, its engine ready; its ledger."""
    _defaults(one)
    one.start()
    one.until_said("Networks run", 60)
    with closing(_ledger(one)) as ledger:
        yield ledger
    one.stop()


def latency(drops: int = 20) -> None:
    """Prints the medians."""
    engine, beyond = [], []
    with watching() as one, warm(one) as ledger:
        for number in range(drops):
            data = portrait(300, 400, number * 10)
            last = one.out / f"{number}.report.json"
            (one.dropped / f"{number}.jpg").write_bytes(data)
            closed = time.time()
            until(lambda: ledger.jobs(State.DONE, last=1)[-1:] and ledger.jobs(State.DONE, last=1)[0].id > number, 60)  # noqa: B023
            job = ledger.jobs(State.DONE, last=1)[0]
            engine.append(job.summary["engine"])
            beyond.append(last.stat().st_ctime - closed - _SETTLE - engine[-1])  # when it got its name
    print(f"engine: median {statistics.median(engine) * 1000:.0f} ms")
    print(f"beyond settle time and the engine: median {statistics.median(beyond) * 1000:.0f} ms, ", end="")
    print(f"most {max(beyond) * 1000:.0f} ms")


def many(files: int) -> None:
    """Prints the time to the first result and the memory."""
    with watching() as one:
        _defaults(one)
        data = portrait(300, 400)
        for number in range(files):
            (one.dropped / f"{number:05}.jpg").write_bytes(data)
        time.sleep(2 * _SETTLE)  # they have lain there
        begun = time.monotonic()
        one.start()
        assert one.process
        process = psutil.Process(one.process.pid)
        until(lambda: any(one.out.glob("*.json")), 60)
        first = time.monotonic() - begun
        queued, most = 0.0, 0
        with closing(_ledger(one)) as ledger:
            while time.monotonic() - begun < 60:
                most = max(most, process.memory_info().rss)
                if not queued and len(ledger.known(one.dropped.resolve())) >= files:
                    queued = time.monotonic() - begun
                time.sleep(0.5)
        done = sum(1 for _ in one.out.glob("*.json"))
        one.stop()
    print(f"{files} files: first result after {first:.1f} s, all in the ledger after {queued:.1f} s")
    print(f"after a minute: {done} done, {most / 1e6:.0f} MB at most in the process that watches")


def idle(minutes: float) -> None:
    """Prints the share of a processor."""
    with watching() as one:
        entries = []
        with closing(_ledger(one)) as ledger:
            for folder in (one.home / f"in{number}" for number in range(10)):
                folder.mkdir()
                _all_done(ledger, folder, 1000)
                entries.append(f"  - {{watch: {folder}, output: {folder}-out}}")
        one.config.write_text("folders:\n" + "\n".join(entries) + "\n", encoding="utf-8")
        one.start()
        one.until_said("Networks run", 60)
        assert one.process
        process = psutil.Process(one.process.pid)
        time.sleep(5)
        before, begun = process.cpu_times(), time.monotonic()
        time.sleep(60 * minutes)
        after, took = process.cpu_times(), time.monotonic() - begun
        used = after.user + after.system - before.user - before.system
        one.stop()
    print(f"{minutes:g} minutes idle with 10 folders of 1 000 files: {used:.2f} s, {used / took:.2%} of a core")


def seed(cases: Path | None, pictures: int) -> None:
    """Prints the rate and, with cases, the success."""
    with watching() as one:
        sources = sorted((cases / "pictures" / "job-300").iterdir()) if cases else []
        with warm(one) as ledger:
            begun = time.monotonic()
            for number in range(pictures):
                if sources:
                    source = sources[number % len(sources)]
                    shutil.copyfile(source, one.dropped / f"{source.stem}-{number}{source.suffix}")
                else:
                    (one.dropped / f"astronaut-{number}.jpg").write_bytes(portrait(300, 400, number % 256))
            until(lambda: len(ledger.jobs(*ENDS)) == pictures, _PATIENCE, nap=0.5)
            took = time.monotonic() - begun
            failed = len(ledger.jobs(State.FAILED))
        print(f"{pictures} pictures of 300x400 in {took:.0f} s: {pictures / took:.2f} a second, {failed} failed")
        if cases:
            good = sum(_is_good(each, cases / "truth" / "job-300") for each in one.out.glob("*.matte.png"))
            print(f"success: {good / pictures:.1%}")


def _is_good(matte: Path, truths: Path) -> bool:
    """An IoU of at least 0.90 with the truth."""
    name = matte.name.rsplit("-", 1)[0]
    said, real = (np.asarray(Image.open(each).convert("L")) > 127 for each in (matte, truths / f"{name}.png"))
    return bool((said & real).sum() >= 0.9 * (said | real).sum())


def _defaults(one: Watching) -> None:
    """The default settings, but for the folders' places."""
    text = f"folders:\n  - watch: {one.dropped}\n    output: {one.out}\n    failed: {one.failed}\n"
    one.config.write_text(text, encoding="utf-8")


def _ledger(one: Watching) -> Ledger:
    return Ledger(one.home / "state" / "bshm" / "ledger.sqlite")


def _all_done(ledger: Ledger, folder: Path, files: int) -> None:
    """Files that have been cut out and stayed."""
    folder = folder.resolve()
    sightings = []
    for number in range(files):
        path = folder / f"{number}.jpg"
        path.write_bytes(b"")
        sightings.append(Sighting(path.name, stamp_of(path), 0))
    ledger.add(folder, filesystem_of(folder).identity, sightings, time.time())
    for job in ledger.jobs(State.WAITING):
        ledger.change(job.id, state=State.DONE, ended=time.time())


def main() -> None:
    """Runs one of them."""
    parser = argparse.ArgumentParser(description="Hot folders: how quick, how many, how quiet")
    which = parser.add_subparsers(dest="which", required=True)
    which.add_parser("latency")
    which.add_parser("many").add_argument("files", nargs="?", type=int, default=20_000)
    which.add_parser("idle").add_argument("minutes", nargs="?", type=float, default=10)
    job = which.add_parser("seed")
    job.add_argument("--cases", type=Path)
    job.add_argument("--pictures", type=int, default=1000)
    args = parser.parse_args()
    match args.which:
        case "latency":
            latency()
        case "many":
            many(args.files)
        case "idle":
            idle(args.minutes)
        case "seed":
            seed(args.cases, args.pictures)


if __name__ == "__main__":
    main()
