"""The networks of a CycleGAN: residual generators and PatchGAN discriminators."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from mediatrans.training.model.label_channels import label_convolution

__all__ = [
    "STRIDE",
    "DiscriminatorConfig",
    "GeneratorConfig",
    "Head",
    "InstanceNorm",
    "PatchDiscriminator",
    "ReflectionPad",
    "ResnetGenerator",
    "Texture",
    "Upsample",
    "giga_macs",
    "mean_and_deviation",
    "parameter_count",
]

STRIDE = 4
"""Height and width of a generator's input must be multiples of it: it halves them twice."""


Upsample = Literal["transpose", "resize", "smooth"]
"""How a generator enlarges its features."""

Texture = Literal["colour", "grey", "none"]
"""What a generator of colour maps draws on top of what they make of its input."""

Head = Literal["direct", "colour_maps", "fine_colour_maps"]
"""What a generator makes."""

_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class GeneratorConfig:
    """Size of a `ResnetGenerator`; the defaults are the paper's `resnet_9blocks`.

    Attributes:
        ngf: Channels of the first convolution.
        blocks: Residual blocks; the paper takes 6 for 128 px and 9 for 256 px and more.
        upsample: "transpose" for fractionally-strided convolutions, "resize" for nearest-neighbour
            enlargement and a convolution (Odena et al. 2016: no checkerboard), "smooth" for the
            same with bilinear enlargement.
        separable: Depthwise-separable convolutions in the residual blocks.
        tone_skip: A `ToneSkip` around the network.
        head: "direct" draws the picture, as in the paper; the others are a `ColourMapGenerator`
            with a map for each 4x4 or, fine, 2x2 pixels.
        texture: What a generator of colour maps draws on top: "colour", "grey", which is the same
            for all three channels, or "none".
    """

    ngf: int = 64
    blocks: int = 9
    upsample: Upsample = "transpose"
    separable: bool = False
    tone_skip: bool = False
    head: Head = "direct"
    texture: Texture = "colour"


class InstanceNorm(nn.InstanceNorm2d):
    """Instance norm without learned scale that keeps a channels-last layout on the CPU.

    Torch's own converts such features to the contiguous layout and back. The batch norm of one
    picture is its instance norm, and has a kernel for channels-last: measured in bfloat16, a third
    of the time.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> the same shape, every channel of every picture normalised."""
        # A traced graph takes any layout, and batches of any size.
        if torch.compiler.is_compiling() or x.device.type != "cpu" or x.is_contiguous():
            return super().forward(x)
        if not x.is_contiguous(memory_format=torch.channels_last):
            return super().forward(x)
        ones = [
            functional.batch_norm(one, None, None, training=True, eps=self.eps)
            for one in x.chunk(len(x))
        ]
        return torch.cat(ones)


class ReflectionPad(nn.ReflectionPad2d):
    """Reflection padding in the number format of its input; autocast on a CPU makes it float32."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> the same, larger on all sides."""
        if x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with instance norm, added to their input."""

    def __init__(self, channels: int, separable: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            ReflectionPad(1),
            _convolution3(channels, separable),
            InstanceNorm(channels),
            nn.ReLU(inplace=True),
            ReflectionPad(1),
            _convolution3(channels, separable),
            InstanceNorm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> the same shape."""
        out: Tensor = x + self.body(x)
        return out


class ToneSkip(nn.Module):
    """Carries the brightness and contrast of a picture past the instance norms, which remove them.

    The mean and the standard deviation of each colour channel, six numbers a picture, give a factor
    and an offset for each channel of what the network draws: a feature-wise linear modulation
    (Perez et al. 2018). No detail gets past.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scale_and_shift = nn.Linear(6, 6)
        nn.init.zeros_(self.scale_and_shift.weight)
        nn.init.zeros_(self.scale_and_shift.bias)
        # To begin with the offset is the mean, and the factor 1.
        nn.init.eye_(self.scale_and_shift.weight[3:, :3])

    def forward(self, x: Tensor, drawn: Tensor) -> Tensor:
        """A picture and what is drawn of it, before the tanh; both [N, 3, H, W], as the result."""
        tone: Tensor = self.scale_and_shift(torch.cat(mean_and_deviation(x), dim=1).flatten(1))
        scale, shift = tone[:, :, None, None].chunk(2, dim=1)
        return drawn * (1.0 + scale) + shift


class ResnetGenerator(nn.Module):
    """Johnson et al. 2016's transformation network, as Zhu et al. 2017 use it.

    c7s1, two stride-2 convolutions, residual blocks, two enlargements, c7s1, tanh; instance norm
    without learned scale, reflection padding.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        n = config.ngf
        # Zeros at the border of a frame of one colour would be all that instance norm sees of it.
        edge: Literal["zeros", "reflect"] = "zeros" if config.head == "direct" else "reflect"
        self.encoder = nn.Sequential(
            ReflectionPad(3),
            nn.Conv2d(3, n, 7),
            *_norm_relu(n),
            nn.Conv2d(n, 2 * n, 3, stride=2, padding=1, padding_mode=edge),
            *_norm_relu(2 * n),
            nn.Conv2d(2 * n, 4 * n, 3, stride=2, padding=1, padding_mode=edge),
            *_norm_relu(4 * n),
        )
        self.blocks = nn.Sequential(
            *(ResidualBlock(4 * n, config.separable) for _ in range(config.blocks))
        )
        enlarge = _UPSAMPLING[config.upsample]
        self.decoder = nn.Sequential(
            *enlarge(4 * n, 2 * n),
            *_norm_relu(2 * n),
            *enlarge(2 * n, n),
            *_norm_relu(n),
            ReflectionPad(3),
            nn.Conv2d(n, 3, 7),
        )
        self.apply(_initialise)
        self.tone = ToneSkip() if config.tone_skip else None

    def forward(self, x: Tensor) -> Tensor:
        """[N, 3, H, W] in [-1, 1] -> the same shape and range; H, W multiples of `STRIDE`."""
        drawn: Tensor = self.decoder(self.blocks(self.encoder(x)))
        if self.tone is not None:
            drawn = self.tone(x, drawn)
        return torch.tanh(drawn)


