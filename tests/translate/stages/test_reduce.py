"""The reduction: proportions are kept, areas averaged, and small frames left alone."""

import numpy as np
import pytest

from mediatrans.translate.stages.reduce import reduced, working_shape

RNG = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("shape", "side", "expected"),
    [
        ((1080, 1920), 360, (360, 640)),
        ((1920, 1080), 360, (640, 360)),
        ((360, 640), 360, (360, 640)),
        ((361, 640), 360, (360, 638)),
        ((200, 5000), 360, (200, 5000)),
        ((1, 5000), 8, (1, 5000)),
        ((9, 5000), 8, (8, 4444)),
        ((1080, 1920), None, (1080, 1920)),
        ((8000, 12000), 360, (360, 540)),
    ],
)
def test_the_shorter_side_is_the_working_size(
    shape: tuple[int, int], side: int | None, expected: tuple[int, int]
) -> None:
    assert working_shape(*shape, side) == expected


def test_areas_are_averaged() -> None:
    frame = RNG.integers(0, 256, (36, 60, 3), dtype=np.uint8)
    means = frame.reshape(12, 3, 20, 3, 3).mean(axis=(1, 3))
    assert np.abs(reduced(frame, 12) - means).max() <= 0.5001


def test_a_frame_that_is_not_larger_is_itself() -> None:
    frame = RNG.integers(0, 256, (12, 60, 3), dtype=np.uint8)
    assert reduced(frame, 12) is frame
    assert reduced(frame, None) is frame
