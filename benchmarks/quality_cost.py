"""What measuring adds to the wall time of `mediatrans convert` on a video.

    python benchmarks/quality_cost.py                                # 640x360, 300 frames, 3 rounds
    python benchmarks/quality_cost.py --video clip.mp4 --rounds 5

The arms take turns, each in a process of its own: `off` with `--check-every 0`, `on` with the
default, and `again`, which is `off` once more and shows how far two equal runs are apart. Wall and
CPU time are those of `mediatrans.convert`; CPU time is the fairer one where other work shares the
cores. Where the runs of `off` and `again` are further apart than 5 %, the last lines say more: what
part of a run of `on` the program was measuring. They leave out that the reverse generator is loaded
once a run.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convert_video import draw_clip  # type: ignore[import-not-found]

from mediatrans import ConvertOptions, convert
from mediatrans.conversion.delivery import Delivery
from mediatrans.quality.cycle import CycleMonitor

_ARMS = {"off": 0, "on": 60, "again": 0}
_MEASURING = ((CycleMonitor, "observe"), (Delivery, "observe"), (Delivery, "measured"))


class Clock:
    """Adds up the wall and the CPU time of calls; CPU time is that of all threads meanwhile."""

    def __init__(self) -> None:
        self.wall_s = self.cpu_s = 0.0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            wall_s, cpu_s = time.perf_counter(), cpu_now_s()
            try:
                return call(*args)
            finally:
                self.wall_s += time.perf_counter() - wall_s
                self.cpu_s += cpu_now_s() - cpu_s

        return timed


def cpu_now_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_arm(args: argparse.Namespace) -> None:
    """Convert once and print the times."""
    options = ConvertOptions(
        output=args.output,
        device=args.device,
        check_every=_ARMS[args.arm],
        overwrite=True,
    )
    measuring, whole = Clock(), Clock()
    for owner, name in _MEASURING:
        setattr(owner, name, measuring.around(getattr(owner, name)))
    (job,) = whole.around(convert)(args.video, args.to, options).jobs
    if job.status != "ok":
        sys.exit(f"{job.status}: {job.error}")
    row = {
        "wall_s": whole.wall_s,
        "cpu_s": whole.cpu_s,
        "measuring_wall_s": measuring.wall_s,
        "measuring_cpu_s": measuring.cpu_s,
        "moments": 0 if job.figures is None else len(job.figures.moments),
    }
    print(json.dumps(row))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--video", type=Path, help="a video; the default is a synthetic clip")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--to", default="winter")
    parser.add_argument("--device", default="auto", help="as for mediatrans convert")
    parser.add_argument("--arm", choices=_ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.arm:
        run_arm(args)
        return
    taken: dict[str, list[dict[str, float]]] = {arm: [] for arm in _ARMS}
    with tempfile.TemporaryDirectory() as place:
        if args.video is None:
            args.video = Path(place, "clip.mp4")
            draw_clip(args.video, args.frames, args.width, args.height)
        for round_ in range(args.rounds):
            for arm in _ARMS:
                words = ["--arm", arm, "--video", str(args.video), "--to", args.to]
                words += ["--output", str(Path(place, "out.mp4")), "--device", args.device]
                done = subprocess.run(
                    [sys.executable, __file__, *words],
                    stdout=subprocess.PIPE,
                    check=True,
                    text=True,
                )
                taken[arm].append(json.loads(done.stdout.splitlines()[-1]))
                print(f"round {round_ + 1}, {arm}: {taken[arm][-1]}", file=sys.stderr, flush=True)
    for key in ("wall_s", "cpu_s"):
        for arm in ("on", "again"):
            ratios = [
                row[key] / off[key] for row, off in zip(taken[arm], taken["off"], strict=True)
            ]
            print(f"{key} {arm} / off: {statistics.median(ratios):.3f}")
    for key in ("wall_s", "cpu_s"):
        shares = [row[f"measuring_{key}"] / row[key] for row in taken["on"]]
        print(f"{key} measuring / on: {statistics.median(shares):.3f}")


if __name__ == "__main__":
    main()
