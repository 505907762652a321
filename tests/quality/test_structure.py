"""Structure: objects that are put in or taken out show, and other changes do not."""

import numpy as np
import pytest

from mediatrans.quality.hidden import with_jpeg
from mediatrans.quality.structure import structure
from tests.quality.scenes import scene, with_object


def test_an_object_is_caught_in_95_of_100_pictures() -> None:
    scenes = [scene(seed) for seed in range(100)]
    honest = [structure(day, 255 - day) for day in scenes]
    put_in = [structure(day, with_object(255 - day, seed, 0.3)) for seed, day in enumerate(scenes)]
    taken_out = [
        structure(with_object(day, seed, 0.3), 255 - day) for seed, day in enumerate(scenes)
    ]
    assert min(honest) > 0.99
    for pasted in (put_in, taken_out):
        assert sum(one < 0.8 for one in pasted) >= 95


@pytest.mark.parametrize("seed", range(5))
def test_tone_and_compression_are_no_change_of_structure(seed: int) -> None:
    source = scene(seed)
    for result in (source // 2 + 40, 255 - source, with_jpeg(source)):
        assert structure(source, result) > 0.8


def test_it_falls_with_the_size_of_the_object() -> None:
    def mean(share: float) -> float:
        found = [structure(scene(s), with_object(scene(s), s, share)) for s in range(10)]
        return float(np.mean(found))

    assert 1 > mean(0.1) > mean(0.2) > mean(0.35)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 5), (7, 200)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert structure(picture, picture) == pytest.approx(1)
    flat = np.full_like(picture, 9)
    assert structure(flat, flat) == pytest.approx(1)
    assert 0 <= structure(picture, flat) <= 1
