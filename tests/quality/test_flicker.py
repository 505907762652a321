"""Flicker against videos whose change beyond their motion is known."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mediatrans.quality.flicker import change_along, measure_flicker, optical_flow

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
