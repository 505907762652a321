"""The measurement of how many frames a second an engine translates."""

import statistics
import time
from collections.abc import Callable

from mediatrans.translate.engines.engine import Engine, Pixels

__all__ = ["frames_per_second"]

_MOST_RUNS = 200


def frames_per_second(
    engine: Engine,
    images: Pixels,
    seconds: float,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Run an engine on the same batch again and again.

    The first run allocates and compiles; it only counts if it takes the whole time itself.

    Args:
        engine: The engine.
        images: uint8 [N, H, W, 3] RGB, of a size that the graph accepts.
        seconds: About how long to measure; at least one run is completed.
        clock: The time in seconds.

    Returns:
        The pictures of the batch divided by the median time of a run.

    Raises:
        InputError: The graph fails on the batch, for example for lack of memory.
        ModelError: The output is not a picture of the input's size.
    """
    times: list[float] = []
    began = now = clock()
    while (not times or now - began < seconds) and len(times) <= _MOST_RUNS:
        engine.run(images)
        before, now = now, clock()
        times.append(now - before)
    return len(images) / statistics.median(times[1:] or times)
