"""The sink that writes a video and copies the other streams of its source."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from fractions import Fraction
from math import lcm
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av import Packet
from av.container import OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from mediatrans.errors import OutputError
from mediatrans.files.publish import output_error
from mediatrans.media.frames import Frame, VideoInfo
from mediatrans.media.write.animation_encoders import (
    ApngEncoder,
    GifEncoder,
    animation_options,
)
from mediatrans.media.write.codecs import Encoding, choose_coding
from mediatrans.media.write.coding import MOV_FAMILY, Coding
from mediatrans.media.write.copied_metadata import (
    copied_stream_metadata,
    has_foreign_keys,
    warn_of_lost_blocks,
)
from mediatrans.media.write.copied_streams import StreamCopier
from mediatrans.media.write.destination import Destination
from mediatrans.media.write.single_piece import SinglePiece
from mediatrans.media.write.verification import Written
from mediatrans.media.write.video_encoders import Encoder, YuvEncoder, holds_stereo_mode

__all__ = ["VideoSink", "write_error"]

_ANIMATIONS = frozenset({"gif", "apng"})
_LARGEST_TIMESCALE = 2**31 - 1
_STEREO_MODE = "stereo_mode"
# Tags that no longer apply: frames are already rotated, and alpha depends on the encoder. WebM's
# muxer fails with a stereo mode that WebM does not allow.
_UNTRUE_NOW = frozenset({"alpha_mode", "rotate", _STEREO_MODE})


class VideoSink(SinglePiece):
    """Writes H.264 in MP4, MOV and Matroska, VP9 in WebM, GIF and APNG.

    Timestamps, size, pixel aspect and colour are those of the source; its other streams, chapters
    and tags are copied. A second FFmpeg build verifies a file before it is published.

    Args:
        destination: A file that is verified and published, or a pipe.
        info: The video that the frames come from.
        encoding: The requested encoder; ignored for animations.

    Attributes:
        muxer: FFmpeg's name of the container format.
        coding: The chosen encoder, inside the `with` block; None for animations.
    """

    def __init__(
        self, destination: Destination, info: VideoInfo, encoding: Encoding | None = None
    ) -> None:
        self.coding: Coding | None = None
        self.muxer = destination.muxer
        self._destination = destination
        self._output = destination.name
        self._is_cut = info.clip.limit is not None
        self._info = info
        self._encoding = encoding or Encoding()
        self._stack = ExitStack()
        self._frames = 0
        self._first = self._last = self._end = Fraction(0)

    def __enter__(self) -> Self:
        """Open the destination.

        Raises:
            OutputError: The folder or the file cannot be created.
            InputError: The source cannot be opened a second time.
            UsageError: There is no ffmpeg to verify the result with, or the encoder refuses its
                options.
            DeviceError: The hardware encoder is not available.
        """
        with self._stack:
            self._open()
            self._stack = self._stack.pop_all()
        return self

    def _open(self) -> None:
        target = self._stack.enter_context(self._destination)
        warn_of_lost_blocks(self._info.path)
        self._copier = self._open_copier()
        self._container = self._stack.enter_context(
            av.open(
                target,
                "w",
                format=self.muxer,
                container_options=_muxer_options(self.muxer, self._copier, self._info),
            )
        )
        self._encoder = self._add_streams(self._container)

    def _open_copier(self) -> StreamCopier | None:
        info = self._info
        if info.stream_index is None:
            return None
        return self._stack.enter_context(
            StreamCopier(info.path, info.stream_index, info.clip, info.reopen)
        )

    def _add_streams(self, container: OutputContainer) -> Encoder:
        if self._copier is None:
            return self._add_main(container)
        encoder: Encoder | None = None
        for stream in self._copier.streams:
            if stream.index != self._info.stream_index:
                self._copier.add(stream, container)
                continue
            encoder = self._add_main(container)
            metadata = copied_stream_metadata(stream.metadata)
            encoder.stream.metadata.update(
                {key: value for key, value in metadata.items() if key not in _UNTRUE_NOW}
            )
            if holds_stereo_mode(self._info, self.muxer):
                encoder.stream.metadata[_STEREO_MODE] = self._info.stereo_mode
            encoder.stream.disposition = stream.disposition
        self._copier.describe(container)
        assert encoder is not None
        return encoder

    def _add_main(self, container: OutputContainer) -> Encoder:
        if self.muxer == "gif":
            return GifEncoder(container, self._info)
        if self.muxer == "apng":
            return ApngEncoder(container, self._info)
        self.coding = choose_coding(container, self._info, self._encoding)
        encoder = YuvEncoder(container, self.coding, self._info)
        encoder.warn_of_losses()
        return encoder

    def write(self, frame: Frame) -> None:
        """Append a frame, and the copied packets up to its time.

        Raises:
            OutputError: The disk is full, or the encoder fails.
            InputError: A copied stream is damaged.
        """
        assert frame.pts is not None
        assert frame.time_base is not None
        self._last = frame.pts * frame.time_base
        self._end = self._last + (frame.duration or 0) * frame.time_base
        if not self._frames:
            self._first = self._last
        self._frames += 1
        try:
            for packet in self._encoder.encode(frame):
                self._mux(packet)
        except av.FFmpegError as error:
            raise write_error(self._output, error) from error

    def write_encoded(self, packet: "Packet[VideoStream]") -> None:
        """Append an encoded frame, made by an encoder with the same parameters as this sink's.

        Raises:
            OutputError: The disk is full.
            InputError: A copied stream is damaged.
        """
        assert packet.pts is not None
        base = Fraction(packet.time_base)
        shown = packet.pts * base
        if not self._frames:
            self._first = shown
        self._frames += 1
        if shown >= self._last:
            self._last, self._end = shown, shown + (packet.duration or 0) * base
        try:
            self._mux(packet)
        except av.FFmpegError as error:
            raise write_error(self._output, error) from error

    def cut_here(self, damage: str) -> None:
        """End the output after the last frame; the other streams are not copied any further."""
        self._is_cut = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish, verify and publish the video, or remove it after an error.

        Raises:
            OutputError: The video cannot be finished, or its verification fails.
        """
        if error is not None:
            with suppress(av.FFmpegError, OSError, OutputError):
                self._stack.__exit__(kind, error, traceback)
            return
        try:
            # An error in this block reaches the destination, which then publishes nothing.
            with self._stack:
                self._finish()
        except (av.FFmpegError, OSError) as failure:
            raise write_error(self._output, failure) from failure

    def _finish(self) -> None:
        if not self._frames:
            raise OutputError(
                "no frame was written", path=self._output, remedy="see the messages above"
            )
        for packet in self._encoder.flush():
            self._mux(packet)
        if self._copier is not None:
            self._copier.copy_until(self._end if self._is_cut else None, self._container)
        written = self._written()
        self._container.close()
        last = self._end - self._last if self.muxer in _ANIMATIONS else Fraction(0)
        self._destination.complete(written, last)

    def _written(self) -> Written:
        stream = self._encoder.stream
        copied = self._copier.spans if self._copier else {}
        spans = {**copied, stream.index: self._last - self._first}
        order = self._file_order(spans)
        described = () if self.muxer in _ANIMATIONS else order
        return Written(
            frames=self._frames,
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            index=order.index(stream.index),
            streams=[
                self._container.streams[index].type if index in spans else "empty"
                for index in order
            ],
            spans={order.index(index): span for index, span in spans.items()},
            tags=dict(self._container.metadata),
            stream_tags=[dict(self._container.streams[index].metadata) for index in described],
            stream_flags=[int(self._container.streams[index].disposition) for index in described],
        )

    def _file_order(self, spans: Mapping[int, Fraction]) -> list[int]:
        """The muxer's indices of the streams in the order in which a demuxer lists them.

        MP4 and MOV store no track without packets, but for subtitles, and covers apart from the
        tracks.
        """
        indices = [stream.index for stream in self._container.streams]
        if self.muxer not in MOV_FAMILY:
            return indices
        covers = {
            index
            for index in indices
            if self._container.streams[index].disposition & Disposition.attached_pic
        }
        held = [
            index
            for index in indices
            if index in spans
            or index in covers
            or self._container.streams[index].type == "subtitle"
        ]
        return sorted(held, key=lambda index: index in covers)

    def _mux(self, packet: "Packet[VideoStream]") -> None:
        if packet.dts is not None and self._copier is not None:
            self._copier.copy_until(packet.dts * packet.time_base, self._container)
        packet.stream = self._encoder.stream
        self._container.mux_one(packet)


