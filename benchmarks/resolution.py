"""Benchmark of `mediatrans convert` at several resolutions, compared with a plain transcode.

    python benchmarks/resolution.py film.mp4 --to winter
    python benchmarks/resolution.py film.mp4 --to winter --sizes 360,1080 --frames 120 --rounds 3

The first frames of the film, which is repeated where it is shorter, are scaled to every size and
encoded almost without loss. Then the arms take turns, each as a command of its own: `auto` and
`full` are `mediatrans convert` with `--work-size auto` and `full`, `plain` is ffmpeg with the same
encoder and settings (H.264, medium, CRF 18) and no translation. Nothing is checked. Times are wall
times of whole commands, less those of the same command on a few frames: the start is counted
separately. x264 looks 40 frames ahead, so that a clip should have several hundred.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import imageio_ffmpeg

_FEW = 12  # frames of the clips whose time is taken off


def ffmpeg(*words: object) -> None:
    exe = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([exe, "-v", "error", "-y", *map(str, words)], check=True)


def scaled(film: Path, target: Path, side: int, frames: int) -> int:
    """Write the first frames of the film with a shorter side of so many pixels; count them."""
    size = f"scale=-2:{side}:flags=lanczos"
    encoder = ["-c:v", "libx264", "-crf", 12, "-preset", "fast", "-pix_fmt", "yuv420p"]
    words = ["-stream_loop", -1, "-i", film, "-an", "-vf", size, "-frames:v", frames]
    ffmpeg(*words, *encoder, target)
    with av.open(str(target)) as container:
        return container.streams.video[0].frames


def seconds(arm: str, clip: Path, args: argparse.Namespace) -> float:
    """Wall seconds of one command."""
    target = clip.with_name("out.mp4")
    began_s = time.perf_counter()
    if arm == "plain":
        ffmpeg("-i", clip, "-c:v", "libx264", "-preset", "medium", "-crf", 18, target)
    else:
        words = ["convert", str(clip), "-o", str(target), "--to", args.to, "-y", "--quiet"]
        words += ["--check-every", "0", "--work-size", arm, "--stabilise", str(args.stabilise)]
        words += ["--model", args.model] if args.model else []
        words += ["--device", args.device, "--precision", args.precision]
        subprocess.run([sys.executable, "-m", "mediatrans", *words], check=True)
    return time.perf_counter() - began_s


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("film", type=Path)
    parser.add_argument("--to", required=True, help="the domain to translate to")
    parser.add_argument("--model", help="as for mediatrans convert")
    parser.add_argument("--sizes", default="360,480,720,1080", help="shorter sides")
    parser.add_argument("--arms", default="auto,full,plain")
    parser.add_argument("--frames", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--stabilise", type=float, default=0.0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    args = parser.parse_args()
    sides, arms = [*map(int, args.sizes.split(","))], args.arms.split(",")
    print(f"| shorter side | {' | '.join(f'{arm}, ms a frame (start, s)' for arm in arms)} |")
    print(f"| --- |{' --- |' * len(arms)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for side in sides:
            clips = Path(folder, f"{side}.mp4"), Path(folder, f"{side}-few.mp4")
            many, few = (
                scaled(args.film, clip, side, count)
                for clip, count in zip(clips, (args.frames, _FEW), strict=True)
            )
            taken: dict[str, list[tuple[float, float]]] = {arm: [] for arm in arms}
            for _ in range(args.rounds):
                for arm in arms:
                    long_s, short_s = (seconds(arm, clip, args) for clip in clips)
                    each_s = (long_s - short_s) / (many - few)
                    taken[arm].append((each_s, short_s - few * each_s))
            row = []
            for arm in arms:
                each_s, start_s = (statistics.median(c) for c in zip(*taken[arm], strict=True))
                row.append(f"{1000 * each_s:.0f} ({start_s:.1f})")
            print(f"| {side} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
