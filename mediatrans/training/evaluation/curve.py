"""The evaluations of a run over its steps: evaluation.csv, and which step was the best."""

import csv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mediatrans.files.publish import output_errors, publishing
from mediatrans.files.regular import check_regular
from mediatrans.training.evaluation.figures import Evaluation, TranslationFigures
from mediatrans.training.run_folder import EVALUATIONS

__all__ = ["Curve", "Point"]

_SMOOTHED_OVER = 3
_REMEDY = (
    "free some space or allow writing there, then resume with --resume from the last checkpoint"
)


@dataclass(frozen=True, slots=True)
class Point:
    """One evaluation, by column; the ratio is 1 where the features do not separate the domains.

    Attributes:
        step: Steps made.
        kid_to_b: KID of the pictures of a, translated, and the real ones of b.
        kid_to_a: The other way.
        kid_ratio_to_b: Over that of the untranslated pictures.
        kid_ratio_to_a: The other way.
        domain_accuracy_to_b: Share of the translations that the probe assigns to b.
        domain_accuracy_to_a: The other way.
        cycle_psnr_db_to_b: Mean over the round trips that begin in a.
        cycle_psnr_db_to_a: The other way.
        smoothed_kid: Mean of both directions' KID over the last three evaluations.
    """

    step: int
    kid_to_b: float
    kid_to_a: float
    kid_ratio_to_b: float
    kid_ratio_to_a: float
    domain_accuracy_to_b: float
    domain_accuracy_to_a: float
    cycle_psnr_db_to_b: float
    cycle_psnr_db_to_a: float
    smoothed_kid: float

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(cls.__dataclass_fields__)


class Curve:
    """The evaluations of a run so far.

    Args:
        folder: The run folder.
        start: Steps made; what an interrupted run wrote beyond them is dropped.

    Raises:
        OutputError: The file of the run so far cannot be read.
    """

    def __init__(self, folder: Path, start: int) -> None:
        self._path = folder / EVALUATIONS
        with output_errors(self._path, remedy=_REMEDY):
            self.points: list[Point] = [p for p in _read(self._path) if p.step <= start]

    def has(self, step: int) -> bool:
        """Whether a step was evaluated."""
        return any(point.step == step for point in self.points)

    def add(self, step: int, evaluation: Evaluation) -> Point:
        """Note an evaluation by one feature network and write the curve anew.

        Raises:
            OutputError: It cannot be written.
        """
        (judge,) = evaluation.networks
        to_b, to_a = judge.to_b, judge.to_a
        kids = [(p.kid_to_b + p.kid_to_a) / 2 for p in self.points[1 - _SMOOTHED_OVER :]]
        kids.append((to_b.kid.translated.value + to_a.kid.translated.value) / 2)
        self.points.append(
            Point(
                step=step,
                kid_to_b=to_b.kid.translated.value,
                kid_to_a=to_a.kid.translated.value,
                kid_ratio_to_b=_ratio(to_b),
                kid_ratio_to_a=_ratio(to_a),
                domain_accuracy_to_b=to_b.domain_accuracy,
                domain_accuracy_to_a=to_a.domain_accuracy,
                cycle_psnr_db_to_b=evaluation.to_b.cycle.psnr_db.mean,
                cycle_psnr_db_to_a=evaluation.to_a.cycle.psnr_db.mean,
                smoothed_kid=sum(kids) / len(kids),
            )
        )
        self._write()
        return self.points[-1]

    @property
    def best(self) -> Point:
        """The evaluation with the least smoothed KID, the latest of equals."""
        return min(reversed(self.points), key=lambda point: point.smoothed_kid)

    def _write(self) -> None:
        with (
            publishing(self._path, remedy=_REMEDY) as part,
            part.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(Point.columns())
            writer.writerows(
                [p.step, *(repr(getattr(p, name)) for name in Point.columns()[1:])]
                for p in self.points
            )


def _ratio(figures: TranslationFigures) -> float:
    return 1.0 if figures.kid.ratio is None else figures.kid.ratio.value


def _read(path: Path) -> list[Point]:
    if not path.exists():
        return []
    points = []
    check_regular(path.stat(), path)
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        for row in csv.reader(file):
            # The heading, and what a fault of the disk made of a row, are no numbers.
            with suppress(ValueError, TypeError):
                points.append(Point(int(row[0]), *map(float, row[1:])))
    return points
