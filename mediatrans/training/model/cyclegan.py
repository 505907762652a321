"""One CycleGAN: its four networks and the step that trains them."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.disturbance import Disturbance, draw_disturbance, shifted
from mediatrans.training.model.losses import (
    adversarial_loss,
    cycle_loss,
    discriminator_loss,
    equivariance_loss,
    identity_loss,
    total_variation,
)
from mediatrans.training.model.networks import (
    DiscriminatorConfig,
    GeneratorConfig,
    PatchDiscriminator,
    ResnetGenerator,
)
from mediatrans.training.model.pool import ReplayPool
from mediatrans.training.team import ALONE, Team

__all__ = ["CycleGAN", "Losses", "discriminator_config", "generator_config"]


@dataclass(frozen=True, slots=True)
class Losses:
    """The unweighted losses of one step.

    Attributes:
        gan_g: Adversarial loss of G: a -> b.
        gan_f: Adversarial loss of F: b -> a.
        cycle_a: Mean |F(G(a)) - a|.
        cycle_b: Mean |G(F(b)) - b|.
        identity_a: Mean |F(a) - a|.
        identity_b: Mean |G(b) - b|.
        d_a: Loss of the discriminator of domain a.
        d_b: Loss of the discriminator of domain b.
    """

    gan_g: float
    gan_f: float
    cycle_a: float
    cycle_b: float
    identity_a: float
    identity_b: float
    d_a: float
    d_b: float

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The losses' names, in order."""
        return tuple(f.name for f in fields(cls))


class Translations(NamedTuple):
    """What the generators made of a batch: the pictures, the objective and its unweighted parts."""

    fake_a: Tensor
    fake_b: Tensor
    objective: Tensor
    parts: Tensor


Objective = Callable[[Tensor, Tensor, Disturbance | None], Translations]


def generator_config(config: TrainConfig) -> GeneratorConfig:
    """The generators' share of a training configuration."""
    return GeneratorConfig(
        config.ngf, config.blocks, config.upsample, config.separable, config.tone_skip
    )


def discriminator_config(config: TrainConfig) -> DiscriminatorConfig:
    """The discriminators' share of a training configuration."""
    return DiscriminatorConfig(config.ndf, config.n_layers)


