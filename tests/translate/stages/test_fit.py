"""Fitted maps: what they recover, what they keep, and how they agree with the translation."""

import cv2
import numpy as np
import pytest

from mediatrans.quality.metrics import psnr
from mediatrans.translate.stages.fit import fitted
from mediatrans.translate.stages.recolour import Grid, Maps, recoloured
from mediatrans.translate.stages.reduce import reduced

RNG = np.random.default_rng(2)


def photograph(height: int, width: int) -> np.ndarray:
    """Noise of all scales, stronger the coarser, as in natural pictures."""
    picture = np.zeros((height, width, 3))
    for side in (2, 4, 8, 16, 32, 64, 128, 256):
        coarse = RNG.normal(0, side**-0.6, (side, side, 3))
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(127 + 110 * picture / np.abs(picture).max(), np.uint8)


def tinted() -> Maps:
    """Another map in each quarter of the picture."""
    values = np.tile(np.eye(3, 4, dtype=np.float32).reshape(1, 1, 12), (2, 2, 1))
    return Maps(Grid(values + RNG.normal(0, 0.15, values.shape).astype(np.float32)))


def test_the_frame_itself_is_given_back() -> None:
    frame = photograph(240, 400)
    small = reduced(frame, 80)
    assert np.abs(recoloured(frame, fitted(small, small), 1).astype(int) - frame).max() <= 1


def test_a_recolouring_of_the_small_frame_is_that_of_the_full_one() -> None:
    frame, maps = photograph(480, 640), tinted()
    small = reduced(frame, 120)
    made = recoloured(frame, fitted(small, recoloured(small, maps, 1)), 1)
    assert psnr(made, recoloured(frame, maps, 1)) > 40


def test_the_result_agrees_with_any_translation_when_reduced() -> None:
    frame = photograph(480, 640)
    small = reduced(frame, 120)
    painted = cv2.GaussianBlur(RNG.integers(0, 256, small.shape).astype(np.uint8), (0, 0), 1.5)
    mixed = cv2.addWeighted(255 - small, 0.6, painted, 0.4, 0)
    translated = np.asarray(mixed, np.uint8)
    made = recoloured(frame, fitted(small, translated), 1)
    assert psnr(reduced(made, 120), translated) > 34
    enlarged = cv2.resize(translated, (640, 480), interpolation=cv2.INTER_LINEAR)
    assert detail(made) > 1.5 * detail(enlarged)


def detail(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture.astype(float), axis=1)).mean())


@pytest.mark.parametrize("shape", [(8, 4444), (9, 8), (8, 8), (13, 301)])
def test_extreme_proportions(shape: tuple[int, int]) -> None:
    small = RNG.integers(0, 256, (*shape, 3)).astype(np.uint8)
    maps = fitted(small, 255 - small)
    assert np.isfinite(maps.map.values).all()
    assert maps.texture is not None
    assert psnr(recoloured(small, maps, 1), 255 - small) > 20
