"""The page of an evaluation: every test picture with its figures, the worst ones shown."""

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mediatrans.quality.cycle import CycleFigures, CycleSummary
from mediatrans.quality.report.page import page_parts
from mediatrans.training.evaluation.comparison import PictureFigures
from mediatrans.training.evaluation.evaluation_page import (
    TestPicture,
    collect_pictures,
    evaluation_page,
)
from mediatrans.training.evaluation.figures import Direction, Evaluation

COUNT = 40


def collected() -> list[TestPicture]:
    """Pictures of one direction; the first are the least sure, the last come back worst."""
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (COUNT, 24, 32, 3), dtype=np.uint8)
    figures = [
        PictureFigures((number + 1) / COUNT, 30.0 - number / 10, None) for number in range(COUNT)
    ]
    paths = [Path(f"testA/<b>{number}.png") for number in range(COUNT)]
    return collect_pictures(("day", "night"), paths, pictures, figures, (np.invert, np.invert))


def evaluation() -> Evaluation:
    cycle = CycleSummary.of([CycleFigures(25.0, 0.9, 4.0)])
    assert cycle is not None
    direction = Direction(cycle, None)
    return Evaluation(
        domains=("day", "night"),
        to_b=direction,
        to_a=direction,
        networks=(),
        texture=None,
        trained_with=(),
        resamples=100,
        seed=0,
        longer_side=None,
    )


def test_the_worst_by_each_figure_are_shown() -> None:
    shown = [number for number, picture in enumerate(collected()) if picture.sample is not None]
    assert shown == [*range(12), *range(28, 40)]


def test_the_page_lists_all_pictures_the_least_convincing_first() -> None:
    made = datetime(2026, 1, 2, tzinfo=UTC)
    page = evaluation_page("day2night", evaluation(), collected(), Path("reports"), made)
    assert [entry.name for entry in page.entries[:2]] == ["<b>0.png", "<b>1.png"]
    assert page.entries[0].source is not None
    assert page.entries[0].source.address == "../testA/%3Cb%3E0.png"
    text = "".join(page_parts(page))
    assert "&lt;b&gt;0.png" in text
    assert "<b>0.png" not in text
    assert "40 test pictures" in text
    assert "Cycle, day -&gt; night" in text
    assert "domain probability" in text
    assert "texture distance" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    assert text.count('src="data:image/') == 4 * 24
    assert 'alt="Result G(x): night"' in text
