"""Projected discriminators: small heads that judge pictures by a frozen network's features."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from mediatrans.training.model.efficientnet_lite import (
    LITE0_SCALES,
    lite0_features,
    load_efficientnet_lite,
)
from mediatrans.training.model.random_streams import generator_of

__all__ = [
    "BACKBONE",
    "FrozenProjection",
    "ProjectedDiscriminator",
    "ProjectedHeads",
    "load_backbone",
]

BACKBONE = "efficientnet-lite0"
"""A pair that was trained with it must be judged by another network."""

_WIDTH = 64
_SCALES = 4


class FrozenProjection(nn.Module):
    """Features of a frozen network at four scales, mixed at random (Sauer et al. 2021).

    A fixed random 1x1 convolution brings each scale to 64 channels (cross-channel mixing); then,
    from the coarsest on, each is enlarged, convolved at random and added to the next finer one
    (cross-scale mixing). None of it is learned, and none of it is in a state dict: the seed and
    the backbone's package bring it back.

    Args:
        backbone: What `load_backbone` gives; several projections may share it.
        seed: Decides the random convolutions.
    """

    def __init__(self, backbone: nn.Module, seed: str) -> None:
        super().__init__()
        self._backbone = (backbone,)  # a tuple hides it from parameters() and state_dict()
        random = generator_of("projection", seed)
        for scale, count in enumerate(LITE0_SCALES.values()):
            weight = torch.randn(_WIDTH, count, 1, 1, generator=random) / count**0.5
            self.register_buffer(f"channels_{scale}", weight, persistent=False)
        for scale in range(_SCALES - 1):
            weight = torch.randn(_WIDTH, _WIDTH, 3, 3, generator=random) / (9 * _WIDTH) ** 0.5
            self.register_buffer(f"scales_{scale}", weight, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Pictures [N, 3, H, W] in [-1, 1] -> four features [N, 64, h, w], the finest first."""
        features = lite0_features(self._backbone[0], x)
        mixed = [
            functional.conv2d(feature, self.get_buffer(f"channels_{scale}").to(feature.dtype))
            for scale, feature in enumerate(features)
        ]
        for scale in range(_SCALES - 2, -1, -1):
            size = mixed[scale].shape[-2:]
            coarser = functional.interpolate(
                mixed[scale + 1], size=size, mode="bilinear", align_corners=False
            )
            weight = self.get_buffer(f"scales_{scale}").to(coarser.dtype)
            mixed[scale] = mixed[scale] + functional.conv2d(coarser, weight, padding=1)
        return tuple(mixed)


class ProjectedHeads(nn.Module):
    """What is learned of a projected discriminator: a small spectrally normalised head a scale.

    Args:
        classes: Of the label maps that they see beside the features; 0 without any.
    """

    def __init__(self, classes: int = 0) -> None:
        super().__init__()
        self.heads = nn.ModuleList(_head(2 if scale < 2 else 1) for scale in range(_SCALES))
        if classes:
            self.labels = nn.ModuleList(
                spectral_norm(nn.Conv2d(_WIDTH, classes, 1)) for _ in range(_SCALES)
            )

    def forward(
        self, features: Sequence[Tensor], labels: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Judge pictures by their features.

        Args:
            features: Those of four scales, [N, 64, h, w].
            labels: A channel for each class, [N, classes, H, W], or None for unknown ones.

        Returns:
            Unbounded scores of each scale, [N, 1, h', w'].
        """
        scores = []
        for scale, feature in enumerate(features):
            head = self.heads[scale]
            assert isinstance(head, nn.Sequential)
            hidden = head[:-1](feature)
            score = head[-1](hidden)
            if labels is not None:
                # Projection (Miyato and Koyama 2018): a score for each class, that of the pixel's
                # added. Labels that are only added to the features are hardly heeded.
                each = self.labels[scale](hidden)
                score = score + (_reduced(labels, each) * each).sum(dim=1, keepdim=True)
            scores.append(score)
        return tuple(scores)


class ProjectedDiscriminator(NamedTuple):
    """A frozen projection and the heads that learn on it."""

    projection: FrozenProjection
    heads: ProjectedHeads


def _reduced(labels: Tensor, scores: Tensor) -> Tensor:
    """Labels as large as a scale's scores: each class's share of the pixels."""
    height, width = scores.shape[-2:]
    return functional.adaptive_avg_pool2d(labels, (height, width))


def load_backbone() -> nn.Module:
    """The network whose features are projected: EfficientNet-Lite0, frozen.

    Raises:
        MissingExtraError: The packages of the extra `evaluate` are not installed.
    """
    return load_efficientnet_lite(BACKBONE)


def _head(stride: int) -> nn.Sequential:
    kernel = 4 if stride == 2 else 3
    return nn.Sequential(
        spectral_norm(nn.Conv2d(_WIDTH, _WIDTH, kernel, stride, 1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(_WIDTH, _WIDTH, 3, 1, 1)),
        nn.LeakyReLU(0.2),
        spectral_norm(nn.Conv2d(_WIDTH, 1, 1)),
    )
