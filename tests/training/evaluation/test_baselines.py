"""The colour transfer that translations are compared with."""

import cv2
import numpy as np
import pytest

from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.baselines import ColourTransfer
from tests.training.colours import tinted


def in_lab(picture: Pixels) -> np.ndarray:
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def soft(seed: int, tint: tuple[float, float, float]) -> Pixels:
    """A blurred picture within the middle of the scale, so that nothing is clipped."""
    noise = np.random.default_rng(seed).normal(0, 1, (40, 50, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3)
    picture: Pixels = np.clip(128 + 60 * blurred + np.array(tint), 0, 255).astype(np.uint8)
    return picture


def test_mean_and_deviation_become_those_of_the_other_picture() -> None:
    source, other = soft(0, (20, 0, -20)), soft(1, (-10, 10, 15))
    result = ColourTransfer.towards([other], seed=0)(source, 3)
    assert result.shape == source.shape
    assert result.dtype == np.uint8
    for statistic in (np.mean, np.std):
        found, wanted = (statistic(in_lab(p), axis=(0, 1)) for p in (result, other))
        assert found == pytest.approx(wanted, abs=0.6)
    # The structure stays: lightness rises and falls where it did.
    before, after = (in_lab(p)[..., 0].ravel() for p in (source, result))
    assert np.corrcoef(before, after)[0, 1] > 0.95


def test_the_seed_and_the_place_choose_the_other_picture() -> None:
    source = soft(0, (0, 0, 0))
    others = [soft(n, (5 * n, 0, -5 * n)) for n in range(1, 8)]
    transfer, again, other = (ColourTransfer.towards(others, seed) for seed in (0, 0, 1))
    results = [transfer(source, index) for index in range(12)]
    assert all(np.array_equal(again(source, i), result) for i, result in enumerate(results))
    assert len({result.tobytes() for result in results}) > 3
    assert any(not np.array_equal(other(source, i), result) for i, result in enumerate(results))


def test_a_flat_picture_gets_the_mean_and_stays_flat() -> None:
    flat = np.full((5, 7, 3), 90, np.uint8)
    result = ColourTransfer.towards(tinted(1, 2, 0), seed=0)(flat, 0)
    assert np.ptp(result, axis=(0, 1)).max() == 0
    assert result[0, 0, 2] > result[0, 0, 0]
