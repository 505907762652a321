"""Benchmark of `mediatrans convert` on a video, compared with the model alone and a simple script.

    python benchmarks/convert_video.py                               # 640x360, 150 frames, 3 rounds
    python benchmarks/convert_video.py --frames 300 --rounds 5
    python benchmarks/convert_video.py --video clip.mp4 --threads 1

Three arms take turns, each in a separate process, so that other load on the machine affects all of
them. `convert` is `mediatrans.convert` without the cycle check. `plain` is a simple script with
cv2.VideoCapture, the same graph and cv2.VideoWriter, without sound and with a constant rate.
`session` only runs the frames through the engine. The wall time divided by the time inside the
session shows the cost of decoding and encoding. `plain` always uses ONNX Runtime on the CPU; the
others use --device.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mediatrans import ConvertOptions, Translator, convert
from mediatrans.conversion.workshop import Workshop
from mediatrans.translate.batch_size import read_batch_size
from mediatrans.translate.engines.choice import open_engine
from mediatrans.translate.engines.engine import Generated
from mediatrans.zoo.find import find
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME

Arm = Callable[[argparse.Namespace], dict[str, float | str | None]]


def draw_clip(path: Path, frames: int, width: int, height: int) -> None:
    """Write a clip of moving, textured bars with a tone; no two frames are equal."""
    rows, columns = np.mgrid[:height, :width]
    grain = np.random.default_rng(0).integers(0, 40, (height, 2 * width), dtype=np.uint8)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        for index in range(frames):
            bars = ((columns + rows // 2 + 3 * index) % 200).astype(np.uint8)
            bars += grain[:, 2 * index % width :][:, :width]
            frame = av.VideoFrame.from_ndarray(np.dstack([bars, 255 - bars, bars // 2]), "rgb24")
            container.mux(stream.encode(frame))
            time_s = (np.arange(1920) + index * 1920) / 48_000
            tone = 0.3 * np.sin(2 * np.pi * 440 * time_s).astype(np.float32)[None]
            samples = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
            samples.sample_rate, samples.pts = 48_000, index * 1920
            container.mux(sound.encode(samples))
        container.mux(stream.encode(None))
        container.mux(sound.encode(None))


def run_convert(args: argparse.Namespace) -> dict[str, float | str | None]:
    """Time `mediatrans.convert`, and the part of it inside the session."""
    inside_s = 0.0

    class Timed:
        """The engine, whose time is added up."""

        def __init__(self, path: Path, **how: Any) -> None:
            self._engine = open_engine(path, **how)
            self.identity, self.provider = self._engine.identity, self._engine.provider
            self.batch_sizes = self._engine.batch_sizes

        def run(self, images: NDArray[np.uint8]) -> Generated:
            nonlocal inside_s
            began_s = time.perf_counter()
            try:
                return self._engine.run(images)
            finally:
                inside_s += time.perf_counter() - began_s

    options = ConvertOptions(
        output=args.output,
        model=args.model,
        device=args.device,
        precision=args.precision,
        threads=args.threads,
        batch_size=read_batch_size(args.batch_size),
        check_every=0,
        overwrite=True,
    )
    workshop = Workshop(find(args.to, args.model), options, engine_opener=Timed)
    began_s = time.perf_counter()
    report = convert(args.video, args.to, workshop=workshop)
    wall_s = time.perf_counter() - began_s
    (job,) = report.jobs
    if job.status != "ok" or job.repeated_frames:
        sys.exit(f"{job.status}: {job.error}, {job.repeated_frames} repeated frames")
    return {"wall_s": wall_s, "session_s": inside_s, "limited_by": job.limited_by}


def run_session(args: argparse.Namespace) -> dict[str, float | str | None]:
    """Time the session on the same frames, decoded beforehand."""
    translator = Translator.load(
        args.to,
        model=args.model,
        device=args.device,
        precision=args.precision,
        threads=args.threads,
    )
    with av.open(str(args.video)) as container:
        frames = [frame.to_ndarray(format="rgb24")[None] for frame in container.decode(video=0)]
    began_s = time.perf_counter()
    for frame in frames:
        translator(np.asarray(frame, np.uint8))
    return {"wall_s": time.perf_counter() - began_s}


def run_plain(args: argparse.Namespace) -> dict[str, float | str | None]:
    """Time a simple script from opening to closing."""
    began_s = time.perf_counter()
    options = ort.SessionOptions()
    if args.threads is not None:
        options.intra_op_num_threads = args.threads
    session = ort.InferenceSession(args.network, options, providers=["CPUExecutionProvider"])
    capture = cv2.VideoCapture(str(args.video))
    size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    fourcc = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(args.output), fourcc, capture.get(cv2.CAP_PROP_FPS), size)
    inside_s = 0.0
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        call_s = time.perf_counter()
        (out,) = session.run([OUTPUT_NAME], {INPUT_NAME: rgb[None]})
        inside_s += time.perf_counter() - call_s
        writer.write(cv2.cvtColor(out[0], cv2.COLOR_RGB2BGR))
    writer.release()
    capture.release()
    return {"wall_s": time.perf_counter() - began_s, "session_s": inside_s}


ARMS: dict[str, Arm] = {"convert": run_convert, "plain": run_plain, "session": run_session}


def take_turns(args: argparse.Namespace, arms: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Run every arm once per round, each in a new process."""
    taken: dict[str, list[dict[str, Any]]] = {arm: [] for arm in arms}
    for round_ in range(args.rounds):
        for arm in arms:
            words = ["--arm", arm, "--video", str(args.video), "--to", args.to]
            words += ["--network", str(args.network), "--output", str(args.output)]
            words += ["--model", args.model] if args.model else []
            words += ["--threads", str(args.threads)] if args.threads else []
            words += ["--device", args.device, "--precision", args.precision]
            words += ["--batch-size", args.batch_size]
            done = subprocess.run(
                [sys.executable, __file__, *words], stdout=subprocess.PIPE, check=True, text=True
            )
            taken[arm].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"round {round_ + 1}, {arm}: {taken[arm][-1]}", file=sys.stderr, flush=True)
    return taken


