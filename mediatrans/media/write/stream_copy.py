"""The copy of one stream: the times of its packets, and their conversion."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from av import Packet
from av.stream import Stream

from mediatrans.media.container import BROADCASTS
from mediatrans.media.frames import Clip
from mediatrans.media.times import SteadyClock
from mediatrans.media.write.transcoding import Converter

__all__ = ["StreamCopy"]

_OVERLAP_S = Fraction(1, 4)
_LONGEST_GAP_S = 86_400  # only a damaged clock has a longer one


class StreamCopy:
    """One copied stream: shifts the timestamps of its packets, and converts them if needed.

    Args:
        path: The video file.
        source: The stream.
        copied: The stream of the output.
        converter: Converts the packets; None copies them.
        clip: The part of the file to copy.
    """

    def __init__(
        self, path: Path, source: Stream, copied: Stream, converter: Converter | None, clip: Clip
    ) -> None:
        self._copied = copied
        self._converter = converter
        self._clip = clip
        assert source.time_base is not None
        # The sound of a recording ends a little after its picture, when the next one has begun.
        is_recording = source.container.format.name in BROADCASTS and source.type == "audio"
        self._clock = SteadyClock(
            f"{path}, stream {source.index}",
            source.time_base,
            tolerance_s=_OVERLAP_S if is_recording else Fraction(0),
        )
        self._at: Fraction | None = None
        self._first: Fraction | None = None
        self._last = Fraction(0)

    @property
    def index(self) -> int:
        """The index of the output's stream."""
        return self._copied.index

    @property
    def is_empty(self) -> bool:
        """Whether no packet was copied so far."""
        return self._first is None

    @property
    def span(self) -> Fraction:
        """Seconds from the first to the last copied packet."""
        return self._last - (self._first or 0)

    def is_far(self, at: Fraction) -> bool:
        """Whether a packet's time is too far from that of the last one to be true.

        Args:
            at: The time in seconds.
        """
        is_far = self._at is not None and abs(at - self._at) > _LONGEST_GAP_S
        self._at = self._at if is_far else at
        return is_far

    def take(self, packet: "Packet[Stream]") -> "Iterator[Packet[Stream]]":
        """The output packets for an input packet."""
        shift = self._clip.shift(packet.time_base)
        if packet.pts is not None:
            packet.pts -= shift
        if packet.dts is not None:
            packet.dts -= shift
        # The muxer orders video packets that have no decoding timestamp.
        if self._copied.type == "audio" or (
            self._copied.type == "video" and packet.dts is not None
        ):
            self._keep_order(packet)
        for taken in self._converter.convert(packet) if self._converter else (packet,):
            yield self._placed(taken)

    def flush(self) -> "Iterator[Packet[Stream]]":
        """The packets still held back."""
        for packet in self._converter.convert(None) if self._converter else ():
            yield self._placed(packet)

    def _placed(self, packet: "Packet[Stream]") -> "Packet[Stream]":
        packet.stream = self._copied
        if packet.pts is not None:
            time = packet.pts * packet.time_base
            self._first = time if self._first is None else min(self._first, time)
            self._last = max(self._last, time)
        return packet

    def _keep_order(self, packet: "Packet[Stream]") -> None:
        stamp = packet.dts if packet.dts is not None else packet.pts
        repaired = self._clock.tick(stamp, packet.duration)
        if repaired != stamp:
            packet.pts = repaired + max(0, (packet.pts or 0) - (stamp or 0))
            packet.dts = repaired
