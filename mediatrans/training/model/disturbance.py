"""Small disturbances that a translation should follow: a shift and a little noise."""

import hashlib
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["MAX_SHIFT", "NOISE", "Disturbance", "draw_disturbance", "shifted"]

MAX_SHIFT = 3
"""Pixels across and down: with 0, all phases of a generator that halves its input twice."""

NOISE = 0.02
"""Standard deviation of the noise, of pictures in [-1, 1]: what a video encoder leaves."""


class Disturbance(NamedTuple):
    """A shift and a noise, the same for every picture of a batch.

    Attributes:
        rows: The row each row is taken from, int64 [H].
        columns: The column each column is taken from, int64 [W].
        noise: What is added, [1, 3, H, W].
    """

    rows: Tensor
    columns: Tensor
    noise: Tensor


def draw_disturbance(size: int, seed: int, step: int, device: torch.device) -> Disturbance:
    """Draw the disturbance of a step; it depends on nothing but the arguments.

    Args:
        size: Height and width of the pictures.
        seed: The run's seed.
        step: The step's number.
        device: Where the pictures are.
    """
    key = hashlib.sha256(f"disturbance {seed} {step}".encode()).digest()
    random = torch.Generator().manual_seed(int.from_bytes(key[:7], "big"))
    down, across = torch.randint(-MAX_SHIFT, MAX_SHIFT + 1, (2, 1), generator=random)
    place = torch.arange(size)
    noise = NOISE * torch.randn(1, 3, size, size, generator=random)
    rows, columns = ((place + offset).clamp(0, size - 1) for offset in (down, across))
    return Disturbance(rows.to(device), columns.to(device), noise.to(device))


def shifted(pictures: Tensor, by: Disturbance) -> Tensor:
    """Pictures [N, C, H, W] moved as the disturbance says, without its noise; edges repeat."""
    return pictures.index_select(2, by.rows).index_select(3, by.columns)
