"""What a run writes down as it goes: metrics.csv, TensorBoard events, losses.png, sample grids."""

import csv
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch.utils.tensorboard import SummaryWriter

from mediatrans.media.frames import Pixels
from mediatrans.training.cyclegan import Losses
from mediatrans.training.observer import Progress

__all__ = ["RunRecords", "draw_losses"]

_COLUMNS = ("step", *Losses.names(), "learning_rate", "step_s", "wait_s")
_COLOURS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f",
)  # fmt: skip


class RunRecords:
    """The open records of a run folder.

    Args:
        folder: The run folder.
        start: Steps made already; whatever an interrupted run wrote beyond them is dropped.
    """

    def __init__(self, folder: Path, start: int) -> None:
        self._folder = folder
        self._metrics = folder / "metrics.csv"
        kept = _rows_up_to(self._metrics, start)
        part = folder / "metrics.csv.part"
        with part.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([_COLUMNS, *kept])
        part.replace(self._metrics)
        self._file = self._metrics.open("a", newline="", encoding="utf-8")
        self._csv = csv.writer(self._file)
        self._events = SummaryWriter(str(folder / "tensorboard"), purge_step=start + 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
        self._events.close()

    def step(self, progress: Progress) -> None:
        """Note one step."""
        losses = astuple(progress.losses)
        self._csv.writerow(
            (
                progress.step,
                *(f"{loss:.6g}" for loss in losses),
                f"{progress.rate:.6g}",
                f"{progress.step_s:.4f}",
                f"{progress.wait_s:.4f}",
            )
        )
        for name, loss in zip(Losses.names(), losses, strict=True):
            self._events.add_scalar(f"losses/{name}", loss, progress.step)
        self._events.add_scalar("learning_rate", progress.rate, progress.step)

    def sample(self, grid: Pixels, step: int) -> Path:
        """Write a sample grid.

        Returns:
            Its path.
        """
        path = self._folder / "samples" / f"step_{step:07d}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(grid).save(path)
        self._events.add_image("samples", grid, step, dataformats="HWC")
        return path

    def flush(self) -> None:
        """Bring everything noted so far to the files."""
        self._file.flush()
        self._events.flush()

    def finish(self) -> None:
        """Draw losses.png from all steps of the run."""
        self.flush()
        rows = _rows_up_to(self._metrics, None)
        if not rows:
            return
        values = np.array(
            [[float(cell) for cell in row[: 1 + len(Losses.names())]] for row in rows]
        )
        draw_losses(values[:, 0], values[:, 1:]).save(self._folder / "losses.png")


def draw_losses(steps: NDArray[np.float64], losses: NDArray[np.float64]) -> Image.Image:
    """Plot the losses over the steps, each a running mean.

    Args:
        steps: [N] step numbers.
        losses: [N, 8] in the order of `Losses`.
    """
    width, height, margin, legend = 960, 480, 40, 120
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    window = max(1, len(steps) // 100)
    kernel = np.ones(window) / window
    smooth = np.stack([np.convolve(column, kernel, "valid") for column in losses.T], axis=1)
    top = float(smooth.max()) or 1.0
    right, bottom = width - margin - legend, height - margin
    x = np.linspace(margin, right, len(smooth))
    for tick in range(5):
        y = bottom - (bottom - margin) * tick / 4
        draw.line((margin, y, right, y), fill="#dddddd")
        draw.text((4, y - 6), f"{top * tick / 4:.2f}", fill="black")
    for index, (name, colour) in enumerate(zip(Losses.names(), _COLOURS, strict=True)):
        heights = bottom - (bottom - margin) * smooth[:, index] / top
        draw.line(list(zip(x.tolist(), heights.tolist(), strict=True)), fill=colour, width=2)
        draw.text((right + 12, margin + 16 * index), name, fill=colour)
    draw.text((margin, bottom + 8), f"step {int(steps[0])}", fill="black")
    draw.text((right - 60, bottom + 8), f"step {int(steps[-1])}", fill="black")
    return picture


def _rows_up_to(metrics: Path, last: int | None) -> list[list[str]]:
    if not metrics.exists():
        return []
    with metrics.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if len(row) == len(_COLUMNS)][1:]
    return [row for row in rows if last is None or int(row[0]) <= last]
