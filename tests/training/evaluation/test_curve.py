"""The evaluations of a run over its steps, and the best checkpoint."""

from dataclasses import replace
from pathlib import Path

import pytest

from mediatrans.errors import OutputError
from mediatrans.training.evaluation.comparison import Judge, evaluate
from mediatrans.training.evaluation.curve import Curve
from mediatrans.training.evaluation.figures import Evaluation
from mediatrans.training.evaluation.resampling import Interval
from tests.training.colours import COLOURS, swap, tinted


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    pictures = tinted(6, 0, 1), tinted(6, 2, 2)
    assessment = evaluate((swap, swap), ("red", "blue"), pictures, [Judge(COLOURS)], resamples=100)
    return assessment.evaluation


def with_kid(evaluation: Evaluation, to_b: float, to_a: float) -> Evaluation:
    def changed(direction: str, value: float) -> Evaluation:
        (network,) = evaluation.networks
        figures = getattr(network, direction)
        kid = replace(figures.kid, translated=Interval(value, value, value))
        network = replace(network, **{direction: replace(figures, kid=kid)})
        return replace(evaluation, networks=(network,))

    evaluation = changed("to_b", to_b)
    return changed("to_a", to_a)


def test_the_best_step_is_that_of_the_least_mean_of_three(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    curve = Curve(tmp_path, 0)
    kids = [9.0, 6.0, 6.0, 1.0, 7.0, 7.0]
    for index, kid in enumerate(kids):
        curve.add(10 * (index + 1), with_kid(evaluation, kid - 0.5, kid + 0.5))
    smoothed = [9.0, 7.5, 7.0, 13 / 3, 14 / 3, 5.0]
    assert [point.smoothed_kid for point in curve.points] == pytest.approx(smoothed)
    assert curve.best.step == 40


def test_of_equals_the_latest_is_best(evaluation: Evaluation, tmp_path: Path) -> None:
    curve = Curve(tmp_path, 0)
    for step in (1, 2):
        curve.add(step, with_kid(evaluation, 0.25, 0.25))
    assert curve.best.step == 2


def test_a_curve_is_read_back_up_to_the_checkpoint(evaluation: Evaluation, tmp_path: Path) -> None:
    curve = Curve(tmp_path, 0)
    for step, kid in ((10, 0.1), (20, 1 / 3), (30, 0.01)):
        curve.add(step, with_kid(evaluation, kid, kid))
    again = Curve(tmp_path, 20)
    assert again.points == curve.points[:2]
    assert again.add(30, with_kid(evaluation, 0.01, 0.01)) == curve.points[2]
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation.csv"]


def test_rows_that_are_no_numbers_are_passed_over(evaluation: Evaluation, tmp_path: Path) -> None:
    curve = Curve(tmp_path, 0)
    curve.add(1, with_kid(evaluation, 0.5, 0.5))
    with (tmp_path / "evaluation.csv").open("ab") as file:
        file.write(b"\xff\x00" + b",x" * 9 + b"\n2,0.5\n")
    assert Curve(tmp_path, 5).points == curve.points


def test_a_folder_in_place_of_the_curve_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "evaluation.csv").mkdir()
    with pytest.raises(OutputError, match=r"evaluation\.csv"):
        Curve(tmp_path, 0)
