"""Small whole files of every kind that the fuzzers damage."""

import io
from pathlib import Path

import av
import numpy as np
from av import AudioFrame, AudioResampler, Packet
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from tests.pairs import graph, write_graph

CLIP_FORMATS = {
    ".mp4": ("libx264", "aac"),
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"),
    ".avi": ("mpeg4", "mp3"),
    ".ts": ("mpeg2video", "mp2"),
    ".gif": ("gif", None),
}
PICTURE_SUFFIXES = (".jpg", ".png", ".webp", ".tif", ".gif", ".bmp")

RECIPE = """domains = ["summer", "winter"]
steps = 100
ngf = 16
blocks = 6
upsample = "resize"
ema = 0.998
size = 128
load_size = 143
flip = true
lambda_cycle = 10.0

[run]
mode = "eager"
train_a = "summer"
"""


def clips(folder: Path) -> dict[str, bytes]:
    """A clip of six frames, with sound where the container has it, or an animation, by suffix."""
    made = {
        suffix: _clip(folder / f"clip{suffix}", *codecs) for suffix, codecs in CLIP_FORMATS.items()
    }
    return made | {suffix: _animation(suffix) for suffix in (".webp", ".png")}


def _animation(suffix: str) -> bytes:
    random = np.random.default_rng(0)
    first, *others = (
        Image.fromarray(random.integers(0, 256, (24, 32, 3), dtype=np.uint8)) for _ in range(4)
    )
    file = io.BytesIO()
    first.save(file, suffix[1:], save_all=True, append_images=others, duration=40)
    return file.getvalue()


def _clip(path: Path, codec: str, sound: str | None) -> bytes:
    rows, columns = np.mgrid[:24, :32]
    with av.open(path, "w") as container:
        video = container.add_stream(codec, rate=25)
        assert isinstance(video, VideoStream)
        video.width, video.height = 32, 24
        video.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        audio = container.add_stream(sound, rate=48_000, layout="stereo") if sound else None
        container.metadata["title"] = "a clip"
        for index in range(6):
            level = ((rows * 5 + columns * 3 + index * 9) % 200).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.dstack([level] * 3), "rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if isinstance(audio, AudioStream):
            container.mux(_silence(audio))
    return path.read_bytes()


def _silence(stream: AudioStream) -> "list[Packet[AudioStream]]":
    packets = []
    resampler = AudioResampler(stream.format, "stereo", 48_000, 960)
    for index in range(6):
        tone = AudioFrame.from_ndarray(np.zeros((2, 1920), np.float32), "fltp", "stereo")
        tone.sample_rate, tone.pts = 48_000, index * 1920
        for samples in resampler.resample(tone):
            packets += stream.encode(samples)
    return packets + stream.encode(None)


def pictures() -> dict[str, bytes]:
    """A picture of 24x20 pixels with EXIF, profile or palette where the format has them."""
    rows, columns = np.mgrid[:20, :24]
    image = Image.fromarray(np.dstack([rows * 9, columns * 8, rows + columns]).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a picture"
    made = {}
    for suffix in PICTURE_SUFFIXES:
        file = io.BytesIO()
        takes_exif = suffix in (".jpg", ".png", ".webp")
        image.save(
            file, Image.registered_extensions()[suffix], **({"exif": exif} if takes_exif else {})
        )
        made[suffix] = file.getvalue()
    return made


def model(folder: Path) -> bytes:
    """A lone generator with a convolution."""
    nodes = [
        helper.make_node("Transpose", ["image"], ["channels_first"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["channels_first"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["numbers", "weight"], ["filtered"], pads=[1, 1, 1, 1]),
        helper.make_node("Cast", ["filtered"], ["bytes"], to=TensorProto.UINT8),
        helper.make_node("Transpose", ["bytes"], ["image_out"], perm=[0, 2, 3, 1]),
    ]
    made = graph(nodes, {})
    weight = np.eye(3, dtype=np.float32)[:, :, None, None] * np.full((3, 3), 1 / 9, np.float32)
    made.graph.initializer.append(numpy_helper.from_array(weight, "weight"))
    return write_graph(folder / "seed.onnx", made, "day", "night").read_bytes()
