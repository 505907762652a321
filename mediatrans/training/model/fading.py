"""Frames of one colour and fades to one, among the training pictures: films have them."""

from typing import NamedTuple

import torch
from torch import Tensor

from mediatrans.training.model.random_streams import generator_of

__all__ = ["Fade", "draw_fade", "faded"]

_FLAT_SHARE = 1 / 3
_LEAST_FADE = 0.3


class Fade(NamedTuple):
    """What each picture of a batch is mixed with; the same for both domains.

    Attributes:
        colour: In [-1, 1], [N, 3, 1, 1].
        share: Of the colour in the result: 0 leaves the picture, 1 is a frame of one colour,
            [N, 1, 1, 1].
    """

    colour: Tensor
    share: Tensor


def draw_fade(share: float, count: int, seed: int, step: int, device: torch.device) -> Fade:
    """Draw what fades in a step; it depends on nothing but the arguments.

    A third of what fades is of one colour, the rest is on the way there. The colour is black,
    white or any other, each a third of the time.

    Args:
        share: Of the pictures that fade.
        count: Pictures of a domain in the whole batch, of all processes.
        seed: The run's seed.
        step: The step's number.
        device: Where the pictures are.
    """
    random = generator_of("fade", seed, step)
    fades, flat, amount, kind = torch.rand(4, count, 1, 1, 1, generator=random)
    colour = torch.rand(count, 3, 1, 1, generator=random) * 2 - 1
    colour = torch.where(kind < 1 / 3, -1.0, torch.where(kind < 2 / 3, 1.0, colour))
    amount = torch.where(flat < _FLAT_SHARE, 1.0, _LEAST_FADE + (1 - _LEAST_FADE) * amount)
    mixed = torch.where(fades < share, amount, 0.0)
    return Fade(colour.to(device), mixed.to(device))


def faded(pictures: Tensor, by: Fade) -> Tensor:
    """Pictures [N, 3, H, W] in [-1, 1], mixed with the colours; those that do not fade are kept."""
    return torch.lerp(pictures, by.colour.to(pictures.dtype), by.share.to(pictures.dtype))