@dataclass(frozen=True, slots=True)
class DiscriminatorConfig:
    """Size of a `PatchDiscriminator`; the defaults see patches of 70x70 pixels.

    Attributes:
        ndf: Channels of the first convolution.
        layers: Stride-2 convolutions.
        classes: Of the label maps that it sees beside the pictures; 0 without any.
    """

    ndf: int = 64
    layers: int = 3
    classes: int = 0

    @property
    def smallest_input(self) -> int:
        """Pixels a side below which the last instance norm has a single value to normalise."""
        return int(3 * 2**self.layers)


class PatchDiscriminator(nn.Module):
    """PatchGAN (Isola et al. 2017): a score for each of many overlapping patches."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        n = config.ndf
        layers: list[nn.Module] = [
            nn.Conv2d(3, n, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        width = n
        for layer in range(1, config.layers + 1):
            wider = n * min(2**layer, 8)
            layers += [
                nn.Conv2d(width, wider, 4, stride=2 if layer < config.layers else 1, padding=1),
                InstanceNorm(wider),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            width = wider
        layers.append(nn.Conv2d(width, 1, 4, padding=1))
        self.body = nn.Sequential(*layers)
        self.apply(_initialise)
        if config.classes:
            self.labels = label_convolution(config.classes, n, kernel=4, stride=2)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Judge pictures.

        Args:
            x: [N, 3, H, W] in [-1, 1].
            labels: A channel for each class, [N, classes, H, W], or None for unknown ones.

        Returns:
            Unbounded patch scores [N, 1, h, w].
        """
        first: Tensor = self.body[0](x)
        if labels is not None:
            first = first + self.labels(labels)
        out: Tensor = self.body[1:](first)
        return out


def mean_and_deviation(x: Tensor) -> tuple[Tensor, Tensor]:
    """Of each channel of each picture [N, C, H, W], both [N, C, 1, 1].

    The deviation has a gradient where the picture is of one colour as well.
    """
    mean = x.mean(dim=(2, 3), keepdim=True)
    deviation = (x - mean).square().mean(dim=(2, 3), keepdim=True).add(_EPSILON).sqrt()
    return mean, deviation


def parameter_count(network: nn.Module) -> int:
    """Learned numbers of a network."""
    return sum(p.numel() for p in network.parameters())


def giga_macs(network: Callable[[], nn.Module], size: int) -> float:
    """Multiply-accumulates, in billions, of one pass over a [1, 3, size, size] picture.

    Args:
        network: Builds the network; it is built without memory and thrown away.
        size: Pixels a side.
    """
    with torch.device("meta"):
        built, picture = network(), torch.empty(1, 3, size, size)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        built(picture)
    flops: int = counter.get_total_flops()
    return flops / 2e9


def _convolution3(channels: int, separable: bool) -> nn.Module:
    if not separable:
        return nn.Conv2d(channels, channels, 3)
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, groups=channels), nn.Conv2d(channels, channels, 1)
    )


def _norm_relu(channels: int) -> tuple[nn.Module, ...]:
    return InstanceNorm(channels), nn.ReLU(inplace=True)


def _transpose(channels: int, out: int) -> tuple[nn.Module, ...]:
    return (nn.ConvTranspose2d(channels, out, 3, stride=2, padding=1, output_padding=1),)


def _resize(mode: str, channels: int, out: int) -> tuple[nn.Module, ...]:
    return (
        nn.Upsample(scale_factor=2, mode=mode),
        ReflectionPad(1),
        nn.Conv2d(channels, out, 3),
    )


_UPSAMPLING: dict[Upsample, Callable[[int, int], tuple[nn.Module, ...]]] = {
    "transpose": _transpose,
    "resize": partial(_resize, "nearest"),
    "smooth": partial(_resize, "bilinear"),
}


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        assert module.bias is not None
        nn.init.zeros_(module.bias)
