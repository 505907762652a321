"""Benchmark of seconds per training step, compared with a straightforward implementation.

    python benchmarks/train_step.py                                  # ngf 16, blocks 6, 128 px
    python benchmarks/train_step.py --ngf 32 --ndf 64 --rounds 20
    OMP_WAIT_POLICY=PASSIVE python benchmarks/train_step.py          # as `mediatrans train` runs it
    python benchmarks/train_step.py --ngf 64 --blocks 9 --size 256 --ndf 64 --rounds 4 --ends

All arms take turns in one process, so that other load on the machine affects all of them; the
figures are medians. Each arm adds one optimisation. Channels-last is shown for comparison; the
trainer does not use it on the CPU.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.building import discriminator_config, generator_config
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.model.networks import PatchDiscriminator, ResnetGenerator
from mediatrans.training.model.pool import ReplayPool

Step = Callable[[Tensor, Tensor], object]


@dataclass(frozen=True)
class Tricks:
    """The optimisations of a step."""

    paired: bool = False
    frozen: bool = False
    fused: bool = False
    channels_last: bool = False


class PlainStep:
    """A step of separate generator and discriminator passes, with optional optimisations."""

    def __init__(self, config: TrainConfig, tricks: Tricks) -> None:
        self.tricks = tricks
        self.G, self.F = (ResnetGenerator(generator_config(config)) for _ in range(2))
        self.D_A, self.D_B = (PatchDiscriminator(discriminator_config(config)) for _ in range(2))
        if tricks.channels_last:
            for network in (self.G, self.F, self.D_A, self.D_B):
                network.to(memory_format=torch.channels_last)
        self.pool_a, self.pool_b = ReplayPool(50, 0), ReplayPool(50, 1)
        self.adam_g, self.adam_d = (
            torch.optim.Adam(
                itertools.chain(first.parameters(), second.parameters()),
                lr=2e-4,
                betas=(0.5, 0.999),
                fused=tricks.fused or None,
            )
            for first, second in ((self.G, self.F), (self.D_A, self.D_B))
        )

    def __call__(self, a: Tensor, b: Tensor) -> None:
        """Update the generators, then the discriminators."""
        if self.tricks.channels_last:
            a, b = (x.contiguous(memory_format=torch.channels_last) for x in (a, b))
        self._require_discriminator_gradients(not self.tricks.frozen)
        fake_b, same_b = self._twice(self.G, a, b)
        fake_a, same_a = self._twice(self.F, b, a)
        cycle = (self.F(fake_b) - a).abs().mean() + (self.G(fake_a) - b).abs().mean()
        identity = (same_a - a).abs().mean() + (same_b - b).abs().mean()
        gan = (self.D_B(fake_b) - 1).square().mean() + (self.D_A(fake_a) - 1).square().mean()
        self.adam_g.zero_grad()
        torch.autograd.backward(gan + 10 * cycle + 5 * identity)
        self.adam_g.step()

        self._require_discriminator_gradients(True)
        self.adam_d.zero_grad()
        for network, real, fake, pool in (
            (self.D_A, a, fake_a, self.pool_a),
            (self.D_B, b, fake_b, self.pool_b),
        ):
            scores, scores_fake = self._twice(network, real, pool.exchange(fake.detach()))
            loss = (scores - 1).square().mean() + scores_fake.square().mean()
            torch.autograd.backward(0.5 * loss)
        self.adam_d.step()

    def _twice(self, network: nn.Module, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        if not self.tricks.paired:
            return network(first), network(second)
        one, two = network(torch.cat((first, second))).chunk(2)
        return one, two

    def _require_discriminator_gradients(self, on: bool) -> None:
        for network in (self.D_A, self.D_B):
            network.requires_grad_(on)


def arms(config: TrainConfig, compiled: bool) -> dict[str, Step]:
    """The compared steps, the straightforward one first, the trainer's last."""
    steps: dict[str, Step] = {
        "straightforward": PlainStep(config, Tricks()),
        "+ paired passes": PlainStep(config, Tricks(paired=True)),
        "+ no wasted gradients": PlainStep(config, Tricks(paired=True, frozen=True)),
        "+ fused Adam": PlainStep(config, Tricks(paired=True, frozen=True, fused=True)),
        "+ channels-last (not kept)": PlainStep(config, Tricks(True, True, True, True)),
        "the trainer, eager": CycleGAN(config, torch.device("cpu")).step,
    }
    if compiled:
        model = CycleGAN(config, torch.device("cpu"))
        began = time.perf_counter()
        model.compile()
        print(f"compiled in {time.perf_counter() - began:.0f} s")
        steps["the trainer, compiled"] = model.step
    return steps


def measure(steps: dict[str, Step], size: int, rounds: int) -> dict[str, list[float]]:
    """Measure the seconds of each step of each arm; the arms take turns."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(-2, rounds):
        a, b = (torch.rand(1, 3, size, size) * 2 - 1 for _ in range(2))
        for name, step in steps.items():
            began = time.perf_counter()
            step(a, b)
            if round_ >= 0:
                taken[name].append(time.perf_counter() - began)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name, default in (("ngf", 16), ("ndf", 32), ("blocks", 6), ("size", 128), ("rounds", 30)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--upsample", choices=("transpose", "resize"), default="transpose")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--ends", action="store_true", help="only the first and the last arm")
    args = parser.parse_args()
    config = TrainConfig(
        ngf=args.ngf,
        ndf=args.ndf,
        blocks=args.blocks,
        size=args.size,
        load_size=args.size,
        upsample=args.upsample,
    )
    steps = arms(config, not args.no_compile)
    if args.ends:
        steps = {name: steps[name] for name in (next(iter(steps)), next(reversed(steps)))}
    taken = measure(steps, args.size, args.rounds)
    straightforward = taken["straightforward"]
    print(
        f"ngf {args.ngf}, ndf {args.ndf}, {args.blocks} blocks, {args.size} px, {args.upsample}; ",
        end="",
    )
    print(f"{args.rounds} rounds, {torch.get_num_threads()} threads, torch {torch.__version__}")
    for name, seconds in taken.items():
        ratio = statistics.median(
            mine / base for mine, base in zip(seconds, straightforward, strict=True)
        )
        print(f"{name:28} {statistics.median(seconds):8.3f} s   ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
