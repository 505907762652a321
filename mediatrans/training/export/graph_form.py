"""The form in which generators are exported: the same function in fewer operations."""

import copy
from itertools import product
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from mediatrans.training.model.colour_maps import ColourMapGenerator
from mediatrans.training.model.networks import STRIDE, ResnetGenerator
from mediatrans.zoo.graph import MAP_REACH

__all__ = ["ColourMapGraph", "subpixel_convolution", "with_subpixel_output"]

_Generator = TypeVar("_Generator", bound=ResnetGenerator)

_FACTORS = 3
_COLOURS = 3


def subpixel_convolution(convolution: nn.Conv2d, block: int) -> nn.Sequential:
    """A convolution that makes squares of pixels at once, as channels (Shi et al. 2016, ESPCN).

    Runtimes compute at least 16 channels at a time. A convolution that draws one or three makes
    use of all of them if it draws 4x4 pixels, with the same weights, at each place.

    Args:
        convolution: Of stride 1, without padding.
        block: The side of a square; the output's height and width must be multiples of it.

    Returns:
        The same function, except for the order of the sums.
    """
    weights = torch.stack(
        [
            functional.pad(convolution.weight, (col, block - 1 - col, row, block - 1 - row))
            for row, col in product(range(block), repeat=2)
        ],
        dim=1,
    )
    channels, squared, inputs, *kernel = weights.shape
    has_bias = convolution.bias is not None
    wide = nn.Conv2d(
        inputs, channels * squared, (kernel[0], kernel[1]), stride=block, bias=has_bias
    )
    wide.weight = nn.Parameter(weights.flatten(0, 1).detach())
    if convolution.bias is not None:
        wide.bias = nn.Parameter(convolution.bias.detach().repeat_interleave(squared))
    return nn.Sequential(wide, nn.PixelShuffle(block))


class EnlargingConvolution(nn.Module):
    """Bilinear enlargement by two, reflection padding by one and a 3x3 convolution, in one.

    It makes the 2x2 pixels of each small one at once, as channels, from the small ones around it.
    The pixels at the border have other weights, since the padding reflects enlarged features.
    Four times as many values are never enlarged, padded or, in bfloat16, rounded: rounding them
    one by one adds up where the convolution takes differences.

    Args:
        convolution: The convolution; features have at least three rows and columns.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        bias = convolution.bias
        assert bias is not None
        self.bias = nn.Parameter(bias.detach().repeat_interleave(4))
        places = _taps_by_place()
        self.weights = nn.ParameterList(
            torch.einsum("oitu,apt,bqu->opqiab", convolution.weight.detach(), row, col)
            .flatten(0, 2)
            .contiguous()
            for row, col in product(places, repeat=2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, h, w] -> [N, D, 2 h, 2 w]."""
        weights = iter(self.weights)
        rows = []
        for strip in (x[:, :, :2], x, x[:, :, -2:]):
            cells = [
                functional.conv2d(part, next(weights), self.bias)
                for part in (strip[..., :2], strip, strip[..., -2:])
            ]
            rows.append(torch.cat(cells, dim=3))
        return functional.pixel_shuffle(torch.cat(rows, dim=2), 2)


def _taps_by_place() -> list[Tensor]:
    """What the taps of a convolution see of small pixels: for the first, an inner and the last.

    Returns:
        Three matrices [small pixels, 2, 3], for each of the two enlarged pixels and each tap.
    """
    small = torch.eye(5)[:, None]
    enlarged = functional.interpolate(small, scale_factor=2.0, mode="linear", align_corners=False)
    taps = functional.pad(enlarged, (1, 1), mode="reflect")[:, 0].unfold(1, 3, 1)
    return [taps[:2, 0:2], taps[1:4, 4:6], taps[3:, 8:10]]


def with_subpixel_output(generator: _Generator) -> _Generator:
    """A copy of a generator, with its last convolution drawing 4x4 pixels at once."""
    form = copy.deepcopy(generator).cpu()
    if len(form.decoder) > 0:  # there is none where nothing is drawn on top of colour maps
        last = form.decoder[-1]
        assert isinstance(last, nn.Conv2d)
        form.decoder[-1] = subpixel_convolution(last, STRIDE)
    _fold_last_enlargement(form.decoder)
    return form


def _fold_last_enlargement(decoder: nn.Sequential) -> None:
    """Fold it if it is bilinear; the first one may have features of only two rows."""
    places = [i for i, part in enumerate(decoder) if isinstance(part, nn.Upsample)]
    if places and decoder[places[-1]].mode == "bilinear":
        first = places[-1]
        convolution = decoder[first + 2]
        assert isinstance(convolution, nn.Conv2d)
        decoder[first] = EnlargingConvolution(convolution)
        del decoder[first + 1 : first + 3]


class ColourMapGraph(nn.Module):
    """A generator of colour maps, from uint8 pictures to all outputs of the graph contract.

    It differs from `ColourMapPictureGenerator` in how the maps are applied: atanh has 256 values,
    which are looked up, the enlarged maps are taken apart into a picture of factors for each
    colour of the input, and a grey texture is one channel until it is an output.

    Args:
        generator: Takes float [N, 3, H, W] in [-1, 1].
    """

    def __init__(self, generator: ColourMapGenerator) -> None:
        super().__init__()
        self.generator = generator
        self.enlargement = 2.0 if generator.config.head == "fine_colour_maps" else 4.0
        self.curve: Tensor
        levels = torch.arange(256) / 127.5 - 1.0
        self.register_buffer("curve", torch.atanh(MAP_REACH * levels)[:, None])
        self.by_input: Tensor
        rows = torch.arange(_COLOURS * (_FACTORS + 1)).view(_COLOURS, _FACTORS + 1)
        self.register_buffer("by_input", rows.t().flatten())

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """uint8 [N, H, W, 3] -> the same, float [N, h, w, 12], and a texture [N, H, W, 3]."""
        planes = image.permute(0, 3, 1, 2)
        colour_map, texture = self.generator.draw(planes.to(torch.float32) / 127.5 - 1.0)
        *factors, y = (
            functional.interpolate(
                part, scale_factor=self.enlargement, mode="bilinear", align_corners=False
            )
            for part in colour_map.index_select(1, self.by_input).chunk(_FACTORS + 1, dim=1)
        )
        z = functional.embedding(planes.to(torch.int32), self.curve).squeeze(-1)
        for factor, colour in zip(factors, z.chunk(_FACTORS, dim=1), strict=True):
            y = y + factor * colour
        if texture is not None:
            y = y + texture
        pixels = torch.tanh(y) * (127.5 / MAP_REACH) + 127.5
        picture = pixels.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
        maps = colour_map.permute(0, 2, 3, 1)
        if texture is None:
            return picture, maps
        return picture, maps, texture.expand(-1, _COLOURS, -1, -1).permute(0, 2, 3, 1)
