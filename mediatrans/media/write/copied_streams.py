"""The copying of streams that are not translated: audio, subtitles, attachments, covers."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av import Packet
from av.container import InputContainer, OutputContainer
from av.stream import Discard, Disposition, Stream

from mediatrans.media.container import BROADCASTS, input_error, open_input
from mediatrans.media.frames import Clip, Opener, VideoInfo
from mediatrans.media.joints import JointClock
from mediatrans.media.write.copied_metadata import (
    chapter_within,
    copied_metadata,
    copied_stream_metadata,
)
from mediatrans.media.write.holdable_streams import (
    add_copy,
    describe_stream,
    is_chapters,
    warn_of_lost_streams,
)
from mediatrans.media.write.stream_copy import StreamCopy
from mediatrans.media.write.transcoding import converter_for

__all__ = ["StreamCopier", "warn_of_dropped"]

_LOG = logging.getLogger(__name__)

_ANIMATIONS = frozenset({"gif", "apng"})


def warn_of_dropped(info: VideoInfo, holder: str) -> None:
    """Warn of the streams, tags and chapters of a video that an animated WebP cannot hold.

    Args:
        info: The video.
        holder: The name of the output's format.

    Raises:
        InputError: The video cannot be opened a second time.
    """
    if info.stream_index is None:
        return
    with info.reopen() if info.reopen else open_input(info.path) as container:
        warn_of_lost_streams(
            info.path, [s for s in container.streams if s.index != info.stream_index], holder
        )
        if tags := copied_metadata(container.metadata):
            _LOG.warning("%s: its tags are dropped (%s)", info.path, ", ".join(tags))
        _warn_of_chapters(info.path, len(container.chapters()), holder)


def _warn_of_chapters(path: Path, number: int, holder: str) -> None:
    if number:
        _LOG.warning("%s: its %d chapters are dropped; %s cannot hold them", path, number, holder)


class StreamCopier:
    """Copies the packets of every stream but one with a separate demuxer.

    A second demuxer needs no queue between the reading and the writing thread, and holds only one
    packet whatever the interleaving of the file.

    Args:
        path: The video file.
        main_index: The translated stream, which is not copied.
        clip: The part of the file to copy.
        opener: Opens the video; None opens `path`.
    """

    def __init__(
        self, path: Path, main_index: int, clip: Clip, opener: Opener | None = None
    ) -> None:
        self._path = path
        self._clip = clip
        container = opener() if opener else open_input(path, whole=clip.whole)
        # Joints are found in the packets of all streams.
        is_joined = container.format.name in BROADCASTS
        self._joints = JointClock(path, is_quiet=True) if is_joined else None
        if self._joints is None:
            container.streams[main_index].discard = Discard.all
        self._container: InputContainer | None = container
        self._copies: dict[int, StreamCopy] = {}
        self._dropped: list[Stream] = []
        self._has_refused = False
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
        self._release()

    def _release(self) -> None:
        # The generator holds the demuxer's buffers, so it is dropped before the container.
        self._packets = self._next = None
        if self._container is not None:
            self._container.close()
            self._container = None

    @property
    def streams(self) -> list[Stream]:
        """All streams of the file in order, including the main one; none after it is closed."""
        return list(self._container.streams) if self._container else []

    @property
    def metadata(self) -> dict[str, str]:
        """The tags of the file; none after it is closed."""
        return dict(self._container.metadata) if self._container else {}

    @property
    def spans(self) -> dict[int, Fraction]:
        """Seconds from the first to the last packet of each copied stream, by output index.

        Streams without a copied packet are not included.
        """
        return {copy.index: copy.span for copy in self._copies.values() if not copy.is_empty}

    def add(self, stream: Stream, output: OutputContainer) -> None:
        """Add a stream to an output, or warn that the output cannot hold it.

        Args:
            stream: One of `streams`, not the main one.
            output: The output; muxing has not begun.
        """
        copied, converter = add_copy(stream, output), None
        if copied is None and (converter := converter_for(stream, output)):
            copied = converter.stream
            _LOG.warning(
                "%s: %s is converted to %s for %s",
                self._path, describe_stream(stream), copied.codec_context.name, output.format.name,
            )  # fmt: skip
        if copied is None:
            # Timecode tracks are recreated from the tag.
            if not (is_chapters(stream) or "timecode" in stream.metadata):
                self._dropped.append(stream)
            return
        copied.metadata.update(copied_stream_metadata(stream.metadata))
        copied.disposition = stream.disposition
        self._copies[stream.index] = StreamCopy(self._path, stream, copied, converter, self._clip)

    def describe(self, output: OutputContainer) -> None:
        """Copy the file's metadata and chapters to an output; call it after the last `add`.

        If no stream is copied, the file is closed, so that a pipe need not be buffered for it.

        Args:
            output: The output; muxing has not begun.
        """
        assert self._container is not None
        warn_of_lost_streams(self._path, self._dropped, output.format.name)
        self._dropped = []
        output.metadata.update(copied_metadata(self._container.metadata))
        chapters = [
            part
            for chapter in self._container.chapters()
            if (part := chapter_within(chapter, self._clip))
        ]
        if chapters and output.format.name in _ANIMATIONS:
            _warn_of_chapters(self._path, len(chapters), output.format.name)
        elif chapters:
            output.set_chapters(chapters)
        if not self._copies:
            self._release()

    def copy_until(self, time: Fraction | None, output: OutputContainer) -> None:
        """Mux the packets up to a time.

        Args:
            time: Seconds on the output's clock; None copies all remaining packets.
            output: The output that was passed to `add`.

        Raises:
            InputError: The file is damaged.
        """
        if self._packets is None:
            self._packets = self._demux()
            self._next = next(self._packets, None)
        while self._next is not None and (time is None or self._next[0] <= time):
            self._mux(self._next[1], output)
            self._next = next(self._packets, None)

    def _mux(self, packet: "Packet[Stream]", output: OutputContainer) -> None:
        """Mux a packet, or leave it out if it is so damaged that the muxer refuses it."""
        try:
            output.mux_one(packet)
        except av.error.InvalidDataError:
            self._leave_out()

    def _leave_out(self) -> None:
        if not self._has_refused:
            _LOG.warning("%s: damaged parts of other streams are left out", self._path)
        self._has_refused = True

    def _demux(self) -> "Iterator[tuple[Fraction, Packet[Stream]]]":
        """The packets of the clip, with their times on the output's clock."""
        if self._container is None:
            return
        streams = self._container.streams
        copied = [s for s in streams if s.index in self._copies]
        if self._joints is not None:
            timed = (*streams.video, *streams.audio)
            copied += [s for s in timed if s.index not in self._copies]
        time = Fraction(0)
        try:
            if self._clip.begin is not None:
                self._container.seek(int(self._clip.begin * av.time_base))
            for packet in self._container.demux(copied):
                stamp = packet.dts if packet.dts is not None else packet.pts
                if stamp is None and not packet.size:
                    continue  # the end of a stream
                if self._joints is not None:
                    stamp = self._joined(packet, stamp)
                if packet.stream_index not in self._copies:
                    continue
                at = None if stamp is None else stamp * packet.time_base
                if at is not None and self._is_outside(packet, at):
                    continue
                for taken in self._taken(packet, at):
                    time = _time_of(taken, time)
                    yield time, taken
            for copy in self._copies.values():
                for taken in copy.flush():
                    time = _time_of(taken, time)
                    yield time, taken
        except av.FFmpegError as error:
            if not self._clip.whole:
                _LOG.warning(
                    "%s: the other streams are damaged; copied up to %.3f s", self._path, time
                )
                return
            raise input_error(
                self._path, error, "an audio or subtitle stream is damaged"
            ) from error

    def _taken(self, packet: "Packet[Stream]", at: Fraction | None) -> "Iterator[Packet[Stream]]":
        """The output packets for an input packet; none for one whose time or content is damaged."""
        copy = self._copies[packet.stream_index]
        if at is not None and copy.is_far(at):
            self._leave_out()
            return
        try:
            yield from copy.take(packet)
        except av.error.InvalidDataError:
            self._leave_out()

    def _joined(self, packet: "Packet[Stream]", stamp: int | None) -> int | None:
        """Move a packet of a later recording behind the earlier ones."""
        assert self._joints is not None
        if packet.stream.type not in ("video", "audio"):
            return stamp
        shift = self._joints.shift_of(packet)
        if packet.pts is not None:
            packet.pts += shift
        if packet.dts is not None:
            packet.dts += shift
        return None if stamp is None else stamp + shift

    def _is_outside(self, packet: "Packet[Stream]", at: Fraction) -> bool:
        if packet.stream.disposition & Disposition.attached_pic:
            return False
        begin, end = self._clip.begin, self._clip.end
        return (begin is not None and at < begin) or (end is not None and at >= end)


def _time_of(packet: "Packet[Stream]", otherwise: Fraction) -> Fraction:
    stamp = packet.dts if packet.dts is not None else packet.pts
    return otherwise if stamp is None else stamp * packet.time_base
