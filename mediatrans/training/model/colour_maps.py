"""Generators that recolour their input by local colour maps and lay a bounded texture on top."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from mediatrans.training.model.networks import (
    GeneratorConfig,
    ReflectionPad,
    ResnetGenerator,
    mean_and_deviation,
)
from mediatrans.zoo.graph import MAP_REACH

__all__ = ["MAP_CHANNELS", "ColourMapGenerator", "Recoloured", "apply_colour_map"]

MAP_CHANNELS = 12
"""Numbers of a 3x4 affine colour map, row by row: three factors and an offset an output colour."""

_TEXTURE = 0.5
"""Largest texture, after atanh."""


class Recoloured(NamedTuple):
    """A translation and what it was made with.

    Attributes:
        picture: [N, 3, H, W], between -1.25 and 1.25.
        map: An affine colour map a cell, [N, 12, H/4, W/4] or [N, 12, H/2, W/2].
        texture: What was added to the recoloured picture, in [-0.5, 0.5], [N, 3, H, W]; None where
            the generator draws none.
    """

    picture: Tensor
    map: Tensor
    texture: Tensor | None


class ColourMapGenerator(ResnetGenerator):
    """A residual generator that says how to change its input rather than what to draw.

    From the trunk's features, at a quarter of the input's size, or from those of the decoder's
    first stage, at half of it, a head reads one affine colour map a cell (after the bilateral
    guided maps of Gharbi et al. 2017, HDRnet, without the bins of luminance). Enlarged and applied
    to the input, the maps carry the colours of the translation, and every detail stays the input's
    own. The rest of the decoder draws a bounded texture on top, or is left out. The last layers
    of both begin with zeros: a new generator changes nothing.

    The mean and the standard deviation of each colour channel, which the instance norms take away,
    are added to what the head reads by a linear layer that begins with zeros.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__(config)
        enlarged = config.head == "fine_colour_maps"
        channels = (2 if enlarged else 4) * config.ngf
        stage = next(i for i, part in enumerate(self.decoder) if isinstance(part, nn.ReLU)) + 1
        self.first_stage = self.decoder[:stage] if enlarged else nn.Sequential()
        rest = self.decoder[stage:] if enlarged else self.decoder
        self.decoder = nn.Sequential() if config.texture == "none" else rest
        if config.texture == "grey":
            self.decoder[-1] = nn.Conv2d(config.ngf, 1, 7)
        self.colour_head = nn.Sequential(
            ReflectionPad(1),
            nn.Conv2d(channels, channels, 3),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, MAP_CHANNELS, 1),
        )
        self.statistics = nn.Linear(6, channels)
        for layer in (self.colour_head[-1], self.statistics, *self.decoder[-1:]):
            for weights in layer.parameters():
                nn.init.zeros_(weights)
        self.identity: Tensor
        identity = torch.eye(3, 4).reshape(1, MAP_CHANNELS, 1, 1)
        self.register_buffer("identity", identity, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[N, 3, H, W] in [-1, 1] -> the same shape; H, W multiples of 4."""
        return self.recolour(x).picture

    def recolour(self, x: Tensor) -> Recoloured:
        """As `forward`, with the maps and the texture."""
        colour_map, drawn = self.draw(x)
        texture = None if drawn is None else drawn.expand(-1, 3, -1, -1)
        return Recoloured(apply_colour_map(x, colour_map, texture), colour_map, texture)

    def draw(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """The maps and the texture for pictures, which has one channel where it is grey."""
        features: Tensor = self.first_stage(self.blocks(self.encoder(x)))
        statistics = torch.cat(mean_and_deviation(x), dim=1).flatten(1)
        change: Tensor = self.colour_head(features + self.statistics(statistics)[:, :, None, None])
        colour_map = change.to(x.dtype) + self.identity
        if self.config.texture == "none":
            return colour_map, None
        return colour_map, _TEXTURE * torch.tanh(self.decoder(features)).to(x.dtype)


def apply_colour_map(x: Tensor, colour_map: Tensor, texture: Tensor | None = None) -> Tensor:
    """tanh(M z + o + texture) / r with z = atanh(r x) and r = MAP_REACH.

    In this space the result is bounded whatever the map is, and the identity is exact.

    Args:
        x: Pictures [N, 3, H, W]; what is outside of [-1, 1] is taken for -1 or 1.
        colour_map: [N, 12, h, w], a matrix M and an offset o a cell, row by row; enlarged
            bilinearly to H x W, the cells' centres being where the halves of pixels are.
        texture: [N, 3, H, W], or None.
    """
    n, _, height, width = x.shape
    size = (height, width)
    full = functional.interpolate(colour_map, size=size, mode="bilinear", align_corners=False)
    rows = full.view(n, 3, 4, height, width)
    # The clamp keeps a cycle's second pass, whose input may be a little outside, off the poles.
    z = torch.atanh(MAP_REACH * x.clamp(-1.0, 1.0))
    recoloured = (rows[:, :, :3] * z[:, None]).sum(dim=2) + rows[:, :, 3]
    if texture is not None:
        recoloured = recoloured + texture
    return torch.tanh(recoloured) / MAP_REACH
