"""The discriminators beside the PatchGANs: projected ones, and those of layout."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mediatrans.training.config import TrainConfig
from mediatrans.training.model.augmentation import Augmentation
from mediatrans.training.model.layout import LayoutDiscriminator
from mediatrans.training.model.objective import Objective
from mediatrans.training.model.projected import (
    FrozenProjection,
    ProjectedDiscriminator,
    ProjectedHeads,
    load_backbone,
)

__all__ = ["FurtherDiscriminators", "Views"]


class Views(NamedTuple):
    """How the projected discriminators see pictures in a step; None for as they are.

    Attributes:
        by_generators: F(b) and G(a) as F and G learn.
        of_a: Real and translated pictures of domain a as its discriminator learns.
        of_b: Those of domain b.
    """

    by_generators: tuple[Augmentation, Augmentation] | None = None
    of_a: tuple[Augmentation, Augmentation] | None = None
    of_b: tuple[Augmentation, Augmentation] | None = None


class FurtherDiscriminators:
    """What a configuration asks for beside D_A and D_B; nothing, where it asks for nothing.

    Pictures have the channels of their labels behind their own, where there are label maps.

    Args:
        config: The run's configuration.
        losses: The losses of its discriminators.
    """

    def __init__(self, config: TrainConfig, losses: Objective) -> None:
        self._config = config
        self._losses = losses
        self._projections: tuple[FrozenProjection, ...] = ()
        self._heads: tuple[ProjectedHeads, ...] = ()
        self._layouts: tuple[LayoutDiscriminator, ...] = ()
        if config.lambda_projected:
            self._heads = ProjectedHeads(config.label_classes), ProjectedHeads(config.label_classes)
        if config.lambda_layout:
            self._layouts = (
                LayoutDiscriminator(config.label_classes),
                LayoutDiscriminator(config.label_classes),
            )

    def networks(self) -> dict[str, nn.Module]:
        """What learns: P_A and P_B, the projected heads, L_A and L_B, those of layout."""
        heads = dict(zip(("P_A", "P_B"), self._heads, strict=False))
        return {**heads, **dict(zip(("L_A", "L_B"), self._layouts, strict=False))}

    def open_projections(self, device: torch.device, layout: torch.memory_format) -> None:
        """Load the frozen network, if there is to be one.

        Args:
            device: Where to compute.
            layout: How its weights lie in memory.

        Raises:
            MissingExtraError: The packages of the extra `evaluate` are not installed.
        """
        if self._heads:
            backbone = load_backbone().to(device).to(memory_format=layout)
            a, b = (
                FrozenProjection(backbone, f"{domain} {self._config.seed}").to(device)
                for domain in "ab"
            )
            self._projections = a, b

    def of_generators(self, fake_a: Tensor, fake_b: Tensor, views: Views) -> tuple[Tensor, Tensor]:
        """What G and F lose before them.

        Args:
            fake_a: F(b), [N, C, H, W].
            fake_b: G(a), likewise.
            views: How projected discriminators see them.

        Returns:
            The weighted sum, and the unweighted losses of projected G and F and of layout G and F,
            0 where there are none.
        """
        none = fake_a.new_zeros(())
        projected, layout = [none, none], [none, none]
        if self._heads:
            judge_a, judge_b = self._projected()
            seen_a, seen_b = views.by_generators or (None, None)
            projected = [
                self._losses.of_generator_projected(judge_b, fake_b, seen_b),
                self._losses.of_generator_projected(judge_a, fake_a, seen_a),
            ]
        if self._layouts:
            judges = zip(reversed(self._layouts), (fake_b, fake_a), strict=True)
            layout = [self._losses.of_generator_layout(*parts) for parts in judges]
        weighted = self._config.lambda_projected * torch.stack(projected).sum()
        weighted = weighted + self._config.lambda_layout * torch.stack(layout).sum()
        return weighted, torch.stack((*projected, *layout)).detach()

    def of_discriminators(
        self, real: tuple[Tensor, Tensor], fake: tuple[Tensor, Tensor], views: Views
    ) -> Tensor:
        """The losses of P_A, P_B, L_A and L_B, [4]; 0 for those that there are not.

        Args:
            real: Pictures of a and of b, [N, C, H, W].
            fake: Translations, likewise.
            views: How projected discriminators see them.
        """
        none = real[0].new_zeros(())
        projected, layout = [none, none], [none, none]
        if self._heads:
            parts = zip(self._projected(), real, fake, (views.of_a, views.of_b), strict=True)
            projected = [self._losses.of_projected(*part) for part in parts]
        if self._layouts:
            judges = zip(self._layouts, real, fake, strict=True)
            layout = [self._losses.of_discriminator(*part) for part in judges]
        return torch.stack((*projected, *layout))

    def _projected(self) -> list[ProjectedDiscriminator]:
        pairs = zip(self._projections, self._heads, strict=True)
        return [ProjectedDiscriminator(*pair) for pair in pairs]
