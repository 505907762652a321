"""One CycleGAN: its four networks and the step that trains them."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.augmentation import Augmentation, draw_augmentation
from mediatrans.training.model.building import (
    build_generator,
    discriminator_config,
    generator_config,
)
from mediatrans.training.model.disturbance import Disturbance, draw_disturbance
from mediatrans.training.model.fading import Fade, draw_fade, faded
from mediatrans.training.model.further_discriminators import FurtherDiscriminators, Views
from mediatrans.training.model.label_channels import begin_with_weights, beside, one_hot
from mediatrans.training.model.losses import Losses
from mediatrans.training.model.networks import PatchDiscriminator, ResnetGenerator
from mediatrans.training.model.objective import Objective, Translations, uses_bfloat16
from mediatrans.training.model.pool import ReplayPool
from mediatrans.training.team import ALONE, Team

__all__ = ["CycleGAN"]


class _Draws(NamedTuple):
    """What a step draws beside the crops; it depends on the seed and the step alone.

    Attributes:
        disturbance: What the translations should follow.
        views: How the projected discriminators see pictures.
    """

    disturbance: Disturbance | None = None
    views: Views = Views()


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
        # Measured on CPUs: 0.7 of the time a step in bfloat16; in float32 no gain compiled, and on
        # some a tenth slower eager.
        last = device.type == "cuda" or uses_bfloat16(config, device)
        self._layout = torch.channels_last if last else torch.contiguous_format
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.G = build_generator(generator_config(config))
            self.F = build_generator(generator_config(config))
            self.D_A = PatchDiscriminator(discriminator_config(config))
            self.D_B = PatchDiscriminator(discriminator_config(config))
            self._losses = Objective(config, device)
            self._further = FurtherDiscriminators(config, self._losses)
        for network in self.networks().values():
            network.to(device).to(memory_format=self._layout)
        self._further.open_projections(device, self._layout)
        self.pool_a = ReplayPool(config.pool_size, f"a{config.seed}", team)
        self.pool_b = ReplayPool(config.pool_size, f"b{config.seed}", team)
        self.averages = copy.deepcopy((self.G, self.F)) if config.ema else None
        self._adam_generators = self._adam(self.G, self.F)
        self._adam_discriminators = self._adam(*self._discriminators())
        self._objective: Callable[..., Translations] = self._losses.of_generators
        self._judge: Callable[..., Tensor] = self._losses.of_discriminator
        self._steps = 0

    def step(
        self,
        a: Tensor,
        b: Tensor,
        rate: float = 1.0,
        labels: tuple[Tensor, Tensor] | None = None,
    ) -> Losses:
        """One step: G and F against the discriminators, then D_A and D_B against the generators.

        Args:
            a: Pictures of domain a, [N, 3, H, W] in [-1, 1].
            b: Pictures of domain b, the same shape.
            rate: What the learning rate is multiplied by.
            labels: Their label maps, [N, H, W], where the configuration has classes.
        """
        a, b = (self._prepared(x) for x in (a, b))
        of_a, of_b = self._label_channels(labels)
        draws = self._draws()
        with _frozen(*self._discriminators()):
            fake_a, fake_b, objective, parts = self._translate(a, b, draws, (of_a, of_b))
            fake_a, fake_b = beside(fake_a, of_b), beside(fake_b, of_a)
            weighted, further = self._further.of_generators(fake_a, fake_b, draws.views)
            torch.autograd.backward(objective + weighted)
        self._update(self._adam_generators, rate)

        pool_a, pool_b = (
            self.pool_a.exchange(fake_a.detach()),
            self.pool_b.exchange(fake_b.detach()),
        )
        a, b = beside(a, of_a), beside(b, of_b)
        d_a, d_b = self._judge(self.D_A, a, pool_a), self._judge(self.D_B, b, pool_b)
        mistakes = self._further.of_discriminators((a, b), (pool_a, pool_b), draws.views)
        torch.autograd.backward(d_a + d_b + mistakes.sum())
        self._update(self._adam_discriminators, rate)

        self._steps += 1
        self._average()
        ours = torch.stack((d_a, d_b)).detach(), further[:2], mistakes[:2].detach()
        layout = further[2:], mistakes[2:].detach()
        return Losses(*self._team.mean(torch.cat((parts, *ours, *layout))).tolist())

    def networks(self) -> dict[str, nn.Module]:
        """The trained networks by the paper's names, and those of further discriminators."""
        own = {"G": self.G, "F": self.F, "D_A": self.D_A, "D_B": self.D_B}
        return {**own, **self._further.networks()}

    @property
    def generators(self) -> tuple[ResnetGenerator, ResnetGenerator]:
        """G: a -> b and F: b -> a as they are to be used: averaged where the run averages."""
        return self.averages or (self.G, self.F)

    def compile(self) -> None:
        """Compile both objectives and prove on one batch that it works; the state stays as it was.

        What the projected discriminators add stays eager: compiled, the step took 1.3 times as long
        on a CPU, and five minutes to compile.

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
            labels = self._label_channels((a[:, 0], b[:, 0]) if self.config.label_classes else None)
            with _frozen(*self._discriminators()):
                fake_a, fake_b, objective, _ = self._translate(a, b, self._draws(), labels)
                if self._further.networks():
                    objective = objective + 0.0 * (fake_a.sum() + fake_b.sum())
                torch.autograd.backward(objective)
            fake_a, fake_b = beside(fake_a, labels[1]), beside(fake_b, labels[0])
            d_a = self._judge(self.D_A, beside(a, labels[0]), fake_a.detach())
            d_b = self._judge(self.D_B, beside(b, labels[1]), fake_b.detach())
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
        """Take the networks of a `state_dict`: averaged generators, where it has them.

        Optimisers, pools and steps stay those of a beginning, and so do projected heads where the
        other run had none.

        Raises:
            RuntimeError: They are of another architecture.
        """
        for name, network in self.networks().items():
            if name in state or name not in self._further.networks():
                begin_with_weights(network, state.get(f"average_{name}", state[name]))
        if self.averages is not None:
            self.averages = copy.deepcopy((self.G, self.F))

    def is_finite(self) -> bool:
        """Whether every weight is a finite number."""
        weights = (p for network in self.networks().values() for p in network.parameters())
        return all(bool(torch.isfinite(weight).all()) for weight in weights)

    def _discriminators(self) -> tuple[nn.Module, ...]:
        return self.D_A, self.D_B, *self._further.networks().values()

    def _prepared(self, pictures: Tensor) -> Tensor:
        config = self.config
        if config.fade_share:
            drawn = draw_fade(
                config.fade_share, config.batch_size, config.seed, self._steps, self.device
            )
            pictures = faded(pictures, Fade(*map(self._team.own, drawn)))
        return pictures.contiguous(memory_format=self._layout)

    def _draws(self) -> _Draws:
        config, disturbance = self.config, None
        if config.lambda_equivariance:
            disturbance = draw_disturbance(
                config.size, config.seed, self._steps, self.device, config.equivariance_flow
            )
        if not config.diff_augment:
            return _Draws(disturbance)
        purposes = ("fake_a", "fake_b", "real_a", "pool_a", "real_b", "pool_b")
        fake_a, fake_b, real_a, pool_a, real_b, pool_b = map(self._augmentation, purposes)
        return _Draws(disturbance, Views((fake_a, fake_b), (real_a, pool_a), (real_b, pool_b)))

    def _augmentation(self, purpose: str) -> Augmentation:
        config = self.config
        whole = draw_augmentation(
            purpose, config.batch_size, config.size, config.seed, self._steps, self.device
        )
        return Augmentation(*map(self._team.own, whole))

    def _label_channels(
        self, labels: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor | None, Tensor | None]:
        if labels is None:
            return None, None
        of_a, of_b = (one_hot(x.to(self.device), self.config.label_classes) for x in labels)
        return of_a, of_b

    def _translate(
        self,
        a: Tensor,
        b: Tensor,
        draws: _Draws,
        labels: tuple[Tensor | None, Tensor | None],
    ) -> Translations:
        both = (self.G, self.F), (self.D_A, self.D_B)
        return self._objective(*both, a, b, draws.disturbance, labels)

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
