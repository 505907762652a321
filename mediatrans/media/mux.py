"""Copying of the streams that are not translated: sound, subtitles, attachments, covers."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av import Packet
from av.container import OutputContainer
from av.stream import Discard, Disposition, Stream

from mediatrans.media.container import Clip, Opener, input_error

__all__ = ["NothingToCopy", "StreamCopier", "copied_metadata"]

_LOG = logging.getLogger(__name__)

# Written anew by the muxer, or true of the source's bytes alone.
_STALE_METADATA = frozenset(
    {
        "encoder",
        "duration",
        "major_brand",
        "minor_version",
        "compatible_brands",
        "bps",
        "number_of_frames",
        "number_of_bytes",
        "_statistics_writing_app",
        "_statistics_writing_date_utc",
        "_statistics_tags",
    }
)
# fmt: off
_MPEGTS_CODECS = frozenset({
    "aac", "mp2", "mp3", "ac3", "eac3", "dts", "opus", "h264", "hevc", "mpeg2video", "mpeg4",
    "dvb_subtitle", "dvb_teletext",
})
# fmt: on


def copied_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """The tags of a container or stream that hold for its translation as well.

    Args:
        metadata: The source's tags.
    """
    return {
        key: value
        for key, value in metadata.items()
        if key.lower().removesuffix("-eng") not in _STALE_METADATA
    }


class StreamCopier:
    """Copies packets of every stream but one, from a demuxer of its own.

    A second demuxer needs no queue between the decoding and the encoding thread, and only ever
    holds one packet, however the file is interleaved.

    Args:
        path: The video file.
        main_index: The stream that is translated and not copied.
        clip: The part of the file that is copied.
        opener: Opens the file.
    """

    def __init__(self, path: Path, main_index: int, clip: Clip, opener: Opener) -> None:
        self._path = path
        self._clip = clip
        self._container = opener()
        self._main = self._container.streams[main_index]
        self._main.discard = Discard.all
        self._copies: dict[int, _Copy] = {}
        self._packets: Iterator[tuple[Fraction, Packet[Stream]]] | None = None
        self._next: tuple[Fraction, Packet[Stream]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The generator holds the demuxer's buffers: it goes before the container.
        self._packets = self._next = None
        self._container.close()

    @property
    def streams(self) -> list[Stream]:
        """The file's streams, the main one included, in their order."""
        return list(self._container.streams)

    @property
    def main(self) -> Stream:
        """The stream that is translated."""
        return self._main

    def add(self, stream: Stream, output: OutputContainer) -> None:
        """Make room for a stream in an output, or warn that the output cannot hold it.

        Args:
            stream: One of `streams`, not the main one.
            output: The output, not yet begun.
        """
        copy = _add_copy(stream, output)
        if copy is None and stream.type == "data" and self._container.chapters():
            return  # QuickTime's chapter track, which the muxer makes anew from the chapters
        if copy is None:
            codec = stream.codec_context.name if stream.codec_context else "unknown codec"
            language = f", {stream.language}" if stream.language else ""
            _LOG.warning(
                "%s: stream %d (%s, %s%s) cannot be held by %s, dropped",
                self._path,
                stream.index,
                stream.type,
                codec,
                language,
                output.format.name,
            )
            return
        copy.metadata.update(copied_metadata(stream.metadata))
        copy.disposition = stream.disposition
        self._copies[stream.index] = _Copy(self._path, copy, self._clip)

    def describe(self, output: OutputContainer) -> None:
        """Give an output the file's metadata and chapters.

        Args:
            output: The output, not yet begun.
        """
        output.metadata.update(copied_metadata(self._container.metadata))
        chapters = self._container.chapters()
        if chapters and self._clip == Clip():
            output.set_chapters(chapters)

    def copy_until(self, time: Fraction | None, output: OutputContainer) -> None:
        """Mux the packets up to a time.

        Args:
            time: Seconds on the output's clock; None for all that is left.
            output: The output that `add` was given.

        Raises:
            InputError: The file is damaged here.
        """
        if self._packets is None:
            self._packets = self._demux()
            self._next = next(self._packets, None)
        while self._next is not None and (time is None or self._next[0] <= time):
            packet = self._next[1]
            packet_out = self._copies[packet.stream_index].prepare(packet)
            output.mux_one(packet_out)
            self._next = self._read()

    def _read(self) -> "tuple[Fraction, Packet[Stream]] | None":
        assert self._packets is not None
        return next(self._packets, None)

    def _demux(self) -> "Iterator[tuple[Fraction, Packet[Stream]]]":
        """The packets within the clip, with their times on the output's clock."""
        copied = [s for s in self._container.streams if s.index in self._copies]
        if not copied:
            return
        begin = self._clip.begin or Fraction(0)
        time = Fraction(0)
        try:
            if self._clip.begin is not None:
                self._container.seek(int(self._clip.begin * av.time_base))
            for packet in self._container.demux(copied):
                stamp = packet.dts if packet.dts is not None else packet.pts
                if stamp is None:
                    if packet.size:
                        yield time, packet
                    continue
                at = stamp * packet.time_base
                if self._is_outside(packet, at):
                    continue
                time = at - begin
                yield time, packet
        except av.FFmpegError as error:
            raise input_error(self._path, error, "a sound or subtitle stream is damaged") from error

    def _is_outside(self, packet: "Packet[Stream]", at: Fraction) -> bool:
        if packet.stream.disposition & Disposition.attached_pic:
            return False
        begin, end = self._clip.begin, self._clip.end
        return (begin is not None and at < begin) or (end is not None and at >= end)


