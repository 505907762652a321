"""Flicker against videos whose change beyond their motion is known."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mediatrans.quality.flicker import (
    change_along,
    measure_flicker,
    optical_flow,
    visible_in_both,
    warping_error,
    warping_ratio,
)

RNG = np.random.default_rng(7)
ROUGH = RNG.integers(0, 256, (80, 160, 3), dtype=np.uint8)
SCENE = np.clip(128 + 8 * (cv2.GaussianBlur(ROUGH, (0, 0), 2.0).astype(int) - 128), 0, 230)


def moving(frames: int = 5, step: int = 2) -> Iterator[NDArray[np.uint8]]:
    """A window of 80x96 with a little grain that walks `step` pixels to the right a frame."""
    for index in range(frames):
        grain = RNG.integers(0, 5, (80, 96, 3))
        yield (SCENE[:, step * index : step * index + 96] + grain).astype(np.uint8)


def test_flow_points_to_where_a_pixel_was() -> None:
    first, second = moving(2, step=3)
    flow = optical_flow(first, second)
    inner = flow[16:-16, 16:-16]
    assert np.median(inner[..., 0]) == pytest.approx(3, abs=0.2)
    assert np.median(inner[..., 1]) == pytest.approx(0, abs=0.2)


def test_a_known_motion_leaves_no_change() -> None:
    first, second = moving(2, step=3)
    first[:, 3:] = second[:, :-3]
    flow = np.zeros((*first.shape[:2], 2), np.float32)
    flow[..., 0] = 3
    assert change_along(flow, first, second) == 0
    assert change_along(np.zeros_like(flow), first, second) > 5


def test_nothing_known_is_no_change() -> None:
    first, second = moving(2)
    flow = np.full((*first.shape[:2], 2), 1000, np.float32)
    assert change_along(flow, first, second) == 0


def test_a_translation_of_each_pixel_alone_flickers_as_much_as_its_contrast() -> None:
    frames = list(moving())
    half = measure_flicker((frame, frame // 2) for frame in frames)
    assert half.pairs == 4
    assert half.ratio == pytest.approx(0.5, abs=0.15)
    assert measure_flicker((frame, frame) for frame in frames).ratio == 1


def test_light_that_jumps_counts_as_its_height() -> None:
    jumping = ((frame, frame + np.uint8(20 * (i % 2))) for i, frame in enumerate(moving()))
    flicker = measure_flicker(jumping)
    assert flicker.output == pytest.approx(20, abs=1 + flicker.source)


def test_a_source_at_rest_gives_no_finite_ratio() -> None:
    still = SCENE[:, :96].astype(np.uint8)
    assert measure_flicker([(still, still), (still, still + np.uint8(1))]).ratio == float("inf")


def test_one_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="two"):
        measure_flicker([(ROUGH, ROUGH)])


@pytest.mark.parametrize("factor", [0.5, 1, 2, 4])
@pytest.mark.parametrize("size", [(120, 160), (300, 400)])
def test_grain_that_is_enlarged_flickers_by_that_factor(
    factor: float, size: tuple[int, int]
) -> None:
    still = cv2.resize(SCENE.astype(np.uint8), size[::-1]).astype(np.float32) / 4 + 90
    first, second = RNG.normal(0, 3, (2, *size, 3))
    source = tuple((still + grain).clip(0, 255).astype(np.uint8) for grain in (first, second))
    result = tuple(
        (still + factor * grain).clip(0, 255).astype(np.uint8) for grain in (first, second)
    )
    assert warping_ratio((source[0], source[1]), (result[0], result[1])) == pytest.approx(
        factor, rel=0.1
    )


@pytest.mark.parametrize("scale", [1, 4])
def test_motion_is_no_flicker_and_a_jump_of_light_is(scale: int) -> None:
    first, second = (
        np.asarray(cv2.resize(frame, None, fx=scale, fy=scale), np.uint8)
        for frame in moving(2, step=3)
    )
    assert warping_ratio((first, second), (first, second)) < 5
    moved = warping_ratio((first, second), (255 - first, 255 - second))
    jumped = warping_ratio((first, second), (255 - first, 225 - second))
    assert moved < 5
    assert jumped > 2 * moved


def test_what_comes_from_behind_an_object_does_not_count() -> None:
    background = cv2.resize(SCENE.astype(np.uint8), (160, 120))
    frames = []
    for left in (40, 52):
        frame = background.copy()
        frame[30:90, left : left + 40] = 255 - background[30:90, 60:100]
        frames.append(np.asarray(frame, np.uint8))
    backward = optical_flow(*frames)
    visible = visible_in_both(backward, optical_flow(frames[1], frames[0]))
    uncovered = visible[36:84, 42:50]
    assert uncovered.mean() < 0.5
    assert visible[:20].mean() > 0.9
    everywhere = np.ones_like(visible)
    assert warping_error(backward, visible, *frames) < warping_error(backward, everywhere, *frames)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (12, 12), (13, 40), (40, 16), (7, 900)])
def test_frames_of_any_size(size: tuple[int, int]) -> None:
    first, second = RNG.integers(0, 256, (2, *size, 3), dtype=np.uint8)
    assert warping_ratio((first, second), (first, second)) >= 0