def write_error(output: Path, error: av.FFmpegError | OSError) -> OutputError:
    """The OutputError for an error in writing a video.

    Args:
        output: The video's final name.
        error: The error of FFmpeg or of the operating system.
    """
    if isinstance(error, OSError):
        return output_error(output, error)
    return OutputError(
        f"cannot write the video: {(error.strerror or str(error)).lower()}",
        path=output,
        remedy="use -o with another suffix; .mkv supports nearly all streams",
    )


def _muxer_options(muxer: str, copier: StreamCopier | None, info: VideoInfo) -> dict[str, str]:
    if muxer in _ANIMATIONS:
        return animation_options(muxer, info.plays)
    if muxer == "mpegts":
        return {}  # MPEG-TS has no negative timestamps, so the muxer must shift all streams
    if muxer not in MOV_FAMILY:
        # By default the muxer shifts all streams to avoid negative timestamps.
        return {"avoid_negative_ts": "disabled"}
    rates = [
        stream.codec_context.sample_rate
        for stream in (copier.streams if copier else ())
        if isinstance(stream, av.AudioStream)
        and stream.codec_context is not None
        and stream.codec_context.sample_rate
    ]
    exact = lcm(info.time_base.denominator, *rates)
    # MP4 stores a late start in this unit; the default of a millisecond would round it.
    timescale = exact if exact <= _LARGEST_TIMESCALE else info.time_base.denominator
    flags = "+faststart"
    if copier is not None and has_foreign_keys(copier.metadata):
        flags += "+use_metadata_tags"
    return {"movflags": flags, "movie_timescale": str(timescale)}