def print_results(taken: dict[str, list[dict[str, Any]]]) -> None:
    """Print the medians, and the medians of the ratios within each round."""

    def median(arm: str, key: str) -> float:
        return float(statistics.median(row[key] for row in taken[arm]))

    def ratio(over: tuple[str, str], under: tuple[str, str]) -> float:
        rows = zip(taken[over[0]], taken[under[0]], strict=True)
        return float(statistics.median(a[over[1]] / b[under[1]] for a, b in rows))

    for arm in taken:
        print(f"{arm:8} wall {median(arm, 'wall_s'):8.2f} s")
    inside = ("convert", "session_s")
    print(f"convert: inside the session {median(*inside):.2f} s", end=", ")
    print(f"wall / session {ratio(('convert', 'wall_s'), inside):.3f}", end=", ")
    print(f"limited by {taken['convert'][-1]['limited_by']}")
    if "session" in taken:
        print(f"convert / session alone {ratio(('convert', 'wall_s'), ('session', 'wall_s')):.3f}")
    if "plain" in taken:
        plain = ratio(("plain", "wall_s"), ("plain", "session_s"))
        print(f"plain: wall / session {plain:.3f}")
        print(f"plain / convert {ratio(('plain', 'wall_s'), ('convert', 'wall_s')):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--video", type=Path, help="a video; the default is a synthetic clip")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--to", default="winter")
    parser.add_argument("--model", help="as for mediatrans convert")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", default="auto", help="as for mediatrans convert")
    parser.add_argument("--precision", default="auto", help="as for mediatrans convert")
    parser.add_argument("--batch-size", default="auto", help="as for mediatrans convert")
    parser.add_argument("--arms", default="convert,plain,session", help="the arms to compare")
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--network", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.arm:
        print(json.dumps(ARMS[args.arm](args)))
        return
    with tempfile.TemporaryDirectory() as place:
        if args.video is None:
            args.video = Path(place, "clip.mp4")
            draw_clip(args.video, args.frames, args.width, args.height)
        args.network = Translator.load(args.to, model=args.model).generator.path
        args.output = Path(place, "out.mp4")
        print_results(take_turns(args, args.arms.split(",")))


if __name__ == "__main__":
    main()
