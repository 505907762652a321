"""Benchmark of the engines of this machine on one generator, or several, taking turns.

    python benchmarks/engines.py                         # 640x360, the shipped pair, 60 s
    python benchmarks/engines.py --size 960x540 --batch 4 --model models/mine --to winter
    python benchmarks/engines.py --model before.onnx --model after.onnx --device cpu

Every engine and number format translates the same batch in turn, so that other load on the machine
affects all of them. Wall time and CPU time are medians per frame. Differences are those from ONNX
Runtime on the CPU in float32 with the same model.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from mediatrans.translate.engines.agreement import difference, photograph_like
from mediatrans.translate.engines.choice import installed, open_engine
from mediatrans.translate.engines.engine import Pixels
from mediatrans.zoo.find import find


def timed(run: Callable[[Pixels], object], images: Pixels) -> tuple[float, float]:
    """The wall time and the CPU time of a run, in milliseconds per frame."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    run(images)
    spent = time.perf_counter() - wall_s, time.process_time() - cpu_s
    return spent[0] * 1000 / len(images), spent[1] * 1000 / len(images)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--size", default="640x360", help="WIDTHxHEIGHT, multiples of the stride")
    parser.add_argument("--batch", type=int, default=1, help="frames per inference call")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--to", default="winter")
    parser.add_argument("--model", action="append", help="as for mediatrans convert; repeatable")
    parser.add_argument("--device", action="append", default=[], help="only this one; repeatable")
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    random = np.random.default_rng(0)
    images = np.stack([photograph_like(random, height, width) for _ in range(args.batch)])
    engines, loaded, apart = {}, {}, {}
    for model in args.model or [None]:
        path = find(args.to, model).path
        reference = open_engine(path, device="cpu", threads=args.threads).run(images).image
        for device, precision in installed(args.device):
            case = (model or "shipped", device, precision)
            began = time.perf_counter()
            engine = open_engine(path, device=device, precision=precision, threads=args.threads)
            loaded[case] = time.perf_counter() - began
            engines[case] = engine
            apart[case] = difference(engine, images, reference)
    times: dict[tuple[str, str, str], list[tuple[float, float]]] = {case: [] for case in engines}
    ends = time.monotonic() + args.seconds
    while time.monotonic() < ends:
        for case, engine in engines.items():
            times[case].append(timed(engine.run, images))
    print("| model | engine | load, s | ms, CPU ms a frame | largest, mean difference | runs |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case, engine in engines.items():
        wall, cpu = (statistics.median(column) for column in zip(*times[case], strict=True))
        print(
            f"| {case[0]} | {engine.identity} | {loaded[case]:.2f} | {wall:.1f}, {cpu:.1f} "
            f"| {apart[case].largest}, {apart[case].mean:.3f} | {len(times[case])} |"
        )


if __name__ == "__main__":
    main()
