"""Small pictures and clips for tests of the whole line."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

RNG = np.random.default_rng(7)


def write_picture(path: Path, width: int = 16, height: int = 12) -> np.ndarray:
    """A picture of noise; returns its pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def write_clip(path: Path, frames: int = 12, width: int = 32, height: int = 24) -> Path:
    """A clip of one grey level a frame, 25 a second, with a tone beside it."""
    with av.open(path, "w") as container:
        video = container.add_stream(
            "libx264", rate=25, options={"crf": "10", "preset": "ultrafast"}
        )
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="mono")
        for index in range(frames):
            level = np.full((height, width, 3), 40 + index * 7 % 160, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(level, format="rgb24")))
            time_s = (np.arange(1920) + index * 1920) / 48_000
            tone = np.sin(2 * np.pi * 440 * time_s).astype(np.float32)[None, :] * 0.3
            samples = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            samples.sample_rate, samples.pts = 48_000, index * 1920
            samples.time_base = Fraction(1, 48_000)
            container.mux(audio.encode(samples))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def levels(path: Path) -> list[float]:
    """Mean level of each frame of a clip."""
    with av.open(path) as container:
        return [float(f.to_ndarray(format="rgb24").mean()) for f in container.decode(video=0)]


def times(path: Path) -> list[Fraction]:
    """Presentation time of each frame of a clip, in seconds."""
    with av.open(path) as container:
        frames = [(frame.pts, frame.time_base) for frame in container.decode(video=0)]
    return [pts * base for pts, base in frames if pts is not None and base is not None]


def audio_packets(path: Path) -> list[tuple[Fraction, bytes]]:
    """Time and bytes of each audio packet."""
    with av.open(path) as container:
        return [
            (Fraction(packet.pts * packet.time_base), bytes(packet))
            for packet in container.demux(audio=0)
            if packet.pts is not None
        ]
