"""The geometry of plots: bars that add up, axes with round numbers, times as players show them."""

import pytest

from mediatrans.quality.report.document import Column
from mediatrans.quality.report.plots import WIDTH, clock, draw_histogram, draw_times


@pytest.mark.parametrize(
    ("time_s", "shown"),
    [
        (0.0, "0:00.0"),
        (7.44, "0:07.4"),
        (59.96, "1:00.0"),
        (600.0, "10:00.0"),
        (3723.0, "1:02:03.0"),
    ],
)
def test_times_are_shown_as_players_show_them(time_s: float, shown: str) -> None:
    assert clock(time_s) == shown


def test_numbers_have_a_proper_sign_and_nothing_has_none() -> None:
    column = Column("gap", "gap", "dB", 2, "low", "A sentence.")
    values = [-0.001, -1.5, 2.0, None]
    assert [column.text(value) for value in values] == [
        "0.00\N{NO-BREAK SPACE}dB",
        "\N{MINUS SIGN}1.50\N{NO-BREAK SPACE}dB",
        "2.00\N{NO-BREAK SPACE}dB",
        "\N{EN DASH}",
    ]


def test_the_bars_of_a_histogram_are_as_high_as_their_counts() -> None:
    plot = draw_histogram({"good": [1.0] * 6 + [9.0] * 2, "poor": [1.0] * 2}, {}, None, 1)
    by_column: dict[float, float] = {}
    for bar in plot.bars:
        by_column[bar.x] = by_column.get(bar.x, 0.0) + bar.height
    left, right = by_column[min(by_column)], by_column[max(by_column)]
    assert plot.most == 8
    assert left == pytest.approx(4 * right, abs=0.3)
    assert {bar.state for bar in plot.bars} == {"good", "poor"}
    assert all(0 <= bar.x <= WIDTH - bar.width and bar.y >= 0 for bar in plot.bars)


@pytest.mark.parametrize("values", [[5.0], [0.3] * 9, [-4.0, 1e6], [0.0, 1e-9]])
def test_a_histogram_of_any_values_has_round_ticks_inside(values: list[float]) -> None:
    plot = draw_histogram({"good": values}, {}, None, 2)
    assert 1 <= len(plot.ticks) <= 6
    assert all(0 <= tick.at <= WIDTH for tick in plot.ticks)
    assert all(len(tick.label) <= 7 for tick in plot.ticks)


def test_thresholds_and_the_usual_range_are_drawn_where_they_are_seen() -> None:
    values = {"good": [10.0, 20.0, 30.0]}
    plot = draw_histogram(values, {"doubtful": 15.0, "poor": 2.0}, (18.0, 90.0), 1)
    assert [mark.name for mark in plot.marks] == ["doubtful"]
    assert plot.band is not None
    left, width = plot.band
    assert left + width == pytest.approx(WIDTH - 8, abs=0.2)
    assert plot.marks[0].at < left
    assert draw_histogram(values, {}, (40.0, 90.0), 1).band is None


def test_a_long_series_keeps_its_extremes() -> None:
    times = [float(second) for second in range(5000)]
    values = [20.0] * 5000
    values[3217] = 3.0
    plot = draw_times(times, values, [(3217.0, 3.0)], {"poor": 12.0}, 1)
    points = [tuple(map(float, point.split(","))) for point in plot.points.split()]
    assert len(points) <= 400
    lowest = max(y for _, y in points)
    assert (plot.marks[0].at, plot.marks[0].y) == max(points, key=lambda point: point[1])
    assert lowest < plot.base
    assert [line.name for line in plot.lines] == ["poor"]
    assert [tick.label for tick in plot.ticks][:2] == ["0:00", "30:00"]


def test_a_series_of_one_frame_can_be_drawn() -> None:
    plot = draw_times([4.0], [2.5], [], {}, 1)
    assert plot.points.count(",") == 1


def test_a_figure_that_cannot_be_negative_has_no_ticks_below_nothing() -> None:
    for values in ([0.0] * 9, [0.0, 0.1, 4.0]):
        plot = draw_histogram({"good": values}, {}, None, 2)
        assert not any("\N{MINUS SIGN}" in tick.label for tick in plot.ticks)
    below = draw_histogram({"good": [-0.5, 0.1]}, {}, None, 2)
    assert any("\N{MINUS SIGN}" in tick.label for tick in below.ticks)
