"""Change: a copy has none, noise has none in low frequencies, and the map shows where it is."""

import numpy as np
import pytest

from mediatrans.quality.change import change, change_map, low_change
from tests.quality.scenes import scene

X = scene(1)


def test_a_copy_is_not_changed() -> None:
    assert change(X, X) == 0
    assert low_change(X, X) == 0
    assert not change_map(X, X).any()


def test_noise_is_no_change_of_colour() -> None:
    noise = np.random.default_rng(0).normal(0, 10, X.shape)
    noisy = (X + noise).clip(0, 255).astype(np.uint8)
    assert change(X, noisy) > 5
    assert low_change(X, noisy) < 1.5


def test_a_shift_of_colour_counts_as_its_height() -> None:
    source = X // 2
    assert change(source, source + 30) == 30
    assert low_change(source, source + 30) == pytest.approx(30, abs=0.1)


def test_the_map_shows_where() -> None:
    result = X.copy()
    result[10:40, 20:60] = 255 - result[10:40, 20:60]
    shown = change_map(X, result)
    changed = shown.max(axis=2) > 0
    assert not changed[60:].any()
    assert changed[10:40, 20:60].mean() > 0.9


@pytest.mark.parametrize("size", [(1, 1), (2, 90), (23, 24)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 200, (*size, 3), dtype=np.uint8)
    assert low_change(picture, picture + 20) == pytest.approx(20, abs=0.1)
    assert change_map(picture, picture + 20).shape == picture.shape
