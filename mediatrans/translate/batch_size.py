"""The values of `--batch-size`, and the choice of "auto" by measurement."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from mediatrans.translate.number_words import check_value, read_number

__all__ = ["BATCH_SIZES", "BatchSize", "FastestBatch", "check_batch_size", "read_batch_size"]

BATCH_SIZES = "N|auto"
"""The valid values, in the notation of `--help`."""

BatchSize = int | Literal["auto"]
"""Frames per inference call, or "auto" for what is fastest."""

_ROUNDS = 3
_WORTH = 0.97


def read_batch_size(word: str) -> BatchSize:
    """Parse a `--batch-size` value.

    Raises:
        ValueError: The value is not valid.
    """
    if word == "auto":
        return "auto"
    size = read_number(word, 1)
    if size is None:
        raise ValueError(f"{word!r} is not auto or a number of frames from 1 up")
    return size


def check_batch_size(batch_size: BatchSize) -> None:
    """Check a value that does not come from the command line.

    Raises:
        UsageError: The value is not valid.
    """
    check_value(batch_size, read_batch_size, "the batch size", "--batch-size auto or for example 4")


class FastestBatch:
    """Finds the batch size with the least time per frame, during the work itself.

    The sizes take turns: one call that warms up, then three with each size. The medians decide. A
    larger size is taken unless it is slower by more than 3 %: where frames repeat, fewer of a batch
    are left for the engine.

    Args:
        sizes: The sizes to choose from, in ascending order.
        clock: The time in seconds.

    Attributes:
        size: The size of the next batch.
    """

    def __init__(
        self, sizes: Sequence[int], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._clock = clock
        self._times: dict[int, list[float]] = {size: [] for size in sizes}
        self._turns = [] if len(sizes) == 1 else [sizes[0], *list(sizes) * _ROUNDS]
        self.size = self._turns[0] if self._turns else sizes[0]

    @contextmanager
    def timed(self, frames: int) -> Iterator[None]:
        """Time the translation of a batch in the block.

        Args:
            frames: The number of its frames; batches that are cut short are not counted.
        """
        began_s = self._clock()
        yield
        if not self._turns or frames != self.size:
            return
        self._times[self.size].append((self._clock() - began_s) / frames)
        del self._turns[0]
        self.size = self._turns[0] if self._turns else self._fastest()

    def _fastest(self) -> int:
        medians = {size: statistics.median(times[-_ROUNDS:]) for size, times in self._times.items()}
        least = min(medians.values())
        return max(size for size, median in medians.items() if median * _WORTH <= least)
