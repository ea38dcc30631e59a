"""People at points of a picture, or in a selection, through the whole engine with the real networks: nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engine.errors import PictureError, UsageError
from engine.types import CutOut, Matte, Options, Point, Size
from engine.work import Work
from tests.engine.scenes import Scene, Spot, overlap, photo, picture, scene, surface

if TYPE_CHECKING:
    from engine import Engine

NOBODY_THERE = "Nobody was found at the places that were marked: the matte is empty."


def on(person: Matte) -> Point:
    """A point on a body, in the middle of its row of most pixels."""
    row = int((person > 0.9).sum(1).argmax())
    return float(np.flatnonzero(person[row] > 0.9).mean()), float(row)


def shown_of(cut: CutOut, person: Matte) -> float:
    """How much of a body is in the matte."""
    return float((cut.matte[person > 0.5] > 0.5).mean())


@pytest.fixture(scope="module")
def street(collins: CutOut) -> Scene:
    """A blurred passer-by, and two people whose boxes overlap, the right one before the left one's arm."""
    wall = surface("brick", Size(860, 320))
    return scene(wall, collins, Spot(150, 20, 150), Spot(250, 280, 40), Spot(270, 490, 30), blurred={0: 2.0})


class TestGroup:
    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_a_point_gives_its_person_alone(self, engine: Engine, group: Scene, number: int) -> None:
        cut = engine.cut_out(picture(group.pixels), Options(at=(on(group.people[number]),)))
        assert len(cut.report.people) == 1
        assert cut.report.warnings == ()
        assert overlap(cut.matte, group.people[number]) > 0.95
        assert [shown_of(cut, each) for each in group.people if each is not group.people[number]] == [0, 0]

    def test_two_points_give_two(self, engine: Engine, group: Scene) -> None:
        left, middle, right = group.people
        cut = engine.cut_out(picture(group.pixels), Options(at=(on(right), on(left))))
        assert len(cut.report.people) == 2
        assert overlap(cut.matte, np.maximum(left, right)) > 0.95
        assert shown_of(cut, middle) == 0

    def test_points_on_everybody_give_what_all_gives(self, engine: Engine, group: Scene) -> None:
        everybody = engine.cut_out(picture(group.pixels), Options(people="all"))
        cut = engine.cut_out(picture(group.pixels), Options(people="all", at=tuple(map(on, group.people))))
        assert np.array_equal(cut.matte, everybody.matte)
        assert np.array_equal(cut.foreground, everybody.foreground)
        assert cut.report.people == everybody.report.people

    def test_a_point_beside_them_gives_nobody_and_says_so(self, engine: Engine, group: Scene) -> None:
        left, middle, _ = group.boxes
        cut = engine.cut_out(picture(group.pixels), Options(at=((round((left.x1 + middle.x0) / 2), 130), (719, 0))))
        assert not cut.matte.any()
        assert not cut.foreground.any()
        assert cut.report.people == ()
        assert cut.report.warnings == (NOBODY_THERE,)

    def test_points_beside_them_add_nobody(self, engine: Engine, group: Scene) -> None:
        left = on(group.people[0])
        cut = engine.cut_out(picture(group.pixels), Options(at=(left, (719, 0))))
        assert np.array_equal(cut.matte, engine.cut_out(picture(group.pixels), Options(at=(left,))).matte)
        assert cut.report.warnings == ()


def selection_of(*bodies: Matte) -> npt.NDArray[np.uint8]:
    """Half of a pixel and more of them."""
    return np.asarray((np.max(bodies, 0) * 255).round(), np.uint8)


class TestSelection:
    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_one_pixel_on_a_person_gives_what_a_point_gives(self, engine: Engine, group: Scene, number: int) -> None:
        x, y = on(group.people[number])
        selection = np.zeros(group.pixels.shape[:2], np.uint8)
        selection[int(y), int(x)] = 255
        cut = engine.cut_out(picture(group.pixels), selection=selection)
        assert np.array_equal(cut.matte, engine.cut_out(picture(group.pixels), Options(at=((x, y),))).matte)
        assert cut.report.warnings == ()

    def test_all_of_the_picture_gives_what_all_gives(self, engine: Engine, group: Scene) -> None:
        everybody = engine.cut_out(picture(group.pixels), Options(people="all"))
        cut = engine.cut_out(picture(group.pixels), selection=np.full(group.pixels.shape[:2], 255, np.uint8))
        assert np.array_equal(cut.matte, everybody.matte)
        assert cut.report.people == everybody.report.people

    def test_a_body_as_it_was_drawn_gives_its_person_alone(self, engine: Engine, street: Scene) -> None:
        """Of two that overlap."""
        for number, other in ((1, 2), (2, 1)):
            body = np.asarray(cv2.erode(street.people[number], np.ones((9, 9), np.uint8)), np.float32)
            cut = engine.cut_out(picture(street.pixels), selection=selection_of(body))
            assert len(cut.report.people) == 1
            assert overlap(cut.matte, street.people[number]) > 0.95
            assert shown_of(cut, street.people[other]) < 0.02

    def test_less_than_half_of_a_pixel_is_not_selected(self, engine: Engine, group: Scene) -> None:
        cut = engine.cut_out(picture(group.pixels), selection=np.full(group.pixels.shape[:2], 127, np.uint8))
        assert not cut.matte.any()
        assert cut.report.warnings == (NOBODY_THERE,)


