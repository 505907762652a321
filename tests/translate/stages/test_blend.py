"""The blend of a translation with its source."""

import numpy as np
import pytest

from mediatrans.translate.stages.blend import blend


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(2, 5, 7, 3), (1, 1, 1, 3), (4, 6, 3)])
def test_every_value_is_the_nearest_mix(strength: float, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    sources, translated = (rng.integers(0, 256, shape).astype(np.uint8) for _ in range(2))
    mixed = blend(sources, translated, strength)
    assert mixed.dtype == np.uint8
    assert mixed.shape == shape
    exact = strength * translated.astype(float) + (1 - strength) * sources
    assert np.abs(mixed - exact).max() <= 0.5 + 1e-5


def test_the_ends_are_exact() -> None:
    sources, translated = np.arange(48, dtype=np.uint8).reshape(2, 4, 2, 3), np.zeros((2, 4, 2, 3))
    assert (blend(sources, translated.astype(np.uint8), 0) == sources).all()
    assert (blend(sources, translated.astype(np.uint8), 1) == 0).all()
