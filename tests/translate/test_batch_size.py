"""The batch size: its values, and the choice of the fastest by measurement."""

import pytest

from mediatrans.errors import UsageError
from mediatrans.translate.batch_size import FastestBatch, check_batch_size, read_batch_size


@pytest.mark.parametrize(("word", "value"), [("auto", "auto"), ("1", 1), ("0016", 16)])
def test_values(word: str, value: object) -> None:
    assert read_batch_size(word) == value


@pytest.mark.parametrize("word", ["", "0", "-1", "1.5", "Auto", "1_0", "٣", "9" * 5000])
def test_other_values_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match="not auto or a number"):
        read_batch_size(word)


def test_values_that_do_not_come_from_the_command_line_are_checked() -> None:
    check_batch_size(4)
    with pytest.raises(UsageError, match="use --batch-size auto"):
        check_batch_size(0)


class Machine:
    """A clock, and translations that take a time of their own."""

    def __init__(self, per_frame_s: dict[int, float], sizes: tuple[int, ...] = (2, 4)) -> None:
        self.now_s = 0.0
        self.sizes: list[int] = []
        self._per_frame_s = per_frame_s
        self.fastest = FastestBatch(sizes, lambda: self.now_s)

    def translate(self, frames: int, extra_s: float = 0.0) -> None:
        with self.fastest.timed(frames):
            self.now_s += frames * self._per_frame_s[frames] + extra_s

    def run(self, batches: int) -> int:
        for _ in range(batches):
            self.sizes.append(self.fastest.size)
            self.translate(self.fastest.size)
        return self.fastest.size


@pytest.mark.parametrize(
    ("per_frame_s", "taken"),
    [({2: 0.10, 4: 0.09}, 4), ({2: 0.10, 4: 0.11}, 2), ({2: 0.10, 4: 0.102}, 4)],
)
def test_the_fastest_is_taken_a_larger_one_if_they_are_equal(
    per_frame_s: dict[int, float], taken: int
) -> None:
    machine = Machine(per_frame_s)
    assert machine.run(20) == taken
    assert machine.sizes == [2, *[2, 4] * 3, *[taken] * 13]


def test_the_first_call_and_single_delays_do_not_count() -> None:
    machine = Machine({2: 0.10, 4: 0.12})
    machine.translate(2, extra_s=5)
    machine.translate(2, extra_s=5)
    assert machine.run(10) == 2


def test_batches_that_are_cut_short_or_fail_do_not_count() -> None:
    machine = Machine({1: 0.01, 2: 0.10, 3: 0.01, 4: 0.12})
    with pytest.raises(MemoryError), machine.fastest.timed(2):
        raise MemoryError
    for _ in range(20):
        machine.translate(1)
        machine.translate(3)
    assert machine.fastest.size == 2
    assert machine.run(7) == 2


def test_a_single_size_is_not_measured() -> None:
    machine = Machine({3: 0.1}, (3,))
    assert machine.run(3) == 3
    assert machine.sizes == [3, 3, 3]
