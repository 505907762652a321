"""Maps and textures are applied as the contract says, at every size and on any threads."""

import numpy as np
import pytest

from mediatrans.translate.stages.recolour import ATANH, Grid, Maps, mapped, recoloured
from mediatrans.zoo.graph import MAP_REACH
from tests.translate.stages.reference import recoloured_exactly

RNG = np.random.default_rng(11)


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def grid(rows: int, columns: int, channels: int, scale: float, covers: tuple[float, float]) -> Grid:
    values = RNG.normal(0, scale, (rows, columns, channels)).astype(np.float32)
    return Grid(values, covers)


@pytest.mark.parametrize("has_texture", [False, True])
@pytest.mark.parametrize(
    ("shape", "cells", "covers"),
    [
        ((97, 131), (12, 17), (1.05, 1.03)),  # several bands, padded, odd
        ((64, 96), (32, 48), (1.0, 1.0)),  # one band, cells of two pixels
        ((129, 33), (5, 2), (1.0, 1.2)),  # a last band of one row
        ((70, 9000), (2, 180), (1.6, 1.0)),  # strips of one row
        ((1, 5000), (1, 90), (8.0, 1.0)),
        ((5000, 1), (90, 1), (1.0, 8.0)),
        ((1, 1), (1, 1), (8.0, 8.0)),
    ],
)
def test_every_pixel_is_within_half_a_step_of_the_formula(
    shape: tuple[int, int], cells: tuple[int, int], covers: tuple[float, float], has_texture: bool
) -> None:
    frame = noise(*shape, 3)
    texture = grid(cells[0] * 2, cells[1] * 2, 3, 0.3, covers) if has_texture else None
    maps = Maps(grid(*cells, 12, 1.0, covers), texture)
    made = recoloured(frame, maps, threads=2)
    assert made.dtype == np.uint8
    assert np.abs(made - recoloured_exactly(frame, maps)).max() <= 0.501


def test_the_result_does_not_depend_on_the_threads_or_the_layout() -> None:
    frame = noise(300, 77, 3)
    maps = Maps(grid(20, 6, 12, 1.0, (1.0, 1.0)), grid(80, 24, 3, 0.3, (1.0, 1.0)))
    one = recoloured(frame, maps, threads=1)
    for threads in (2, 3, 16):
        np.testing.assert_array_equal(recoloured(frame, maps, threads), one)
    mirrored = np.ascontiguousarray(frame[:, ::-1])[:, ::-1]
    np.testing.assert_array_equal(recoloured(mirrored, maps, 1), one)


def test_identity_maps_change_no_value() -> None:
    frame = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3).repeat(3, axis=0)
    identity = np.eye(3, 4, dtype=np.float32).reshape(1, 1, 12)
    np.testing.assert_array_equal(recoloured(frame, Maps(Grid(identity)), 1), frame)


def test_extreme_maps_stay_within_the_scale() -> None:
    frame = noise(10, 10, 3)
    for level, expected in ((3e38, 255), (-3e38, 0)):
        values = np.zeros((1, 1, 12), np.float32)
        values[..., [3, 7, 11]] = level
        maps = Maps(Grid(values), Grid(np.full((2, 2, 3), level, np.float32)))
        assert (recoloured(frame, maps, 1) == expected).all()


def test_mapped_is_what_tanh_is_taken_of() -> None:
    frame = noise(70, 20, 3)
    maps = Maps(grid(5, 4, 12, 0.5, (1.0, 1.0)))
    y = mapped(frame, maps)
    made = np.clip(127.5 * (np.tanh(y) / MAP_REACH + 1), 0, 255)
    assert np.abs(recoloured(frame, maps, 1) - made).max() <= 0.501
    assert ATANH[0] == -ATANH[255] == np.float32(np.arctanh(-MAP_REACH))
