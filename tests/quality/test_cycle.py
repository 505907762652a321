"""The cycle check: which frames it measures, and what it says of them."""

import numpy as np
import pytest

from mediatrans.quality import metrics
from mediatrans.quality.cycle import (
    CycleFigures,
    CycleMonitor,
    CycleSummary,
    Statistics,
    compare,
)

RNG = np.random.default_rng(1)
FRAMES = RNG.integers(0, 256, (10, 12, 14, 3), dtype=np.uint8)


def invert(images: np.ndarray) -> np.ndarray:
    return 255 - images


def test_checks_one_frame_in_n() -> None:
    monitor = CycleMonitor(invert, every=4)
    for start in (0, 5):
        batch = FRAMES[start : start + 5]
        monitor.observe(range(start, start + 5), batch, invert(batch))
    summary = monitor.summary()
    assert summary is not None
    assert summary.checked_frames == 3
    assert summary.psnr_db.mean == 100.0
    assert summary.l1.max == 0.0
    assert list(monitor.measured(1, 9)) == [4, 8]


def test_each_frame_has_figures_of_its_own() -> None:
    monitor = CycleMonitor(lambda images: images)
    monitor.observe([3, 7], FRAMES[:2], np.stack([FRAMES[0], invert(FRAMES[1])]))
    measured = monitor.measured(0, 8)
    assert measured[3].psnr_db == 100.0
    assert measured[7].psnr_db < 20
    later = CycleMonitor(invert)
    assert later.summary() is None
    later.restore(measured)
    assert later.summary() == monitor.summary()


def test_statistics_show_the_tails() -> None:
    summary = CycleSummary.of(CycleFigures(psnr_db=v, ssim=v / 100, l1=v) for v in range(101))
    assert summary is not None
    assert (summary.psnr_db.mean, summary.psnr_db.p05, summary.psnr_db.min) == (50, 5, 0)
    assert summary.l1.p95 == pytest.approx(95)
    assert CycleSummary.of([]) is None


def test_a_comparison_is_that_of_the_metrics() -> None:
    random = np.random.default_rng(0)
    source, back = random.integers(0, 256, (2, 16, 20, 3), dtype=np.uint8)
    figures = compare(source, back)
    assert (figures.psnr_db, figures.ssim, figures.l1) == (
        metrics.psnr(source, back),
        metrics.ssim(source, back),
        metrics.l1(source, back),
    )


def test_statistics_have_the_median_and_the_extremes() -> None:
    found = Statistics.of(float(value) for value in range(101))
    assert (found.mean, found.min, found.p05, found.p50, found.p95, found.max) == (
        50, 0, 5, 50, 95, 100,
    )  # fmt: skip
