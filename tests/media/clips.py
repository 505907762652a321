"""Small videos made to order, and what an independent reading of a video finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av import AudioFrame, VideoFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from mediatrans.media.endpoints import Sink, Source
from mediatrans.media.frames import Frame, MediaInfo, Pixels
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.write.codecs import Encoding
from mediatrans.media.write.sinks import Output, open_sink
from mediatrans.media.write_options import Verification, WriteOptions

MILLISECOND = Fraction(1, 1000)
EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
MATRICES = {1: Colorspace.ITU709, 6: Colorspace.ITU601, 9: Colorspace.BT2020}


@dataclass(frozen=True)
class Tags:
    """Colour tags by their H.273 numbers, and the size rule's matrix where untagged."""

    range: int = 0
    matrix: int = 2
    primaries: int = 2
    transfer: int = 2
    untagged_matrix: int = 6


def moving_square(index: int, width: int, height: int) -> Pixels:
    """A grey ground that brightens, with a red square that walks."""
    picture = np.full((height, width, 3), 60 + index % 100, np.uint8)
    x = (4 * index) % max(1, width - 8)
    picture[:8, x : x + 8] = (220, 40, 30)
    return picture


def noise(index: int, width: int, height: int) -> Pixels:
    """A frame [H, W, 3] that no encoder makes small."""
    return np.random.default_rng(index).integers(0, 256, (height, width, 3), dtype=np.uint8)


def write_clip(
    path: Path,
    times: Sequence[int],
    *,
    time_base: Fraction = MILLISECOND,
    size: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    sound_s: float = 0,
    draw: Callable[[int, int, int], Pixels] = moving_square,
    tags: Tags | None = None,
    rotation: int | None = None,
    aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write a video whose frames are shown at the given ticks of `time_base`."""
    tags = tags or Tags()
    with av.open(str(path), "w") as output:
        output.metadata.update(metadata or {})
        video = output.add_stream(codec, rate=25, options=options or {})
        assert isinstance(video, VideoStream)
        context = video.codec_context
        context.width, context.height = size
        context.pix_fmt = pixel_format
        context.time_base = video.time_base = time_base
        context.color_range, context.colorspace = tags.range, tags.matrix
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        if aspect is not None:
            context.sample_aspect_ratio = aspect
        if rotation is not None:
            video.set_display_rotation(rotation)
        sound = _add_sound(output) if sound_s else None
        for index, time in enumerate(times):
            frame = _coded(draw(index, *size), pixel_format, tags)
            frame.pts, frame.time_base = time, time_base
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        if sound:
            _write_tone(output, sound, sound_s)
    return path


def _coded(pixels: Pixels, pixel_format: str, tags: Tags) -> VideoFrame:
    matrix = tags.matrix if tags.matrix in MATRICES else tags.untagged_matrix
    return VideoFrame.from_ndarray(pixels, "rgb24").reformat(
        format=pixel_format,
        src_color_range=ColorRange.JPEG,
        dst_colorspace=MATRICES[matrix],
        dst_color_range=ColorRange.JPEG if tags.range == 2 else ColorRange.MPEG,
        interpolation=EXACT,
    )


def _add_sound(output: OutputContainer) -> AudioStream:
    codec = "libopus" if output.format.name == "webm" else "aac"
    stream = output.add_stream(codec, rate=48000)
    assert isinstance(stream, AudioStream)
    stream.metadata["language"] = "fra"
    return stream


def _write_tone(output: OutputContainer, stream: AudioStream, seconds: float) -> None:
    time = np.arange(int(48000 * seconds)) / 48000
    wave: NDArray[np.float32] = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    for start in range(0, len(wave), 960):
        part = np.stack([wave[start : start + 960]] * 2)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(part), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def write_animation(
    path: Path,
    delays_ms: Sequence[int],
    *,
    plays: int = 0,
    transparent: bool = True,
    size: tuple[int, int] = (30, 20),
    **extra: Any,
) -> Path:
    """Write a GIF, APNG or lossless WebP of a red square that walks, on nothing or on grey."""
    ground = (0, 0, 0, 0) if transparent else (90, 90, 90, 255)
    pictures = []
    for index in range(len(delays_ms)):
        picture = Image.new("RGBA", size, ground)
        picture.paste((200, 40, 30, 255), (4 + 4 * index, 4, 10 + 4 * index, 12))
        if path.suffix != ".gif":
            picture.putpixel((0, 0), (200, 40, 30, 128))
        pictures.append(picture if transparent else picture.convert("RGB"))
    options: dict[str, Any] = {"lossless": True} if path.suffix == ".webp" else {"disposal": 2}
    if path.suffix != ".gif":
        options["loop"] = plays
    elif plays != 1:  # a GIF counts repetitions, or none
        options["loop"] = max(0, plays - 1)
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=list(delays_ms),
        **options,
        **extra,
    )
    return path


def open_video(
    path: Path,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    limit: int | None = None,
    whole: bool = True,
) -> Source:
    """A video's source as the product finds it."""
    options = ReadOptions(start_s=start_s, end_s=end_s, preview=limit, keep_partial=not whole)
    return open_source(Input(path, "video"), options)


def create_video(
    output: Path,
    info: MediaInfo,
    encoding: Encoding | None = None,
    verification: Verification = "fast",
    *,
    quality: int | None = None,
) -> Sink:
    """A video's sink as the product finds it."""
    asked = encoding or Encoding()
    options = WriteOptions(
        vcodec=asked.codec,
        crf=asked.crf,
        preset=asked.preset,
        verification=verification,
        quality=quality,
    )
    return open_sink(Output(output, "video", info), options)


def translate(
    source: Path,
    output: Path,
    limit: int | None = None,
    encoding: Encoding | None = None,
    verification: Verification = "fast",
) -> Path:
    """Send a video through source and sink unchanged."""
    with (
        open_video(source, limit=limit) as frames,
        create_video(output, frames.info, encoding, verification) as sink,
    ):
        for frame in frames:
            sink.write(frame)
    return output


def frames_of(path: Path) -> list[Frame]:
    """Every frame as our own source gives it."""
    with open_video(path) as frames:
        return list(frames)


def times_of(path: Path) -> list[Fraction]:
    """When each decoded frame is shown, in seconds."""
    with av.open(str(path)) as container:
        return [
            frame.pts * frame.time_base
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]


def packets_of(path: Path, kind: str) -> list[tuple[Fraction, bytes]]:
    """Every packet of the streams of a kind: its time in seconds and its bytes."""
    with av.open(str(path)) as container:
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux()
            if packet.stream.type == kind and packet.pts is not None
        ]


def largest_difference(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    """The largest difference between two equally long lists of times, in seconds."""
    assert len(left) == len(right)
    return max(abs(a - b) for a, b in zip(left, right, strict=True))
