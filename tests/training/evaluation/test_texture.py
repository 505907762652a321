"""The texture referee: sees weaves, not colours."""

import importlib.util
import sys

import cv2
import numpy as np
import pytest
import torch

from mediatrans.errors import MissingExtraError
from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.texture import (
    TextureNetwork,
    compare_texture,
    load_texture_network,
    texture_distances,
)
from tests.training.colours import GRADIENTS

CPU = torch.device("cpu")


def normal(count: int, seed: int, shift: float = 0.0, spread: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, spread, (count, 8))


@pytest.fixture(scope="module")
def network() -> TextureNetwork:
    if importlib.util.find_spec("demosaicnet") is None:
        pytest.skip("demosaicnet is not installed")
    return load_texture_network(CPU)


def smooth(seed: int, side: int = 72) -> Pixels:
    noise = np.random.default_rng(seed).normal(0, 1, (side, side, 3)).astype(np.float32)
    picture: Pixels = np.clip(128 + 300 * cv2.GaussianBlur(noise, (0, 0), 4), 0, 255).astype(
        np.uint8
    )
    return picture


def woven(picture: Pixels) -> Pixels:
    """With a faint weave of two pixels over it."""
    rows, columns = np.indices(picture.shape[:2])
    weave = np.where((rows + columns) % 2, 12, -12)[..., None]
    result: Pixels = np.clip(picture.astype(int) + weave, 0, 255).astype(np.uint8)
    return result


def test_statistics_of_any_size(network: TextureNetwork) -> None:
    assert network.name == "demosaicnet"
    assert network.dimensions == 384
    assert "demosaicnet" not in sys.modules  # its weights are read, its code never runs
    for height, width in ((1, 1), (7, 90), (65, 67)):
        statistics = network(np.full((height, width, 3), 100, np.uint8))
        assert statistics.shape == (384,)
        assert np.isfinite(statistics).all()


def test_a_weave_is_far_and_a_tint_is_near(network: TextureNetwork) -> None:
    real = np.array([network(smooth(seed)) for seed in range(8)])
    others = [smooth(seed) for seed in range(8, 14)]
    tint = np.array([20, -10, 0])  # of nearly equal luminance
    tinted = [np.clip(p.astype(int) + tint, 0, 255).astype(np.uint8) for p in others]
    plain, coloured, weaved = (
        texture_distances(np.array([network(p) for p in pictures]), real).mean()
        for pictures in (others, tinted, [woven(p) for p in others])
    )
    assert coloured < 1.3 * plain
    assert weaved > 4 * plain


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"mediatrans\[evaluate\]"):
        load_texture_network(CPU)


def test_ratios_of_known_sets() -> None:
    real, before = normal(60, 0), normal(60, 1, 2.0)
    figures = compare_texture(before, before, normal(60, 2, 1.4), real, resamples=200, seed=0)
    assert figures.translated is not None
    assert figures.translated.low == figures.translated.value == figures.translated.high == 1.0
    assert figures.colour_transfer is not None
    assert figures.colour_transfer.value == pytest.approx((1.4 / 2) ** 2, abs=0.1)
    assert figures.real_halves is not None
    assert figures.real_halves.high < 0.1
    perfect = compare_texture(normal(60, 3), before, before, real, resamples=200, seed=0)
    assert perfect.translated is not None
    assert abs(perfect.translated.value) < 0.05


def test_the_spread_counts_as_well_as_the_mean() -> None:
    real, before = normal(60, 0), normal(60, 1, 1.0)
    alike, narrow = normal(60, 3), normal(60, 3, spread=0.1)
    ratios = [
        compare_texture(after, before, before, real, resamples=100, seed=0).translated
        for after in (alike, narrow)
    ]
    assert ratios[0] is not None
    assert ratios[1] is not None
    assert ratios[1].value > ratios[0].value + 0.5


def test_resampling_shifts_the_distance_by_nothing() -> None:
    real, before, after = normal(15, 0), normal(15, 1, 2.0), normal(15, 2, 1.0)
    figures = compare_texture(after, before, before, real, resamples=5000, seed=0)
    interval = figures.translated
    assert interval is not None
    middle = (interval.low + interval.high) / 2
    assert abs(middle - interval.value) < 0.25 * (interval.high - interval.low)


def test_textures_that_are_alike_have_no_ratio() -> None:
    figures = compare_texture(
        normal(20, 0), normal(20, 1), normal(20, 2), normal(20, 3), resamples=100, seed=0
    )
    assert figures.translated is figures.colour_transfer is figures.real_halves is None


def test_silent_features_do_not_divide_by_zero() -> None:
    flat = [np.full((64, 64, 3), level, np.uint8) for level in (10, 20, 30, 40)]
    statistics = np.array([GRADIENTS(picture) for picture in flat])
    figures = compare_texture(statistics, statistics, statistics, statistics, 100, 0)
    assert figures.translated is None
    assert (texture_distances(statistics, statistics) == 0).all()
