"""Whole pictures through the whole engine, with the real networks: who is cut out, how well, and what is reported."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.crops import crop_around
from engine.errors import UsageError
from engine.types import Box, CutOut, Options, Size
from tests.engine.scenes import Scene, Spot, box_overlap, overlap, picture, scene, surface

if TYPE_CHECKING:
    from engine import Engine

STAGES = ["people", "matte", "refine", "compose", "foreground"]


def same(one: CutOut, other: CutOut) -> bool:
    """Whether two results are the same to the last bit."""
    return np.array_equal(one.matte, other.matte) and np.array_equal(one.foreground, other.foreground)


def boxes(cut: CutOut) -> list[Box]:
    return [Box(*each["box"]) for each in cut.report.people]


@pytest.fixture
def pair(collins: CutOut) -> Scene:
    """Two people, the larger before the other."""
    return scene(surface("brick", Size(520, 300)), collins, Spot(220, 40, 80), Spot(250, 180, 50))


class TestOnePerson:
    def test_she_is_cut_out(self, portrait: Scene, portrait_cut: CutOut) -> None:
        assert overlap(portrait_cut.matte, portrait.truth) > 0.95
        assert np.abs(portrait_cut.matte - portrait.truth).mean() < 0.01

    def test_what_the_detectors_box_and_its_margin_cut_off_is_there_too(
        self, portrait: Scene, portrait_cut: CutOut
    ) -> None:
        (box,) = boxes(portrait_cut)
        beyond = crop_around(box, portrait_cut.picture.size).right
        rest = portrait.truth[:, beyond:] > 0.5
        assert rest.sum() > 100
        assert (portrait_cut.matte[:, beyond:][rest] > 0.5).mean() > 0.9

    def test_her_colours_are_the_photos_and_the_wall_is_gone(self, portrait: Scene, portrait_cut: CutOut) -> None:
        matte, foreground = portrait_cut.matte, portrait_cut.foreground
        assert (matte == 1).mean() > 0.2
        assert (matte == 0).mean() > 0.5
        assert np.array_equal(foreground[matte == 1], portrait.pixels[matte == 1])
        assert not foreground[matte == 0].any()

    def test_the_report_says_who_and_how(self, portrait: Scene, portrait_cut: CutOut) -> None:
        report = portrait_cut.report
        (person,) = report.people
        assert (report.width, report.height) == (420, 320)
        assert box_overlap(Box(*person["box"]), portrait.boxes[0]) > 0.6
        assert person["share"] == pytest.approx(Box(*person["box"]).area / (420 * 320), abs=0.01)
        assert 0.15 < person["score"] <= 1
        assert (person["route"], person["threshold"]) == ("resized", 0.3)
        assert person["passes"] == [
            {"network": "modnet", "side": 384, "upscaled": False},
            {"network": "modnet", "side": 448, "upscaled": False},
        ]
        assert report.warnings == ()

    def test_the_report_says_where_and_how_long(self, engine: Engine, portrait_cut: CutOut) -> None:
        report = portrait_cut.report
        assert report.device == engine.device
        assert report.device.startswith("CPU, ")
        assert list(report.milliseconds) == STAGES
        assert all(spent >= 0 for spent in report.milliseconds.values())
        assert report.milliseconds["matte"] > 1

    def test_the_report_can_be_written_as_json(self, portrait_cut: CutOut) -> None:
        told = json.loads(json.dumps(asdict(portrait_cut.report)))
        assert told["people"][0]["route"] == "resized"
        assert told["source"] == {"format": "PNG", "mode": "RGB", "bits": 8, "frames": 1, "size": [420, 320]}

    def test_a_large_one_gets_the_usual_threshold(self, collins: CutOut) -> None:
        assert [each["threshold"] for each in collins.report.people] == [0.5]


class TestSeveral:
    def test_each_of_a_group_is_cut_out(self, group: Scene, group_cut: CutOut) -> None:
        assert len(group_cut.report.people) == 3
        assert overlap(group_cut.matte, group.truth) > 0.95
        for alpha in group.people:
            assert (group_cut.matte[alpha > 0.5] > 0.5).mean() > 0.95

    def test_they_do_not_melt_into_one(self, group: Scene, group_cut: CutOut) -> None:
        for left, right in zip(group.boxes, group.boxes[1:], strict=False):
            between = slice(int(left.x1) + 5, int(right.x0) - 5)
            assert between.stop - between.start >= 8
            assert group_cut.matte[:, between].max() < 0.02

    def test_they_are_reported_largest_first(self, group_cut: CutOut) -> None:
        areas = [each.area for each in boxes(group_cut)]
        assert areas == sorted(areas, reverse=True)

    def test_a_number_of_people_is_that_many(self, engine: Engine, group: Scene, group_cut: CutOut) -> None:
        cut = engine.cut_out(picture(group.pixels), Options(people=1))
        assert boxes(cut) == boxes(group_cut)[:1]
        left, middle, right = (cut.matte[alpha > 0.5] for alpha in group.people)
        assert (middle > 0.5).mean() > 0.95
        assert not left.any()
        assert not right.any()

    def test_a_crop_that_ends_in_somebody_else_leaves_no_straight_cut(self, engine: Engine, pair: Scene) -> None:
        cut = engine.cut_out(picture(pair.pixels), Options(people=1))
        columns = cut.matte.max(0)
        first = int(np.flatnonzero(columns)[0])
        assert first > 100
        assert columns[first] < 0.1
        assert np.diff(columns[first : first + 10]).max() < 0.2

    def test_a_blurred_passer_by_is_left_out(self, engine: Engine, collins: CutOut) -> None:
        wall = surface("brick", Size(480, 260))
        shown = scene(wall, collins, Spot(140, 10, 120), Spot(230, 215, 30), blurred={0: 2.5})
        cut = engine.cut_out(picture(shown.pixels))
        assert len(cut.report.people) == 1
        assert overlap(cut.matte, shown.people[1]) > 0.95
        assert cut.matte[shown.people[0] > 0.5].max() < 0.02


class TestSmall:
    def test_a_small_person_in_a_large_picture_is_cut_out(self, engine: Engine, distant: Scene) -> None:
        cut = engine.cut_out(picture(distant.pixels))
        (person,) = cut.report.people
        assert person["share"] < 0.01
        assert (person["route"], person["threshold"]) == ("upscaled", 0.3)
        assert [one["network"] for one in person["passes"] if one["upscaled"]] == ["modnet", "u2netp"]
        assert overlap(cut.matte, distant.truth) > 0.9
        (box,) = distant.boxes
        far = np.ones_like(cut.matte, bool)
        far[int(box.y0) - 60 : int(box.y1) + 60, int(box.x0) - 60 : int(box.x1) + 60] = False
        assert not cut.matte[far].any()


class TestNetworkAskedFor:
    @pytest.mark.parametrize("name", ["rvm", "modnet"])
    def test_it_alone_makes_the_matte(self, engine: Engine, portrait: Scene, name: str) -> None:
        cut = engine.cut_out(picture(portrait.pixels), Options(network=name))
        assert {one["network"] for each in cut.report.people for one in each["passes"]} == {name}
        assert overlap(cut.matte, portrait.truth) > 0.75  # RVM leaves the helmet under her arm out

    def test_an_unknown_one_is_refused(self, engine: Engine, portrait: Scene) -> None:
        with pytest.raises(UsageError, match="'birefnet': no such matting network"):
            engine.cut_out(picture(portrait.pixels), Options(network="birefnet"))


@pytest.mark.parametrize("people", ["everyone", "", 0, -1])
def test_people_of_another_word_are_refused(engine: Engine, portrait: Scene, people: str | int) -> None:
    with pytest.raises(UsageError, match=f"people cannot be '{people}': it is one of auto, all, largest, or a number"):
        engine.cut_out(picture(portrait.pixels), Options(people=people))


class TestBinary:
    def test_it_is_the_matte_cut_at_the_persons_threshold(self, engine: Engine, portrait_cut: CutOut) -> None:
        cut = engine.cut_out(portrait_cut.picture, Options(edge="crisp"))
        assert [each["threshold"] for each in cut.report.people] == [0.3]
        assert np.array_equal(cut.matte, portrait_cut.matte > np.float32(0.3))
        assert np.array_equal(cut.foreground, cut.picture.pixels * (cut.matte > 0)[..., None])

    def test_it_is_hard_too_where_a_crop_ends_in_somebody_else(self, engine: Engine, pair: Scene) -> None:
        cut = engine.cut_out(picture(pair.pixels), Options(people=1, edge="crisp"))
        assert set(np.unique(cut.matte)) == {0, 1}


def test_the_same_picture_twice_gives_the_same_bytes(engine: Engine, portrait: Scene, portrait_cut: CutOut) -> None:
    assert same(engine.cut_out(picture(portrait.pixels.copy())), portrait_cut)


def test_two_threads_give_what_one_gives_also_of_pixels_that_are_a_view_and_read_only(
    engine: Engine, portrait: Scene, portrait_cut: CutOut
) -> None:
    mirrored = portrait.pixels[:, ::-1]
    one_by_one = [portrait_cut, engine.cut_out(picture(mirrored.copy()))]
    mirrored.flags.writeable = False
    with ThreadPoolExecutor(2) as threads:
        at_once = list(threads.map(engine.cut_out, [picture(portrait.pixels), picture(mirrored)]))
    assert all(same(one, other) for one, other in zip(one_by_one, at_once, strict=True))
