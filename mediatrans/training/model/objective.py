"""The objectives of a step: of the generators together, and of one domain's discriminators."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.augmentation import Augmentation, augmented
from mediatrans.training.model.colour_maps import ColourMapGenerator
from mediatrans.training.model.disturbance import Disturbance, shifted
from mediatrans.training.model.label_channels import apart
from mediatrans.training.model.losses import (
    adversarial_loss,
    cycle_loss,
    discriminator_loss,
    equivariance_loss,
    excess_detail,
    hinge_discriminator_loss,
    hinge_generator_loss,
    identity_loss,
    map_variation,
    total_variation,
)
from mediatrans.training.model.networks import ResnetGenerator
from mediatrans.training.model.projected import ProjectedDiscriminator

__all__ = ["Objective", "Translations", "uses_bfloat16"]


class Translations(NamedTuple):
    """What the generators made of a batch.

    Attributes:
        fake_a: F(b), with gradients where projected discriminators are still to see it.
        fake_b: G(a), likewise.
        objective: The weighted sum that the generators lower, but for the projected terms.
        parts: Its unweighted terms, as `Losses` orders them.
    """

    fake_a: Tensor
    fake_b: Tensor
    objective: Tensor
    parts: Tensor


def uses_bfloat16(config: TrainConfig, device: torch.device) -> bool:
    """Whether the networks compute under bfloat16 autocast."""
    return config.precision == "bfloat16" or (config.precision == "auto" and device.type == "cuda")


class Objective:
    """The losses of a configuration, of networks that it does not own.

    Args:
        config: The weights of the terms, and the precision: bfloat16 is autocast.
        device: Where the networks are.
    """

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        self._config = config
        self._device = device
        self._half = uses_bfloat16(config, device)
        self._loss = adversarial_loss(config.gan_loss)

    def of_generators(
        self,
        generators: tuple[ResnetGenerator, ResnetGenerator],
        discriminators: tuple[nn.Module, nn.Module],
        a: Tensor,
        b: Tensor,
        disturbance: Disturbance | None = None,
        labels: tuple[Tensor | None, Tensor | None] = (None, None),
    ) -> Translations:
        """The generators' objective.

        Args:
            generators: G: a -> b and F: b -> a.
            discriminators: D_A and D_B.
            a: Pictures of domain a, [N, 3, H, W] in [-1, 1].
            b: Pictures of domain b.
            disturbance: What the translations should follow, or None.
            labels: Those of a and of b, [N, classes, H, W]; the discriminators see them beside the
                translations.
        """
        # Instance norm is per sample, so the inputs of one generator share a pass.
        config, (G, F), (D_A, D_B) = self._config, generators, discriminators
        first, second = [a], [b]
        if config.lambda_identity:
            first, second = [*first, b], [*second, a]
        if disturbance is not None:
            first.append(shifted(a, disturbance) + disturbance.noise)
            second.append(shifted(b, disturbance) + disturbance.noise)
        (fake_b, *more_b), map_b = self._translate(G, first)
        (fake_a, *more_a), map_a = self._translate(F, second)
        identity_a = identity_b = a.new_zeros(())
        if config.lambda_identity:
            identity_a, identity_b = identity_loss(a, more_a[0]), identity_loss(b, more_b[0])
        gan_g = self._loss(self._run(D_B, fake_b, labels[0]), 1.0)
        gan_f = self._loss(self._run(D_A, fake_a, labels[1]), 1.0)
        cycle_a = cycle_loss(a, self._run(F, fake_b))
        cycle_b = cycle_loss(b, self._run(G, fake_a))
        objective = (
            gan_g
            + gan_f
            + config.lambda_cycle * (cycle_a + cycle_b)
            + config.lambda_cycle * config.lambda_identity * (identity_a + identity_b)
            + config.lambda_map_smooth * (map_a + map_b)
        )
        objective = objective + self._steadiness((fake_a, fake_b), (more_a, more_b), disturbance)
        if config.lambda_detail:
            allowed = config.detail_allowed
            excess = excess_detail(a, fake_b, allowed) + excess_detail(b, fake_a, allowed)
            objective = objective + config.lambda_detail * excess
        parts = (gan_g, gan_f, cycle_a, cycle_b, identity_a, identity_b, map_a, map_b)
        if not (config.lambda_projected or config.lambda_layout):
            fake_a, fake_b = fake_a.detach(), fake_b.detach()
        return Translations(fake_a, fake_b, objective, torch.stack(parts).detach())

    def of_discriminator(self, network: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """The loss of a PatchGAN discriminator, a scalar.

        Args:
            network: The discriminator.
            real: Pictures, [N, 3, H, W], with the channels of their labels behind, if it sees any.
            fake: Translations, likewise.
        """
        scores_real, scores_fake = self._run(network, *apart(torch.cat((real, fake)))).chunk(2)
        return discriminator_loss(self._loss, scores_real, scores_fake)

    def of_generator_layout(self, network: nn.Module, fake: Tensor) -> Tensor:
        """A generator's unweighted loss before a layout discriminator, a scalar."""
        return self._loss(self._run(network, *apart(fake)), 1.0)

    def of_generator_projected(
        self, judge: ProjectedDiscriminator, fake: Tensor, seen: Augmentation | None
    ) -> Tensor:
        """A generator's unweighted loss before a projected discriminator, a scalar.

        Args:
            judge: The discriminator.
            fake: Translations, [N, 3, H, W], with the channels of their labels behind, if any.
            seen: How it sees them, or None for as they are.
        """
        shown = fake if seen is None else augmented(fake, seen)
        return hinge_generator_loss(self._project(judge, shown))

    def of_projected(
        self,
        judge: ProjectedDiscriminator,
        real: Tensor,
        fake: Tensor,
        seen: tuple[Augmentation, Augmentation] | None,
    ) -> Tensor:
        """The loss of a projected discriminator, a scalar; arguments as above."""
        if seen is not None:
            real, fake = augmented(real, seen[0]), augmented(fake, seen[1])
        scores = [scale.chunk(2) for scale in self._project(judge, torch.cat((real, fake)))]
        return hinge_discriminator_loss([s[0] for s in scores], [s[1] for s in scores])

    def _translate(
        self, generator: ResnetGenerator, pictures: list[Tensor]
    ) -> tuple[Sequence[Tensor], Tensor]:
        """The translations of several batches in one pass, and how much the colour maps vary."""
        batch = torch.cat(pictures)
        if not self._config.lambda_map_smooth:
            return self._run(generator, batch).chunk(len(pictures)), batch.new_zeros(())
        assert isinstance(generator, ColourMapGenerator)
        made = self._run(generator.recolour, batch)
        return made.picture.chunk(len(pictures)), map_variation(batch, made.map)

    def _steadiness(
        self,
        fakes: tuple[Tensor, Tensor],
        more: tuple[list[Tensor], list[Tensor]],
        disturbance: Disturbance | None,
    ) -> Tensor:
        """The weighted terms against noise and flicker."""
        config, terms = self._config, [fakes[0].new_zeros(())]
        if config.lambda_tv:
            terms += [config.lambda_tv * total_variation(fake) for fake in fakes]
        if disturbance is not None:
            terms += [
                config.lambda_equivariance
                * equivariance_loss(shifted(fake, disturbance), others[-1], disturbance.inside)
                for fake, others in zip(fakes, more, strict=True)
            ]
        return torch.stack(terms).sum()

    def _project(self, judge: ProjectedDiscriminator, pictures: Tensor) -> list[Tensor]:
        colours, labels = apart(pictures)
        features = self._run(judge.projection, colours)
        return [scores.float() for scores in self._run(judge.heads, features, labels)]

    def _run(self, network: Callable[..., Any], *inputs: Any) -> Any:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            out = network(*inputs)
        return out.float() if self._half and isinstance(out, Tensor) else out
