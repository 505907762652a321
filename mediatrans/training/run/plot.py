"""Line plots of a run, drawn with Pillow."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

__all__ = ["draw_curves"]

_COLOURS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f",
)  # fmt: skip


def draw_curves(
    steps: NDArray[np.float64], values: NDArray[np.float64], names: Sequence[str]
) -> Image.Image:
    """Plot figures over the steps, from 0 up.

    Args:
        steps: [N] step numbers that increase.
        values: [N, K] figures, K at most 8.
        names: K names for the legend.
    """
    width, height, margin, legend = 960, 480, 40, 150
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    top = float(values.max()) or 1.0
    right, bottom = width - margin - legend, height - margin
    x = np.interp(steps, (steps[0], max(steps[-1], steps[0] + 1)), (margin, right))
    for tick in range(5):
        y = bottom - (bottom - margin) * tick / 4
        draw.line((margin, y, right, y), fill="#dddddd")
        draw.text((4, y - 6), f"{top * tick / 4:.2f}", fill="black")
    for index, (name, colour) in enumerate(zip(names, _COLOURS, strict=False)):
        heights = bottom - (bottom - margin) * values[:, index].clip(min=0) / top
        draw.line(list(zip(x.tolist(), heights.tolist(), strict=True)), fill=colour, width=2)
        draw.text((right + 12, margin + 16 * index), name, fill=colour)
    draw.text((margin, bottom + 8), f"step {int(steps[0])}", fill="black")
    draw.text((right - 60, bottom + 8), f"step {int(steps[-1])}", fill="black")
    return picture