class CycleGAN:
    """Zhu et al. 2017: G: a -> b, F: b -> a and their discriminators D_A and D_B.

    Args:
        config: The run's configuration; its seed decides the initial weights.
        device: Where to compute.
        team: The processes that train it together, each with its share of every batch.
    """

    def __init__(self, config: TrainConfig, device: torch.device, team: Team = ALONE) -> None:
        self.config = config
        self.device = device
        self._team = team
        # Measured on the CPU: no gain compiled, a tenth slower eager.
        self._layout = torch.channels_last if device.type == "cuda" else torch.contiguous_format
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.G = ResnetGenerator(generator_config(config))
            self.F = ResnetGenerator(generator_config(config))
            self.D_A = PatchDiscriminator(discriminator_config(config))
            self.D_B = PatchDiscriminator(discriminator_config(config))
        for network in self.networks().values():
            network.to(device).to(memory_format=self._layout)
        self.pool_a = ReplayPool(config.pool_size, f"a{config.seed}", team)
        self.pool_b = ReplayPool(config.pool_size, f"b{config.seed}", team)
        self.averages = copy.deepcopy((self.G, self.F)) if config.ema else None
        self._adam_generators = self._adam(self.G, self.F)
        self._adam_discriminators = self._adam(self.D_A, self.D_B)
        self._loss = adversarial_loss(config.gan_loss)
        self._half = config.precision == "bfloat16" or (
            config.precision == "auto" and device.type == "cuda"
        )
        self._objective: Objective = self._generator_objective
        self._judge: Callable[[nn.Module, Tensor, Tensor], Tensor] = self._discriminator_objective
        self._steps = 0

    def step(self, a: Tensor, b: Tensor, rate: float = 1.0) -> Losses:
        """One step: G and F against the discriminators, then D_A and D_B against the generators.

        Args:
            a: Pictures of domain a, [N, 3, H, W] in [-1, 1].
            b: Pictures of domain b, the same shape.
            rate: What the learning rate is multiplied by.
        """
        a, b = (x.contiguous(memory_format=self._layout) for x in (a, b))
        with _frozen(self.D_A, self.D_B):
            fake_a, fake_b, objective, parts = self._objective(a, b, self._disturbance())
            torch.autograd.backward(objective)
        self._update(self._adam_generators, rate)

        d_a = self._judge(self.D_A, a, self.pool_a.exchange(fake_a))
        d_b = self._judge(self.D_B, b, self.pool_b.exchange(fake_b))
        torch.autograd.backward(d_a + d_b)
        self._update(self._adam_discriminators, rate)

        self._steps += 1
        self._average()
        losses = torch.cat((parts, torch.stack((d_a, d_b)).detach()))
        return Losses(*self._team.mean(losses).tolist())

    def networks(self) -> dict[str, nn.Module]:
        """The four trained networks by the paper's names."""
        return {"G": self.G, "F": self.F, "D_A": self.D_A, "D_B": self.D_B}

    @property
    def generators(self) -> tuple[ResnetGenerator, ResnetGenerator]:
        """G: a -> b and F: b -> a as they are to be used: averaged where the run averages."""
        return self.averages or (self.G, self.F)

    def compile(self) -> None:
        """Compile both objectives and prove on one batch that it works; the state stays as it was.

        Raises:
            Exception: Whatever the compiler raised; the step is then eager as before.
        """
        eager = self._objective, self._judge
        count = len(self._team.share(self.config.batch_size))
        shape = (count, 3, self.config.size, self.config.size)
        a, b = (
            torch.full(shape, value, device=self.device).contiguous(memory_format=self._layout)
            for value in (0.1, 0.2)
        )
        try:
            self._objective = torch.compile(self._objective, dynamic=False, fullgraph=True)
            self._judge = torch.compile(self._judge, dynamic=False, fullgraph=True)
            with _frozen(self.D_A, self.D_B):
                fake_a, fake_b, objective, _ = self._objective(a, b, self._disturbance())
                torch.autograd.backward(objective)
            d_a, d_b = self._judge(self.D_A, a, fake_a), self._judge(self.D_B, b, fake_b)
            torch.autograd.backward(d_a + d_b)
        except BaseException:
            self._objective, self._judge = eager
            raise
        finally:
            for network in self.networks().values():
                network.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides its future: networks, averages, optimisers, pools, steps."""
        parts = self._stateful()
        return {name: part.state_dict() for name, part in parts.items()} | {"steps": self._steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where `state_dict` was taken, of the same configuration."""
        for name, part in self._stateful().items():
            part.load_state_dict(state[name])
        for adam in (self._adam_generators, self._adam_discriminators):
            _match_layouts(adam)
        self._steps = state["steps"]

    def begin_with(self, state: dict[str, Any]) -> None:
        """Take the four networks of a `state_dict`: averaged generators, where it has them.

        Optimisers, pools and steps stay those of a beginning.

        Raises:
            RuntimeError: They are of another architecture.
        """
        for name, network in self.networks().items():
            network.load_state_dict(state.get(f"average_{name}", state[name]))
        if self.averages is not None:
            self.averages = copy.deepcopy((self.G, self.F))

    def is_finite(self) -> bool:
        """Whether every weight is a finite number."""
        weights = (p for network in self.networks().values() for p in network.parameters())
        return all(bool(torch.isfinite(weight).all()) for weight in weights)

    def _disturbance(self) -> Disturbance | None:
        config = self.config
        if not config.lambda_equivariance:
            return None
        return draw_disturbance(config.size, config.seed, self._steps, self.device)

    def _generator_objective(
        self, a: Tensor, b: Tensor, disturbance: Disturbance | None
    ) -> Translations:
        # Instance norm is per sample, so the inputs of one generator share a pass.
        config = self.config
        first, second = [a], [b]
        if config.lambda_identity:
            first, second = [*first, b], [*second, a]
        if disturbance is not None:
            first.append(shifted(a, disturbance) + disturbance.noise)
            second.append(shifted(b, disturbance) + disturbance.noise)
        fake_b, *more_b = self._run(self.G, torch.cat(first)).chunk(len(first))
        fake_a, *more_a = self._run(self.F, torch.cat(second)).chunk(len(second))
        identity_a = identity_b = a.new_zeros(())
        if config.lambda_identity:
            identity_a, identity_b = identity_loss(a, more_a[0]), identity_loss(b, more_b[0])
        gan_g = self._loss(self._run(self.D_B, fake_b), 1.0)
        gan_f = self._loss(self._run(self.D_A, fake_a), 1.0)
        cycle_a = cycle_loss(a, self._run(self.F, fake_b))
        cycle_b = cycle_loss(b, self._run(self.G, fake_a))
        objective = (
            gan_g
            + gan_f
            + config.lambda_cycle * (cycle_a + cycle_b)
            + config.lambda_cycle * config.lambda_identity * (identity_a + identity_b)
        )
        if config.lambda_tv:
            objective = objective + config.lambda_tv * (
                total_variation(fake_a) + total_variation(fake_b)
            )
        if disturbance is not None:
            objective = objective + config.lambda_equivariance * (
                equivariance_loss(shifted(fake_a, disturbance), more_a[-1])
                + equivariance_loss(shifted(fake_b, disturbance), more_b[-1])
            )
        parts = torch.stack((gan_g, gan_f, cycle_a, cycle_b, identity_a, identity_b))
        return Translations(fake_a.detach(), fake_b.detach(), objective, parts.detach())

    def _discriminator_objective(self, network: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        scores = self._run(network, torch.cat((real, fake)))
        scores_real, scores_fake = scores.chunk(2)
        return discriminator_loss(self._loss, scores_real, scores_fake)

    def _run(self, network: nn.Module, x: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
            out: Tensor = network(x)
        return out.float() if self._half else out

    def _adam(self, *networks: nn.Module) -> torch.optim.Adam:
        weights = [weight for network in networks for weight in network.parameters()]
        config = self.config
        return torch.optim.Adam(
            weights, lr=config.learning_rate, betas=(config.beta1, 0.999), fused=True
        )

    def _update(self, adam: torch.optim.Adam, rate: float) -> None:
        for group in adam.param_groups:
            group["lr"] = self.config.learning_rate * rate
            self._team.average_gradients(group["params"])
        adam.step()
        adam.zero_grad(set_to_none=True)

    @torch.no_grad()
    def _average(self) -> None:
        if self.averages is None:
            return
        # A short memory at first, so that the random start is soon forgotten.
        decay = min(self.config.ema, (1 + self._steps) / (10 + self._steps))
        for average, network in zip(self.averages, (self.G, self.F), strict=True):
            torch._foreach_lerp_(
                list(average.parameters()), list(network.parameters()), 1.0 - decay
            )

    def _stateful(self) -> dict[str, Any]:
        averages = self.averages or ()
        return {
            **self.networks(),
            **dict(zip(("average_G", "average_F"), averages, strict=False)),
            "adam_generators": self._adam_generators,
            "adam_discriminators": self._adam_discriminators,
            "pool_a": self.pool_a,
            "pool_b": self.pool_b,
        }


def _match_layouts(adam: torch.optim.Adam) -> None:
    """Lay the moments out as their weights are: the fused step pairs them by memory position."""
    for weight, moments in adam.state.items():
        for name in ("exp_avg", "exp_avg_sq"):
            moments[name] = torch.empty_like(weight).copy_(moments[name])


@contextmanager
def _frozen(*networks: nn.Module) -> Iterator[None]:
    """Without gradients of these networks' weights, which the block would only throw away."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)
