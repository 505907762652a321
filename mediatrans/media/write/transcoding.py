"""The conversion of audio and subtitles to codecs that an output can hold."""

from collections.abc import Iterator
from typing import Final, Protocol, cast

import av
from av import Packet
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

__all__ = ["Converter", "converter_for"]

_SUBTITLES: Final = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt", "matroska": "subrip"}
# PyAV adds no stream of a codec that Matroska has no name of its own for (WMA, ADPCM, the PCM of
# DVDs), so it is decoded, and nothing of that is lost in FLAC.
_SOUND: Final = {
    "mp4": "aac", "mov": "aac", "webm": "libopus", "mpegts": "aac", "matroska": "flac",
}  # fmt: skip
_DEEP: Final = "s32"
# Encoders count on from a missing timestamp, which FFmpeg represents by the least number.
_NO_TIME: Final = -(2**62)
_SOUND_RATES: Final = {"libopus": 48000}
_USUAL_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


class Converter(Protocol):
    """Converts the packets of one stream to another codec.

    Attributes:
        stream: The output stream of the packets.
    """

    stream: Stream

    def convert(self, packet: "Packet[Stream] | None") -> "Iterator[Packet[Stream]]":
        """The packets that an input packet completes; None ends the stream."""
        ...


def converter_for(stream: Stream, output: OutputContainer) -> Converter | None:
    """A converter from a stream to a codec that a container can hold, or None.

    Text subtitles become mov_text in MP4 and MOV, WebVTT in WebM and SubRip in Matroska. Audio
    becomes AAC in MP4, MOV and MPEG-TS, Opus in WebM and FLAC in Matroska. Bitmap subtitles cannot
    be converted.

    Args:
        stream: An input stream that the container cannot hold.
        output: The output; muxing has not begun.
    """
    name = output.format.name
    if stream.codec_context is None:
        return None
    if isinstance(stream, SubtitleStream) and name in _SUBTITLES:
        codec = stream.codec_context.codec
        return _Subtitles(stream, output, _SUBTITLES[name]) if codec.text_sub else None
    if (
        isinstance(stream, AudioStream)
        and name in _SOUND
        and stream.sample_rate
        and stream.channels
    ):
        layout = _layout(stream, _SOUND[name])
        return _Sound(stream, output, _SOUND[name], layout) if layout else None
    return None


class _Subtitles:
    """Converts text subtitles, one packet to one packet."""

    def __init__(self, source: SubtitleStream, output: OutputContainer, codec: str) -> None:
        self._decoder: SubtitleCodecContext = source.codec_context
        self._decoder.open(strict=False)
        stream = output.add_stream(codec)
        assert isinstance(stream, SubtitleStream)
        stream.time_base = source.time_base
        # All text decoders produce ASS; the encoder reads the styles from its header.
        stream.codec_context.subtitle_header = self._decoder.subtitle_header
        self._encoder: SubtitleCodecContext = stream.codec_context
        self.stream: Stream = stream

    def convert(self, packet: "Packet[Stream] | None") -> "Iterator[Packet[Stream]]":
        if packet is None or not packet.size:
            return
        decoded = self._decoder.decode2(packet)
        if decoded is None or not len(decoded):
            return
        coded = self._encoder.encode_subtitle(decoded)
        coded.time_base = packet.time_base
        coded.pts = coded.dts = packet.pts
        coded.duration = packet.duration
        yield coded


class _Sound:
    """Decodes and re-encodes audio; the timestamps do not change."""

    def __init__(
        self, source: AudioStream, output: OutputContainer, codec: str, layout: str
    ) -> None:
        self._decoder = source.codec_context
        rate = _SOUND_RATES.get(codec, source.codec_context.sample_rate)
        stream = output.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, AudioStream)
        if _is_deep(source) and _DEEP in _formats(stream.codec_context):
            stream.codec_context.format = _DEEP
        stream.codec_context.bit_rate = 96_000 * max(1, stream.codec_context.layout.nb_channels)
        self._encoder = stream
        self._last: int | None = None
        self._end = 0
        self.stream: Stream = stream

    def convert(self, packet: "Packet[Stream] | None") -> "Iterator[Packet[Stream]]":
        for frame in self._decoder.decode(packet):
            yield from map(self._timed, self._encoder.encode(frame))
        if packet is None:
            yield from map(self._timed, self._encoder.encode(None))

    def _timed(self, packet: "Packet[AudioStream]") -> "Packet[Stream]":
        """The packet with a time behind that of the last one.

        PyAV forgets the time of the last samples if it converts their format, and in damaged files
        all samples may have one time.
        """
        least = _NO_TIME if self._last is None else self._last
        at = self._end if packet.pts is None or packet.pts <= least else packet.pts
        self._last, self._end = at, at + (packet.duration or 0)
        packet.pts = packet.dts = at
        return cast("Packet[Stream]", packet)


def _is_deep(source: AudioStream) -> bool:
    """Whether the samples are whole numbers of more than 16 bits."""
    return source.codec_context.format.packed.name == _DEEP


def _formats(encoder: av.AudioCodecContext) -> set[str]:
    return {each.name for each in encoder.codec.audio_formats or ()}


def _layout(source: AudioStream, codec: str) -> str | None:
    """The source's channel layout, or the closest one that the encoder supports."""
    channels = source.codec_context.layout.nb_channels
    usual = _USUAL_LAYOUTS.get(channels, "stereo")
    own = source.codec_context.layout.name
    rate = _SOUND_RATES.get(codec, source.codec_context.sample_rate)
    # Encoders open with a layout that is only a number of channels, and then refuse all frames.
    for layout in (usual if own.endswith(" channels") else own, usual, "stereo"):
        trial = av.CodecContext.create(codec, "w")
        assert isinstance(trial, av.AudioCodecContext)
        trial.sample_rate, trial.layout = rate, layout
        formats = trial.codec.audio_formats
        trial.format = formats[0] if formats else source.codec_context.format
        try:
            trial.open()
        except (av.FFmpegError, ValueError):
            continue
        return layout
    return None
