"""Bad input for a running engine: how many were tried, how each was answered, and what the engine lost by it.

    .venv/bin/python -m tests.bench.fuzz [--pictures N] [--edge N] [--calls N] [--seed N] [FOLDER ...]

Pictures are files of every kind with changed bytes, and those of the folders with theirs; the edge is asked with bytes
that are hardly a request; the calls are what schemathesis makes of the OpenAPI document, over TCP with the token. What
is answered wrongly is kept in a folder and named. Exit code 1 where anything was.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from tests.engine.pictures.test_refusals import FILES
from tests.engine.server.calling import call_as_described
from tests.engine.server.judging import exchanged, fault_of, fault_of_edge
from tests.engine.server.live import Live, free_port, live
from tests.engine.server.mutations import bombs, changed, long_and_thin, requests

_CONFIG = """\
threads: 2
limits:
  megapixels: 30
  megabytes: 20
queue:
  megabytes: 200
engine:
  port: {port}
  deadline: 30
"""
_MATTE = "/v1/cutout?want=matte&format=raw&quality=fast"
_AT_ONCE = 4
_PATIENCE, _LIMIT = 0.3, 30.0

# How an input was answered, in a word or two, and what was wrong with that, or "".
Judged = tuple[str, str]


def main() -> int:
    """Prints the counts. Returns 1 where an answer was wrong."""
    parser = argparse.ArgumentParser(description="Bad input for a running engine")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--edge", type=int, default=5000)
    parser.add_argument("--calls", type=int, default=300, help="per path and method")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folders", nargs="*", type=Path)
    args = parser.parse_args()
    kept = Path(tempfile.mkdtemp(prefix="bshm-fuzz"))
    port = free_port()
    with live(_CONFIG.format(port=port)) as engine:
        wrong = 0
        wrong += run(engine, "bombs", [*bombs(), *long_and_thin()], lambda data: picture(engine, data), kept)
        files = [*FILES.values(), *(file.read_bytes() for folder in args.folders for file in files_in(folder))]
        wrong += run(
            engine, "pictures", pictures(files, args.pictures, args.seed), lambda data: picture(engine, data), kept
        )
        inputs = itertools.islice(requests(Random(args.seed), FILES["jpeg"]), args.edge)
        numbered = ((str(number), sent) for number, sent in enumerate(inputs))
        wrong += run(engine, "edge", numbered, lambda sent: edge(engine, sent), kept)
        wrong += calls(engine, port, args.calls, args.seed)
        tell(engine, "at the end")
        faults = [line for line in engine.log.splitlines() if "level=error" in line or "Traceback" in line]
        print(f"{len(faults)} errors in the log", *Counter(map(without_numbers, faults)).most_common(20), sep="\n  ")
    print(f"{wrong} answered wrongly" + (f"; the inputs are in {kept}" if wrong else ""))
    return min(1, wrong)


def files_in(folder: Path) -> list[Path]:
    """The files of a folder, small enough to be tried often."""
    return [file for file in sorted(folder.iterdir()) if file.is_file() and file.stat().st_size < 2_000_000]


def pictures(files: Sequence[bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Each file as it is, then changed ones."""
    random = Random(seed)
    for number, data in enumerate(files):
        yield f"whole-{number}", data
    for number in range(count):
        yield str(number), changed(random.choice(files), random, files)


def picture(engine: Live, data: bytes) -> Judged:
    """Asks for its matte."""
    answer = engine.ask("POST", _MATTE, data)
    return str(answer.status), fault_of(answer)


def edge(engine: Live, sent: bytes) -> Judged:
    """Sends bytes."""
    try:
        said = exchanged(str(engine.address), sent, _PATIENCE, _LIMIT)
    except TimeoutError:
        return "hung", "the connection was never closed"
    return (said[9:12].decode("latin-1") or "closed"), fault_of_edge(said, sent)


def run(
    engine: Live, part: str, inputs: Iterable[tuple[str, bytes]], judge: Callable[[bytes], Judged], kept: Path
) -> int:
    """Tries all inputs, some at once. Returns how many were answered wrongly."""
    tell(engine, f"before {part}")
    began, answers, wrong, slowest = time.monotonic(), Counter[str](), 0, (0.0, "")

    def tried(named: tuple[str, bytes]) -> tuple[str, bytes, Judged, float]:
        start = time.monotonic()
        try:
            judged = judge(named[1])
        except (OSError, ValueError, KeyError) as error:
            judged = ("no answer", repr(error))
        return *named, judged, time.monotonic() - start

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for batch in batched(inputs, 200):
            for name, data, (how, fault), seconds in pool.map(tried, batch):
                answers[how] += 1
                slowest = max(slowest, (seconds, name))
                if fault:
                    wrong += 1
                    (kept / f"{part}-{name}").write_bytes(data)
                    print(f"  {part} {name}: {fault}")
    seconds = time.monotonic() - began
    counts = ", ".join(f"{how}: {count}" for how, count in sorted(answers.items()))
    print(f"{part}: {answers.total()} inputs in {seconds:.0f} s, {wrong} answered wrongly ({counts})")
    print(f"  the slowest: {slowest[1]}, {slowest[0]:.1f} s")
    return wrong


def batched(inputs: Iterable[tuple[str, bytes]], size: int) -> Iterator[list[tuple[str, bytes]]]:
    """The inputs in lists, so that not all are made at once."""
    rest = iter(inputs)
    while batch := list(itertools.islice(rest, size)):
        yield batch


def calls(engine: Live, port: int, count: int, seed: int) -> int:
    """Lets schemathesis ask. Returns 1 where it found something."""
    tell(engine, "before calls")
    good, words = call_as_described(
        engine, port, "--max-examples", str(count), "--seed", str(seed), "--continue-on-failure"
    )
    print(words[-6000:])
    return 0 if good else 1


def tell(engine: Live, when: str) -> None:
    """Prints what the engine has and lost so far."""
    status, (server, worker) = engine.status(), (each / 1e6 for each in engine.memory())
    print(
        f"{when}: server {status['pid']} has {server:.0f} MB, worker {status['worker_pid']} has {worker:.0f} MB, "
        f"queue {status['queue']['waiting']}+{status['queue']['running']}, counts {status['counts']}",
        flush=True,
    )


def without_numbers(line: str) -> str:
    """A line of the log as those of its kind are."""
    return re.sub(r"[0-9a-f]{32}|[\d.:+-]+", "N", line.partition(" ")[2])


if __name__ == "__main__":
    sys.exit(main())
