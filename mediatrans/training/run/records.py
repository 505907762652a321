"""What a run writes down as it goes: metrics.csv, TensorBoard events, losses.png, sample grids."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from mediatrans.errors import OutputError
from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.curve import Curve, Point
from mediatrans.training.model.cyclegan import Losses
from mediatrans.training.run.observer import Progress
from mediatrans.training.run.plot import draw_curves

__all__ = ["RunRecords"]

_COLUMNS = ("step", *Losses.names(), "learning_rate", "step_s", "wait_s")
_PLOTTED = (
    "kid_ratio_to_b", "kid_ratio_to_a", "domain_accuracy_to_b", "domain_accuracy_to_a",
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
        with self._writing():
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
        if error is None:
            with self._writing():
                self._file.close()
                self._events.close()
            return
        # Beside an error that says more.
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._events.close()

    def step(self, progress: Progress) -> None:
        """Note one step."""
        with self._writing():
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
        with self._writing():
            path = self._folder / "samples" / f"step_{step:07d}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(grid).save(path)
            self._events.add_image("samples", grid, step, dataformats="HWC")
            return path

    def evaluation(self, curve: Curve) -> None:
        """Note the newest evaluation among the events, and draw evaluation.png from all of them."""
        with self._writing():
            newest = curve.points[-1]
            for name in Point.columns()[1:]:
                self._events.add_scalar(f"held_out/{name}", getattr(newest, name), newest.step)
            steps = np.array([float(point.step) for point in curve.points])
            values = np.array(
                [[getattr(point, name) for name in _PLOTTED] for point in curve.points]
            )
            draw_curves(steps, values, _PLOTTED).save(self._folder / "evaluation.png")

    def flush(self) -> None:
        """Bring everything noted so far to the files."""
        with self._writing():
            self._file.flush()
            self._events.flush()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"cannot write the run's records ({error.strerror or error})",
                path=self._folder,
                remedy="free some space, then go on with --resume from the last checkpoint",
            ) from error

    def finish(self) -> None:
        """Draw losses.png from all steps of the run."""
        self.flush()
        rows = _rows_up_to(self._metrics, None)
        if not rows:
            return
        values = np.array(
            [[float(cell) for cell in row[: 1 + len(Losses.names())]] for row in rows]
        )
        # A running mean: single steps of a GAN leap about.
        window = max(1, len(values) // 100)
        kernel = np.ones(window) / window
        smooth = np.stack([np.convolve(column, kernel, "valid") for column in values.T], axis=1)
        plot = draw_curves(smooth[:, 0], smooth[:, 1:], Losses.names())
        with self._writing():
            plot.save(self._folder / "losses.png")


def _rows_up_to(metrics: Path, last: int | None) -> list[list[str]]:
    if not metrics.exists():
        return []
    with metrics.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if len(row) == len(_COLUMNS)][1:]
    return [row for row in rows if last is None or int(row[0]) <= last]
