"""Timestamps that strictly increase, repaired where a file's repeat or go back."""

import logging
from fractions import Fraction

__all__ = ["SteadyClock"]

_LOG = logging.getLogger(__name__)

# Further back than this a recording starts anew (files joined end to end) and goes on from there.
_RESTART_S = Fraction(1, 2)


class SteadyClock:
    """Gives each time of a stream back, or the nearest one that keeps the order, with one warning.

    Args:
        name: What to call the stream in the warning.
        time_base: Seconds a tick.
    """

    def __init__(self, name: str, time_base: Fraction) -> None:
        self._name = name
        self._time_base = time_base
        self._offset = 0
        self._last: int | None = None
        self._step = 1
        self._warned = False

    def tick(self, time: int | None, duration: int | None) -> int:
        """The repaired time.

        Args:
            time: The file's own time in ticks, or None where it has none.
            duration: Ticks until the next time is due, where known.
        """
        last = self._last
        if time is None:
            repaired = 0 if last is None else last + self._step
            self._warn("are missing", repaired)
        else:
            repaired = self._in_order(time + self._offset)
        self._step = duration or (self._step if last is None else repaired - last)
        self._last = repaired
        return repaired

    def _in_order(self, time: int) -> int:
        if self._last is None or time > self._last:
            return time
        self._warn("repeat or go back", time)
        if (self._last - time) * self._time_base >= _RESTART_S:
            self._offset += self._last + self._step - time
            return self._last + self._step
        # The least change that keeps the order leaves the next one's own time valid.
        return self._last + 1

    def _warn(self, what: str, time: int) -> None:
        if not self._warned:
            at = float(time * self._time_base)
            _LOG.warning("%s: times that %s, repaired (first at %.3f s)", self._name, what, at)
            self._warned = True
