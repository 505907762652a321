"""What a run writes as it goes: metrics.csv, TensorBoard events and sample grids."""

import csv
from contextlib import AbstractContextManager, suppress
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image

from mediatrans.files.publish import output_errors, publishing
from mediatrans.files.regular import check_regular
from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.curve import Point
from mediatrans.training.model.losses import Losses
from mediatrans.training.run.event_file import EventFile
from mediatrans.training.run.progress import Progress

__all__ = ["RunLog"]

_COLUMNS = ("step", *Losses.names(), "learning_rate", "step_s", "wait_s")
_SMOOTH_OVER = 100
"""Steps of the running mean: the losses of single crops scatter too widely to be looked at."""

_WHAT = "the run's records"
_REMEDY = (
    "free some space or allow writing there, then resume with --resume from the last checkpoint"
)


class RunLog:
    """The open records of a run folder.

    Args:
        folder: The run folder.
        start: Steps made already; whatever an interrupted run wrote beyond them is dropped.

    Raises:
        OutputError: A file cannot be written; so do all methods.
    """

    def __init__(self, folder: Path, start: int) -> None:
        self._folder = folder
        metrics = folder / "metrics.csv"
        with self._writing():
            rows = _rows_up_to(metrics, start)
            with (
                publishing(metrics, what=_WHAT, remedy=_REMEDY) as part,
                part.open("w", newline="", encoding="utf-8") as file,
            ):
                csv.writer(file).writerows([_COLUMNS, *rows])
            self._file = metrics.open("a", newline="", encoding="utf-8")
            self._csv = csv.writer(self._file)
            self._events = EventFile(folder / "tensorboard", start)
        self._means = [_RunningMean() for _ in Losses.names()]
        for row in rows:
            for mean, text in zip(self._means, row[1:], strict=False):
                mean.add(_number(text))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # An error of the run is the one to report.
        with suppress(OSError) if error is not None else self._writing():
            self._file.close()
        with suppress(OSError) if error is not None else self._writing():
            self._events.close()

    def step(self, progress: Progress) -> None:
        """Note one step."""
        losses = astuple(progress.losses)
        with self._writing():
            self._csv.writerow(
                (
                    progress.step,
                    *(f"{loss:.6g}" for loss in losses),
                    f"{progress.rate:.6g}",
                    f"{progress.step_s:.4f}",
                    f"{progress.wait_s:.4f}",
                )
            )
            for name, loss, mean in zip(Losses.names(), losses, self._means, strict=True):
                self._events.scalar(f"losses/{name}", loss, progress.step)
                self._events.scalar(f"smooth_losses/{name}", mean.add(loss), progress.step)
            self._events.scalar("learning_rate", progress.rate, progress.step)

    def has_sample(self, step: int) -> bool:
        """Whether the sample grid of a step was written."""
        return self._sample(step).exists()

    def sample(self, grid: Pixels, step: int) -> Path:
        """Write a sample grid.

        Returns:
            Its path.
        """
        path = self._sample(step)
        with self._writing():
            with publishing(path, what=_WHAT, remedy=_REMEDY) as part:
                Image.fromarray(grid).save(part)
            self._events.image("samples", grid, step)
        return path

    def evaluation(self, point: Point) -> None:
        """Note an evaluation among the events."""
        with self._writing():
            for name in Point.columns()[1:]:
                self._events.scalar(f"held_out/{name}", getattr(point, name), point.step)

    def flush(self) -> None:
        """Bring everything noted so far to the files."""
        with self._writing():
            self._file.flush()
            self._events.flush()

    def _sample(self, step: int) -> Path:
        return self._folder / "samples" / f"step_{step:07d}.png"

    def _writing(self) -> AbstractContextManager[None]:
        return output_errors(self._folder, what=_WHAT, remedy=_REMEDY)


def _number(text: str) -> float:
    """A number of an earlier row; 0 for what is none, since somebody may have edited the file."""
    try:
        return float(text)
    except ValueError:
        return 0.0


class _RunningMean:
    """The mean of the first values, then one in which older values fade."""

    def __init__(self) -> None:
        self._mean = 0.0
        self._count = 0

    def add(self, value: float) -> float:
        """Add a value, and return the mean."""
        self._count += 1
        self._mean += (value - self._mean) / min(self._count, _SMOOTH_OVER)
        return self._mean


def _rows_up_to(metrics: Path, last: int) -> list[list[str]]:
    """The whole rows of the steps up to one; a kill may have cut the last row short.

    A run that an earlier version began may lack columns: they are 0 then.
    """
    if not metrics.exists():
        return []
    check_regular(metrics.stat(), metrics)
    with metrics.open(newline="", encoding="utf-8", errors="replace") as file:
        header, *rows = [*csv.reader(file)] or [[]]
    if "step" not in header:
        return []
    named = [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]
    kept = [row for row in named if row["step"].isdecimal() and int(row["step"]) <= last]
    return [[row.get(column, "0") for column in _COLUMNS] for row in kept]
