"""The conversion of audio and subtitles to codecs that an output can hold."""

from collections.abc import Iterator
from typing import Final, Protocol

import av
from av import Packet
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

__all__ = ["Converter", "converter_for"]

_SUBTITLES: Final = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt", "matroska": "subrip"}
_SOUND: Final = {"mp4": "aac", "mov": "aac", "webm": "libopus", "mpegts": "aac"}
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
    becomes AAC in MP4, MOV and MPEG-TS, and Opus in WebM. Bitmap subtitles cannot be converted.

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
        stream.codec_context.bit_rate = 96_000 * max(1, stream.codec_context.layout.nb_channels)
        self._encoder = stream
        self.stream: Stream = stream

    def convert(self, packet: "Packet[Stream] | None") -> "Iterator[Packet[Stream]]":
        for frame in self._decoder.decode(packet):
            yield from self._encoder.encode(frame)
        if packet is None:
            yield from self._encoder.encode(None)


def _layout(source: AudioStream, codec: str) -> str | None:
    """The source's channel layout, or the closest one that the encoder supports."""
    channels = source.codec_context.layout.nb_channels
    usual = _USUAL_LAYOUTS.get(channels, "stereo")
    rate = _SOUND_RATES.get(codec, source.codec_context.sample_rate)
    for layout in (source.codec_context.layout.name, usual, "stereo"):
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