class NothingToCopy:
    """Stands in for a copier where the frames come from no video."""

    streams: tuple[Stream, ...] = ()

    def add(self, stream: Stream, output: OutputContainer) -> None:
        """Never called: there are no streams."""

    def describe(self, output: OutputContainer) -> None:
        """There is nothing to say of the output."""

    def copy_until(self, time: Fraction | None, output: OutputContainer) -> None:
        """There are no packets."""


class _Copy:
    """One copied stream: its packets' times, kept but for the clip's shift."""

    def __init__(self, path: Path, stream: Stream, clip: Clip) -> None:
        self._path = path
        self._stream = stream
        self._clip = clip
        self._last: int | None = None
        self._warned = False

    def prepare(self, packet: "Packet[Stream]") -> "Packet[Stream]":
        shift = self._clip.shift(packet.time_base)
        if packet.pts is not None:
            packet.pts -= shift
        if packet.dts is not None:
            packet.dts -= shift
        if self._stream.type in ("audio", "video"):
            self._keep_order(packet)
        packet.stream = self._stream
        return packet

    def _keep_order(self, packet: "Packet[Stream]") -> None:
        dts = packet.dts if packet.dts is not None else packet.pts
        if self._last is not None and (dts is None or dts <= self._last):
            dts = self._last + 1
            packet.dts = dts
            packet.pts = dts if packet.pts is None else max(packet.pts, dts)
            if not self._warned:
                _LOG.warning(
                    "%s: stream %d has times that repeat or go back, repaired",
                    self._path,
                    packet.stream_index,
                )
                self._warned = True
        self._last = dts


def _add_copy(stream: Stream, output: OutputContainer) -> Stream | None:
    """Add a stream like a template, or None where the container cannot hold it."""
    if stream.codec_context is None:
        # Attachments; data streams have no tag that MP4 or Matroska would take.
        if stream.type != "attachment" or output.format.name != "matroska":
            return None
        return output.add_stream_from_template(stream)
    if output.format.name == "mpegts" and stream.codec_context.name not in _MPEGTS_CODECS:
        return None  # the muxer would take it as private data, which no player knows
    try:
        return output.add_stream_from_template(stream, opaque=True)
    except ValueError:
        return None
