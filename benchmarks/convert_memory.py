"""Benchmark of the peak memory of `mediatrans convert` on long inputs, compared with short ones.

    python benchmarks/convert_memory.py --video long.mp4 --frames 500     # and its first 500 frames
    python benchmarks/convert_memory.py --pictures 5000 --against 250     # synthetic folders
    python benchmarks/convert_memory.py                                   # both, a synthetic clip

Each conversion runs in a separate process with an identity model, so that decoding, queues,
encoding and the report are measured. Resident memory is sampled during the run, which distinguishes
growth from a plateau.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image

from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME, GraphMetadata

_SAMPLE_S = 0.2


@dataclass(frozen=True)
class Memory:
    """The resident memory of a conversion in MiB: its peak, and that of each tenth of the run."""

    peak: float
    tenths: list[float]
    seconds: float


def measure(arguments: list[str]) -> Memory:
    """Run `mediatrans convert` and sample its resident memory."""
    command = [sys.executable, "-m", "mediatrans", "convert", *arguments]
    began = time.monotonic()
    samples = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            samples.append(_resident_mib(status.read_text()))
            time.sleep(_SAMPLE_S)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    parts = np.array_split(np.array(samples), 10)
    tenths = [float(part.max()) for part in parts if len(part)]
    return Memory(max(samples), tenths, time.monotonic() - began)


def _resident_mib(status: str) -> float:
    lines = dict(line.split(":", 1) for line in status.splitlines())
    # A process that has just ended has no VmHWM line.
    return int(lines.get("VmHWM", "0 kB").split()[0]) / 1024


def write_identity(path: Path) -> Path:
    """Write a generator that returns its input."""
    shape: list[str | int | None] = ["N", "H", "W", 3]
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("Identity", [INPUT_NAME], [OUTPUT_NAME])],
            "identity",
            [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, shape)],
            [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.UINT8, shape)],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    helper.set_model_props(model, GraphMetadata("same", "here", "there", 4).props())
    onnx.save(model, path)
    return path


def draw_clip(path: Path, frames: int) -> Path:
    """Write a clip of moving bars, 640x360."""
    rows, columns = np.mgrid[:360, :640]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for index in range(frames):
            bars = ((columns + rows // 2 + 3 * index) % 256).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.dstack([bars, bars, 255 - bars]), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def draw_pictures(folder: Path, count: int) -> Path:
    """Write a folder of JPEG files of smooth noise, 320x240."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(count):
        coarse = random.integers(0, 256, (15, 20, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
        picture.save(folder / f"{index:05}.jpg", quality=85)
    return folder


def compare(name: str, short: Memory, long: Memory) -> None:
    """Print both results and their ratio."""
    for label, memory in (("short", short), ("long", long)):
        tenths = " ".join(f"{mib:.0f}" for mib in memory.tenths)
        print(f"{name}, {label}: peak {memory.peak:.1f} MiB, {memory.seconds:.0f} s  [{tenths}]")
    print(f"{name}: long / short = {long.peak / short.peak:.3f}", flush=True)


def compare_video(video: Path, frames: int, common: list[str], out: Path) -> None:
    """Compare the whole video with its first frames."""
    target = str(out / f"out{video.suffix}")
    first = measure([str(video), "-o", target, "--preview", str(frames), *common])
    compare(
        f"{video.name}, {frames} frames and all",
        first,
        measure([str(video), "-o", target, *common]),
    )


def compare_folders(count: int, against: int, common: list[str], out: Path) -> None:
    """Compare a folder of many pictures with a folder of few."""
    few, many = draw_pictures(out / "few", against), draw_pictures(out / "many", count)
    report = ["--report", str(out / "report.json")]
    first = measure([str(few), "-o", str(out / "few-out"), *common, *report])
    second = measure([str(many), "-o", str(out / "many-out"), *common, *report])
    compare(f"{against} and {count} pictures", first, second)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--video", type=Path, help="a long video; the default is a synthetic clip")
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--against", type=int, default=250)
    parser.add_argument("--only", choices=("video", "pictures"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        model = write_identity(out / "identity.onnx")
        common = ["--to", "there", "--model", str(model), "--overwrite", "--quiet"]
        common += ["--check-every", "0"]
        if args.only != "pictures":
            video = args.video or draw_clip(out / "clip.mp4", 5000)
            compare_video(video, args.frames, common, out)
        if args.only != "video":
            compare_folders(args.pictures, args.against, common, out)


if __name__ == "__main__":
    main()
