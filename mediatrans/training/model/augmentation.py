"""DiffAugment: differentiable changes of what a discriminator sees (Zhao et al. 2020)."""

from typing import NamedTuple

import torch
from torch import Tensor

from mediatrans.training.model.label_channels import apart, beside
from mediatrans.training.model.random_streams import generator_of

__all__ = ["Augmentation", "augmented", "draw_augmentation"]

_SHIFT = 1 / 8
_CUTOUT = 1 / 3


class Augmentation(NamedTuple):
    """What happens to each picture of a batch.

    Attributes:
        brightness: What is added, [N, 1, 1, 1].
        saturation: Factor of the distance from grey, [N, 1, 1, 1].
        contrast: Factor of the distance from the picture's mean, [N, 1, 1, 1].
        places: The pixel each pixel is taken from, counted row by row, int64 [N, 1, H * W].
        shown: 1, or 0 outside of the shifted picture and in the cutout, [N, 1, H, W].
    """

    brightness: Tensor
    saturation: Tensor
    contrast: Tensor
    places: Tensor
    shown: Tensor


def draw_augmentation(
    purpose: str, count: int, size: int, seed: int, step: int, device: torch.device
) -> Augmentation:
    """Draw the changes of one pass; they depend on nothing but the arguments.

    Brightness moves by up to a quarter of the range, saturation is multiplied by 0.5 to 1.5,
    contrast by 0.75 to 1.25; a shift of up to an eighth of the side, a cutout of a third of it.

    Args:
        purpose: Which pass it is for.
        count: Pictures in the whole batch, of all processes.
        size: Height and width of the pictures.
        seed: The run's seed.
        step: The step's number.
        device: Where the pictures are.
    """
    random = generator_of(f"augmentation {purpose}", seed, step)
    brightness, saturation, contrast = torch.rand(3, count, 1, 1, 1, generator=random)
    reach, side = int(size * _SHIFT), int(size * _CUTOUT)
    offsets = torch.randint(-reach, reach + 1, (2, count, 1), generator=random)
    corners = torch.randint(-(side // 2), size - side // 2, (2, count, 1), generator=random)
    place = torch.arange(size)
    inside, cut, sources = [], [], []
    for offset, corner in zip(offsets, corners, strict=True):
        source = place + offset
        inside.append((source >= 0) & (source < size))
        cut.append((place >= corner) & (place < corner + side))
        sources.append(source.clamp(0, size - 1))
    shown = inside[0][:, :, None] & inside[1][:, None] & ~(cut[0][:, :, None] & cut[1][:, None])
    places = (sources[0][:, :, None] * size + sources[1][:, None]).reshape(count, 1, -1)
    drawn = Augmentation(
        brightness=(brightness - 0.5) * 0.5,
        saturation=saturation + 0.5,
        contrast=0.5 * contrast + 0.75,
        places=places,
        shown=shown[:, None].float(),
    )
    return Augmentation(*(part.to(device) for part in drawn))


def augmented(pictures: Tensor, by: Augmentation) -> Tensor:
    """Pictures [N, 3, H, W] in [-1, 1], changed; gradients pass through all of it.

    Channels of labels behind the three are shifted and cut with them.
    """
    x, labels = apart(pictures)
    x = x + by.brightness
    grey = x.mean(dim=1, keepdim=True)
    x = (x - grey) * by.saturation + grey
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    x = (x - mean) * by.contrast + mean
    x = beside(x, labels)
    flat = x.flatten(2)
    shifted = flat.gather(2, by.places.expand(-1, flat.shape[1], -1)).view_as(x)
    return shifted * by.shown