class TestStreet:
    def test_boxes_overlap(self, street: Scene) -> None:
        _, left, right = street.boxes
        assert left.shared_with(right) > 0

    def test_a_passer_by_is_cut_out_too(self, engine: Engine, street: Scene) -> None:
        assert shown_of(engine.cut_out(picture(street.pixels)), street.people[0]) == 0
        cut = engine.cut_out(picture(street.pixels), Options(at=(on(street.people[0]),)))
        assert len(cut.report.people) == 1
        assert overlap(cut.matte, street.people[0]) > 0.8  # she is blurred; the highlight of her helmet is lost
        assert shown_of(cut, street.people[1]) == 0

    @pytest.mark.parametrize(("number", "other"), [(1, 2), (2, 1)])
    def test_of_two_that_overlap_the_one_that_is_meant_is_cut_out(
        self, engine: Engine, street: Scene, number: int, other: int
    ) -> None:
        cut = engine.cut_out(picture(street.pixels), Options(at=(on(street.people[number]),)))
        assert len(cut.report.people) == 1
        assert overlap(cut.matte, street.people[number]) > 0.95
        assert shown_of(cut, street.people[other]) < 0.02

    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_wherever_the_point_lies_on_a_body_that_body_is_cut_out(
        self, engine: Engine, street: Scene, number: int
    ) -> None:
        rows, columns = np.nonzero(street.people[number] > 0.99)
        for place in np.random.default_rng(number).integers(0, len(rows), 3):
            x, y = float(columns[place]), float(rows[place])
            cut = engine.cut_out(picture(street.pixels), Options(at=((x, y),), quality="fast"))
            if cut.report.people:  # nobody: where the networks see no body, in a helmet's highlight
                assert cut.matte[int(y), int(x)] > 0.5
                assert shown_of(cut, street.people[number]) > 0.8

    def test_points_on_both_give_both(self, engine: Engine, street: Scene) -> None:
        _, left, right = street.people
        cut = engine.cut_out(picture(street.pixels), Options(at=(on(left), on(right))))
        assert len(cut.report.people) == 2
        assert overlap(cut.matte, np.maximum(left, right)) > 0.95


def test_in_a_picture_of_nobody_it_is_nobody(engine: Engine) -> None:
    cut = engine.cut_out(picture(photo("coffee")), Options(at=((10, 10),)))
    assert cut.report.warnings == ("Nobody was found in this picture: the matte is empty.",)


def test_progress_only_goes_up(engine: Engine, group: Scene) -> None:
    told: list[float] = []
    work = Work(reached=lambda _, done: told.append(done))
    engine.cut_out(picture(group.pixels), Options(at=tuple(map(on, group.people))), work)
    assert told == sorted(told)
    assert len(set(told)) > 6


class TestRefusals:
    @pytest.mark.parametrize("point", [(420, 0), (0, 320), (-1, 0), (0, -0.1), (1e9, 5)])
    def test_points_outside_of_the_picture(self, engine: Engine, portrait: Scene, point: Point) -> None:
        with pytest.raises(PictureError, match=r"the point .* lies outside of the picture: it has 420 x 320 pixels"):
            engine.cut_out(picture(portrait.pixels), Options(at=((5, 5), point)))

    def test_the_last_pixel_is_inside(self, engine: Engine, portrait: Scene) -> None:
        assert engine.cut_out(picture(portrait.pixels), Options(at=((419.9, 319.9),))).report.warnings

    @pytest.mark.parametrize("people", ["largest", 2])
    def test_two_answers_to_whom(self, engine: Engine, portrait: Scene, people: str | int) -> None:
        options = replace(Options(people=people), at=((5.0, 5.0),))
        with pytest.raises(UsageError, match=f"people cannot be '{people}' where points say whom to cut out"):
            engine.cut_out(picture(portrait.pixels), options)
