"""The working size: which one is chosen, by what, and what the card says of it."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import Translate
from mediatrans.training.evaluation.size_choice import (
    LEAST_FOR_SIZES,
    Referees,
    SizeTrial,
    candidate_sizes,
    choose_working_size,
    chosen_size,
    full_size,
    try_sizes,
)
from mediatrans.zoo.card import read_card
from tests.pairs import inverting, smoothing, write_pair
from tests.training.colours import COLOURS, nothing, swap, tinted

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

USUAL = SizeTrial(360, 0.40, 0.90, 24.0)
REFEREES = Referees(("red", "blue"), COLOURS, None)
RED, BLUE = tinted(14, 0, 1), tinted(14, 2, 2)


def half_swapped(picture: Pixels) -> Pixels:
    return ((picture.astype(int) + swap(picture)) // 2).astype(np.uint8)


@pytest.mark.parametrize(
    ("other", "chosen"),
    [
        (SizeTrial(240, 0.30, 0.90, 24.0), 240),
        (SizeTrial(480, 0.30, 0.89, 23.6), 480),
        (SizeTrial(240, 0.37, 0.95, 26.0), 360),  # no more than noise
        (SizeTrial(240, 0.30, 0.80, 24.0), 360),  # less of the other domain
        (SizeTrial(480, 0.30, 0.90, 22.0), 360),  # less comes back
    ],
)
def test_another_size_has_to_be_better_and_no_worse(other: SizeTrial, chosen: int) -> None:
    assert chosen_size([other, USUAL], 360) == chosen


def test_the_best_of_several_better_ones() -> None:
    found = [SizeTrial(240, 0.30, None, 24.0), USUAL, SizeTrial(480, 0.25, None, 24.0)]
    assert chosen_size(found, 360) == 480


def test_without_a_network_the_classifier_decides() -> None:
    usual, other = replace(USUAL, kid_ratio=None), SizeTrial(480, None, 0.97, 24.0)
    assert chosen_size([usual, other], 360) == 480
    blind = [replace(trial, domain=None) for trial in (usual, other)]
    assert chosen_size(blind, 360) == 360


def test_the_sizes_that_are_tried() -> None:
    assert candidate_sizes(360) == (240, 360, 480)
    assert candidate_sizes(510) == (340, 510, 680)
    assert full_size((240, 360, 480)) == 720


def test_sizes_are_compared_on_the_same_pictures() -> None:
    pairs: dict[int, tuple[Translate, Translate]] = {
        16: (nothing, nothing),
        24: (half_swapped, half_swapped),
        32: (swap, swap),
    }
    trials, count = try_sizes((RED, BLUE[:13]), pairs, REFEREES)
    assert (count, [trial.size for trial in trials]) == (13, [16, 24, 32])
    none, half, whole = (trial.kid_ratio for trial in trials)
    assert none == pytest.approx(1)
    assert half is not None
    assert whole is not None
    assert abs(whole) < 0.1 < half < 0.9
    assert trials[2].cycle_psnr_db > trials[1].cycle_psnr_db + 20


class Bluer:
    """A classifier by the mean colour."""

    def share(self, picture: Pixels, domain: str) -> float:
        red, _, blue = picture.mean(axis=(0, 1))
        return float((blue > red) == (domain == "blue"))


def test_where_no_network_is_installed_the_classifier_judges() -> None:
    pairs: dict[int, tuple[Translate, Translate]] = {24: (nothing, nothing), 32: (swap, swap)}
    trials, _ = try_sizes((RED, BLUE), pairs, Referees(("red", "blue"), None, Bluer()))
    assert [(trial.kid_ratio, trial.domain) for trial in trials] == [(None, 0.0), (None, 1.0)]
    assert chosen_size(trials, 24) == 32


@pytest.mark.parametrize(("seconds", "count"), [(100.0, 2), (9.0, 13), (1.0, 14)])
def test_a_slow_generator_is_not_measured_for_ever(seconds: float, count: int) -> None:
    """A picture of each domain takes so many seconds, of 108 at most."""
    clock = itertools.count(0.0, seconds)
    trials, found = try_sizes(
        (RED, BLUE), {24: (swap, swap)}, REFEREES, budget_s=108, clock=lambda: next(clock)
    )
    assert found == count
    assert bool(trials) == (count >= LEAST_FOR_SIZES)


def test_the_card_says_what_was_measured(tmp_path: Path) -> None:
    folder = write_pair(tmp_path, forward=smoothing(), back=smoothing(), working_size=24)
    edges = [np.repeat(np.repeat(p[:12, :14], 3, 0), 4, 1) for p in (*RED, *BLUE)]
    path = choose_working_size(folder, (edges[:14], edges[14:]), COLOURS)
    card = read_card(folder)
    assert path == folder / "card.toml"
    figures = card.quality["working_size"]
    assert (figures["pictures"], figures["translated_short_side"]) == (14, 48)
    assert (figures["median_short_side"], figures["compared"]) == (36, [16, 24, 32])
    assert figures["features"] == "pooled colours"
    assert [trial["size"] for trial in figures["trials"]] == [16, 24, 32]
    trials = [SizeTrial(domain=None, **trial) for trial in figures["trials"]]
    assert len({trial.cycle_psnr_db for trial in trials}) == 3
    assert card.working_size == chosen_size(trials, 24)


def test_sizes_that_the_pictures_do_not_have_decide_nothing(tmp_path: Path) -> None:
    """Pictures of 20 to 22 pixels, at a usual size of 24 and at one of 16."""
    for usual, compared in ((24, []), (16, [12, 16, 20])):
        folder = write_pair(tmp_path / str(usual), forward=smoothing(), working_size=usual)
        choose_working_size(folder, (RED, BLUE), COLOURS)
        card = read_card(folder)
        assert card.quality["working_size"]["compared"] == compared
        assert len(card.quality["working_size"]["trials"]) == 3
        assert compared or card.working_size == usual


def test_few_pictures_leave_the_card_as_it_was(tmp_path: Path) -> None:
    folder = write_pair(tmp_path, forward=inverting(), working_size=24)
    before = (folder / "card.toml").read_bytes()
    assert choose_working_size(folder, (RED[:3], BLUE), COLOURS) is None
    assert (folder / "card.toml").read_bytes() == before
