"""The repair of timestamps that do not strictly increase."""

import logging
from fractions import Fraction

__all__ = ["SteadyClock"]

_LOG = logging.getLogger(__name__)

# A larger step back is the start of another recording: the file was joined from several.
_RESTART_S = Fraction(1, 2)


class SteadyClock:
    """Makes the timestamps of a stream strictly increase, with one warning if it changes any.

    Args:
        name: The stream's name in the warning.
        time_base: Seconds per tick.
        tolerance_s: Seconds by which timestamps may go back without a warning.
    """

    def __init__(
        self, name: str, time_base: Fraction, *, tolerance_s: Fraction = Fraction(0)
    ) -> None:
        self._tolerance_s = tolerance_s
        self._name = name
        self._time_base = time_base
        self._offset = 0
        self._last: int | None = None
        self._step = 1
        self._warned = False

    def tick(self, time: int | None, duration: int | None) -> int:
        """The repaired timestamp; the file's own if it keeps the order.

        Args:
            time: The file's timestamp in ticks, or None if it is missing.
            duration: Ticks until the next timestamp, or None if unknown.
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
        if (self._last - time) * self._time_base >= self._tolerance_s:
            self._warn("repeat or go back", time)
        if (self._last - time) * self._time_base >= _RESTART_S:
            self._offset += self._last + self._step - time
            return self._last + self._step
        # With the smallest possible change, the next timestamp is likely to stay valid.
        return self._last + 1

    def _warn(self, what: str, time: int) -> None:
        if not self._warned:
            at = float(time * self._time_base)
            _LOG.warning(
                "%s: some timestamps %s; repaired (the first at %.3f s)", self._name, what, at
            )
            self._warned = True
