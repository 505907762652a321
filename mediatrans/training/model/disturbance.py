"""Small disturbances that a translation should follow: a shift, a smooth flow, a little noise."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from mediatrans.training.model.random_streams import generator_of

__all__ = ["MAX_SHIFT", "NOISE", "Disturbance", "draw_disturbance", "shifted"]

MAX_SHIFT = 3
"""Pixels across and down: with 0, all phases of a generator that halves its input twice."""

NOISE = 0.02
"""Standard deviation of the noise, of pictures in [-1, 1]: what a video encoder leaves."""

_SMOOTH_PART = 0.25
_FLOW_CELLS = 5


class Disturbance(NamedTuple):
    """A shift or a flow and a noise, the same for every picture of a batch.

    Attributes:
        rows: The row each row is taken from, int64 [H].
        columns: The column each column is taken from, int64 [W].
        noise: What is added, [1, 3, H, W].
        flow: Where each pixel is taken from in place of `rows` and `columns`, as `grid_sample`
            wants it, [1, H, W, 2]; None without a flow.
        inside: 1 where that is inside of the picture, else 0, [1, 1, H, W]; None without a flow.
    """

    rows: Tensor
    columns: Tensor
    noise: Tensor
    flow: Tensor | None = None
    inside: Tensor | None = None


def draw_disturbance(
    size: int, seed: int, step: int, device: torch.device, reach: float = 0.0
) -> Disturbance:
    """Draw the disturbance of a step; it depends on nothing but the arguments.

    Args:
        size: Height and width of the pictures.
        seed: The run's seed.
        step: The step's number.
        device: Where the pictures are.
        reach: Pixels that a flow moves the picture by, at most, across and down: three quarters of
            them by a shift of whole pixels, the rest smoothly; 0 is a shift of up to 3 px alone.
    """
    random = generator_of("disturbance", seed, step)
    down, across = torch.randint(-MAX_SHIFT, MAX_SHIFT + 1, (2, 1), generator=random)
    place = torch.arange(size)
    noise = NOISE * torch.randn(1, 3, size, size, generator=random)
    rows, columns = ((place + offset).clamp(0, size - 1) for offset in (down, across))
    shift = Disturbance(rows.to(device), columns.to(device), noise.to(device))
    if not reach:
        return shift
    sources = _flow(size, reach, random)
    inside = ((sources >= 0) & (sources <= size - 1)).all(dim=-1)[None].float()
    grid = (2 * sources + 1) / size - 1
    return shift._replace(flow=grid.to(device), inside=inside.to(device))


def shifted(pictures: Tensor, by: Disturbance) -> Tensor:
    """Pictures [N, C, H, W] moved as the disturbance says, without its noise.

    Where that reaches outside of the picture, a shift repeats its edge and a flow reflects it.
    """
    if by.flow is None:
        return pictures.index_select(2, by.rows).index_select(3, by.columns)
    grid = by.flow.to(pictures.dtype).expand(len(pictures), -1, -1, -1)
    return functional.grid_sample(
        pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def _flow(size: int, reach: float, random: torch.Generator) -> Tensor:
    """The column and the row each pixel is taken from, [1, size, size, 2], in pixels."""
    smooth = reach * _SMOOTH_PART
    whole = int(reach - smooth)
    offsets = torch.randint(-whole, whole + 1, (1, 2, 1, 1), generator=random)
    coarse = 2 * torch.rand(1, 2, _FLOW_CELLS, _FLOW_CELLS, generator=random) - 1
    flow = functional.interpolate(coarse, size=size, mode="bilinear", align_corners=True)
    place = torch.arange(size, dtype=torch.float32)
    start = torch.stack(torch.meshgrid(place, place, indexing="xy"))[None]
    return (start + offsets + smooth * flow).permute(0, 2, 3, 1)
