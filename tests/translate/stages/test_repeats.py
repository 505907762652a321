"""Equal pictures in a row are generated once, whatever the batches."""

from collections.abc import Sequence

import numpy as np
import pytest

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.repeats import Repeats

A, B = (np.full((80, 6, 3), level, np.uint8) for level in (10, 20))
C = A.copy()
C[79, 5, 2] += 1  # one value of one pixel, not in any row that is looked at first


class Generator:
    """Inverts, and keeps the sizes of the batches it was given."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        self.batches.append(len(frames))
        return [255 - frame for frame in frames]


@pytest.mark.parametrize(
    ("size", "batches"), [(1, [1, 1, 1, 1]), (2, [1, 1, 2]), (3, [1, 3]), (8, [4])]
)
def test_equal_pictures_in_a_row_are_generated_once(size: int, batches: list[int]) -> None:
    sequence = [A, A.copy(), A.copy(), B, C, A, A, A]
    generator = Generator()
    translate = Repeats(generator)
    translated = []
    for start in range(0, len(sequence), size):
        translated += translate(sequence[start : start + size])
    for picture, result in zip(sequence, translated, strict=True):
        np.testing.assert_array_equal(result, 255 - picture)
    assert generator.batches == batches
    assert translate.repeated == 4


def test_pictures_of_another_size_are_no_repeats() -> None:
    translate = Repeats(Generator())
    assert [t.shape for t in translate([A])] == [(80, 6, 3)]
    assert [t.shape for t in translate([A[:40]])] == [(40, 6, 3)]
    assert translate.repeated == 0


def test_a_failed_batch_leaves_the_sequence_usable() -> None:
    generator = Generator()
    calls = iter([False, True, False])

    def failing(frames: Sequence[Pixels], /) -> list[Pixels]:
        if next(calls):
            raise ValueError("too large")
        return generator(frames)

    translate = Repeats(failing)
    translate([A])
    with pytest.raises(ValueError, match="too large"):
        translate([A, B])
    (result,) = translate([C])
    np.testing.assert_array_equal(result, 255 - C)
