"""The clock of recordings that were joined end to end, whose timestamps start again."""

import logging
from fractions import Fraction
from pathlib import Path

from av import Packet
from av.stream import Stream

__all__ = ["JointClock"]

_LOG = logging.getLogger(__name__)

# A smaller step back is a disorder inside one recording.
_RESTART_S = Fraction(1, 2)


class JointClock:
    """Moves all streams of each recording by the same time, so that it follows the one before.

    All packets of a file must be given in its order, whoever reads it, to get the same times.

    Args:
        path: The file's name in the log.
        is_quiet: Whether joints are not logged.
    """

    def __init__(self, path: Path, *, is_quiet: bool = False) -> None:
        self._path = path
        self._is_quiet = is_quiet
        self._starts = [Fraction(0)]
        self._shifts = [Fraction(0)]
        self._recording: dict[int, int] = {}
        self._last: dict[int, Fraction] = {}
        self._end = Fraction(0)

    @property
    def count(self) -> int:
        """The number of joints so far."""
        return len(self._shifts) - 1

    def shift_of(self, packet: "Packet[Stream]") -> int:
        """Ticks to add to the timestamps of a packet."""
        base = packet.time_base
        stamps = [stamp * base for stamp in (packet.dts, packet.pts) if stamp is not None]
        end = max(stamps, default=Fraction(0)) + (packet.duration or 0) * base
        return round(self.shift(packet.stream_index, stamps[0] if stamps else None, end) / base)

    def shift(self, stream: int, time: Fraction | None, end: Fraction) -> Fraction:
        """Seconds to add to the timestamps of a packet.

        Args:
            stream: The index of its stream.
            time: Its decoding timestamp in seconds; None if it has none.
            end: When it has been shown, in seconds.
        """
        latest = len(self._shifts) - 1
        recording = self._recording.setdefault(stream, latest)
        if time is None:
            return self._shifts[recording]
        last = self._last.get(stream)
        if last is not None and time <= last - _RESTART_S:
            recording += 1
        elif last is not None and recording < latest:
            # Packets of the recording before may come late, and a clock may start later.
            is_next = abs(time - self._starts[recording + 1]) < abs(time - last)
            recording += is_next and abs(time - last) >= _RESTART_S
        if recording > latest:
            self._join(time)
        self._recording[stream] = recording
        self._last[stream] = time
        shift = self._shifts[recording]
        self._end = max(self._end, end + shift)
        return shift

    def _join(self, time: Fraction) -> None:
        self._starts.append(time)
        self._shifts.append(self._end - time)
        if not self._is_quiet and len(self._shifts) == 2:
            _LOG.warning(
                "%s: recordings were joined at %.3f s, where timestamps start again; the next one "
                "follows", self._path, float(self._end),
            )  # fmt: skip
