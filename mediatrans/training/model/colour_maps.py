"""Generators that recolour their input by local colour maps and lay a bounded texture on top."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mediatrans.training.model.networks import (
    GeneratorConfig,
    ResnetGenerator,
    mean_and_deviation,
)

__all__ = ["MAP_CHANNELS", "ColourMapGenerator", "Recoloured", "apply_colour_map"]

MAP_CHANNELS = 12
"""Numbers of a 3x4 affine colour map, row by row: three factors and an offset an output colour."""

_REACH = 0.98
"""Pictures are multiplied by it before atanh, whose poles are at -1 and 1."""


class Recoloured(NamedTuple):
    """A translation and what it was made with.

    Attributes:
        picture: [N, 3, H, W], between -1 / 0.98 and 1 / 0.98.
        map: An affine colour map a cell, [N, 12, H/4, W/4].
        texture: What was added to the recoloured picture, in [-1, 1], [N, 3, H, W].
    """

    picture: Tensor
    map: Tensor
    texture: Tensor


class ColourMapGenerator(ResnetGenerator):
    """A residual generator that says how to change its input rather than what to draw.

    From the trunk's features, at a quarter of the input's size, a head reads one affine colour map
    a cell (after the bilateral guided maps of Gharbi et al. 2017, HDRnet, without the bins of
    luminance). Enlarged and applied to the input, the maps carry the colours of the translation,
    and every detail stays the input's own. The decoder draws a bounded texture on top. The
    head's last layer begins with zeros: a new generator changes nothing but by its texture.

    The mean and the standard deviation of each colour channel, which the instance norms take away,
    are added to the features by a linear layer that begins with zeros.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__(config)
        channels = 4 * config.ngf
        self.colour_head = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, MAP_CHANNELS, 1),
        )
        self.statistics = nn.Linear(6, channels)
        for layer in (self.colour_head[-1], self.statistics):
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.identity: Tensor
        identity = torch.eye(3, 4).reshape(1, MAP_CHANNELS, 1, 1)
        self.register_buffer("identity", identity, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 3, H, W] in [-1, 1] -> the same shape; H, W multiples of 4."""
        return self.recolour(x).picture

    def recolour(self, x: Tensor) -> Recoloured:
        """As `forward`, with the maps and the texture."""
        features: Tensor = self.blocks(self.encoder(x))
        statistics = torch.cat(mean_and_deviation(x), dim=1).flatten(1)
        features = features + self.statistics(statistics)[:, :, None, None]
        change: Tensor = self.colour_head(features)
        texture = torch.tanh(self.decoder(features)).to(x.dtype)
        colour_map = change.to(x.dtype) + self.identity
        return Recoloured(apply_colour_map(x, colour_map, texture), colour_map, texture)


def apply_colour_map(x: Tensor, colour_map: Tensor, texture: Tensor) -> Tensor:
    """tanh(M z + o + texture) / 0.98 with z = atanh(0.98 x).

    In this space the result is bounded whatever the map is, and the identity is exact.

    Args:
        x: Pictures [N, 3, H, W]; what is outside of [-1, 1] is taken for -1 or 1.
        colour_map: [N, 12, h, w], a matrix M and an offset o a cell, row by row; enlarged
            bilinearly to H x W, the cells' centres being where the halves of pixels are.
        texture: [N, 3, H, W].
    """
    n, _, height, width = x.shape
    size = (height, width)
    full = functional.interpolate(colour_map, size=size, mode="bilinear", align_corners=False)
    rows = full.view(n, 3, 4, height, width)
    # The clamp keeps a cycle's second pass, whose input may be a little outside, off the poles.
    z = torch.atanh(_REACH * x.clamp(-1.0, 1.0))
    recoloured = (rows[:, :, :3] * z[:, None]).sum(dim=2) + rows[:, :, 3]
    return torch.tanh(recoloured + texture) / _REACH
