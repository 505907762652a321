"""Networks small enough for a test, and pictures they can tell apart."""

import numpy as np
import torch
from torch import Tensor, nn

from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.features import FeatureNetwork
from mediatrans.training.evaluation.texture import TextureNetwork


class PooledColours(nn.Module):
    """Mean and spread of each channel in each quarter of the picture."""

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 [N, 3, 16, 16] -> [N, 24]."""
        x = pictures.float() / 255.0
        mean = nn.functional.adaptive_avg_pool2d(x, 2)
        square = nn.functional.adaptive_avg_pool2d(x * x, 2)
        return torch.cat((mean, square - mean * mean), dim=1).flatten(1)


class Gradients(nn.Module):
    """Mean and spread of the differences between neighbours, across and down."""

    def forward(self, luminance: Tensor) -> Tensor:
        """float [1, 1, H, W] -> [4]."""
        steps = luminance.diff(dim=3).abs(), luminance.diff(dim=2).abs()
        return torch.stack([value for step in steps for value in (step.mean(), step.std())])


COLOURS = FeatureNetwork("pooled colours", PooledColours(), 24, 16, torch.device("cpu"))
GRADIENTS = TextureNetwork("gradients", Gradients(), 4, torch.device("cpu"))


def loaded(network: FeatureNetwork, device: torch.device) -> FeatureNetwork:
    """In place of a loader: the network that is there already."""
    return network


def tinted(count: int, channel: int, seed: int, side: int = 20) -> list[Pixels]:
    """Noise with one channel lifted, no two of the same size."""
    random = np.random.default_rng(seed)
    pictures = []
    for index in range(count):
        picture = random.integers(0, 128, (side + index % 3, side + 4, 3), dtype=np.uint8)
        picture[..., channel] += 100 + random.integers(0, 20, dtype=np.uint8)
        pictures.append(picture)
    return pictures


def swap(picture: Pixels) -> Pixels:
    """Red for blue: a perfect translation, and its own way back."""
    return np.ascontiguousarray(picture[..., ::-1])


def nothing(picture: Pixels) -> Pixels:
    """No translation at all."""
    return picture
