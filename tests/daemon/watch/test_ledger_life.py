"""Whatever happens to files and jobs, in any order: one job stands for each file that is there, and none is lost."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from daemon.watch.job import ENDS, Output, State
from daemon.watch.ledger import Ledger
from tests.daemon.watch.jobs import FOLDER, seen

_NAMES = st.sampled_from(["a.jpg", "b.jpg"])
_CONTENTS = st.integers(1, 3)
_UNDER_WAY = (State.WORKING, State.PUBLISHING)


@dataclass
class Expected:
    """What a job should be like."""

    name: str
    content: int
    state: State = State.WAITING
    present: bool = True
    earlier: int | None = None


class Life(RuleBasedStateMachine):
    """Does with a ledger what `bshm watch` does, and keeps account of it."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="bshm"))
        self.ledger = Ledger(self.home / "ledger")
        self.jobs: dict[int, Expected] = {}
        self.now = 0.0

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.home)

    def of(self, name: str) -> Expected | None:
        return next((each for each in self.jobs.values() if each.name == name and each.present), None)

    def under_way(self, *states: State) -> list[int]:
        return [number for number, each in self.jobs.items() if each.state in (states or _UNDER_WAY)]

    @rule(name=_NAMES, content=_CONTENTS)
    def a_file_is_complete(self, name: str, content: int) -> None:
        known = self.of(name)
        new = self.ledger.add(FOLDER, "disk", [seen(name, content)], self.now)
        if known and (known.state in _UNDER_WAY or known.content == content):
            assert new == 0
        elif known and known.state is State.WAITING:
            assert new == 0
            known.content = content
        else:
            assert new == 1
            number = max(each.id for each in self.ledger.jobs(State.WAITING))
            earlier = next((key for key, each in self.jobs.items() if each is known), None)
            if known:
                known.present = False
            self.jobs[number] = Expected(name, content, earlier=earlier)

    @rule(name=_NAMES)
    def a_file_is_gone(self, name: str) -> None:
        self.ledger.gone(FOLDER, [name], self.now)
        if (known := self.of(name)) and known.state not in _UNDER_WAY:
            known.present = False
            known.state = State.LEFT if known.state is State.WAITING else known.state

    @rule()
    def a_job_is_taken(self) -> None:
        waiting = self.under_way(State.WAITING)
        job = self.ledger.take([FOLDER], self.now)
        assert (job is not None) == bool(waiting)
        if job:
            assert job.id in waiting
            self.jobs[job.id].state = State.WORKING

    @precondition(lambda self: self.under_way(State.WORKING))
    @rule(data=st.data())
    def one_is_published(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.under_way(State.WORKING)))
        self.ledger.publish(number, [Output("matte", FOLDER / f"{number}.png", 1, False)], verdict=State.DONE)
        self.jobs[number].state = State.PUBLISHING

    @precondition(lambda self: self.under_way())
    @rule(data=st.data(), state=st.sampled_from([State.DONE, State.FAILED]), stays=st.booleans())
    def one_ends(self, data: st.DataObject, state: State, stays: bool) -> None:
        number = data.draw(st.sampled_from(self.under_way()))
        self.ledger.change(number, state=state, ended=self.now, present=stays)
        self.jobs[number].state, self.jobs[number].present = state, stays

    @precondition(lambda self: self.under_way())
    @rule(data=st.data())
    def one_is_put_off(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.under_way()))
        self.ledger.change(number, state=State.WAITING, due=self.now)
        self.jobs[number].state = State.WAITING

    @precondition(lambda self: any(self.jobs[each].earlier for each in self.under_way(State.WORKING)))
    @rule()
    def one_was_only_touched(self) -> None:
        number = next(each for each in self.under_way(State.WORKING) if self.jobs[each].earlier)
        job = self.ledger.job(number)
        self.ledger.same(job, job.stamp)
        touched = self.jobs.pop(number)
        assert touched.earlier
        earlier = self.jobs[touched.earlier]
        earlier.present, earlier.content = True, touched.content

    @rule()
    def the_program_is_killed_and_starts_again(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.home / "ledger")

    @rule()
    def time_goes_by_and_what_is_old_is_forgotten(self) -> None:
        self.now += 1
        self.ledger.forget(self.now)
        kept = {each.id for each in self.ledger.jobs()}
        for number in self.jobs.keys() - kept:
            job = self.jobs.pop(number)
            assert job.state in ENDS
            assert not job.present

    @invariant()
    def the_ledger_has_what_happened(self) -> None:
        found = {
            each.id: Expected(each.name, each.stamp.mtime, each.state, each.present, each.earlier)
            for each in self.ledger.jobs()
        }
        assert found == self.jobs

    @invariant()
    def one_job_stands_for_a_file_that_is_there(self) -> None:
        there = [each.name for each in self.jobs.values() if each.present]
        assert sorted(there) == sorted(set(there)) == sorted(self.ledger.known(FOLDER))

    @invariant()
    def what_is_under_way_is_known_to_be(self) -> None:
        assert [each.id for each in self.ledger.under_way()] == sorted(self.under_way())


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=30)
