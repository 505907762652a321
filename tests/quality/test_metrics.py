"""The metrics against their formulas, written out the slow way."""

import math
import tracemalloc

import numpy as np
import pytest

from mediatrans.quality import metrics

RNG = np.random.default_rng(5)
X = RNG.integers(0, 256, (24, 20, 3), dtype=np.uint8)
Y = np.clip(X.astype(int) + RNG.integers(-30, 31, X.shape), 0, 255).astype(np.uint8)


def slow_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Wang et al. 2004, one window at a time."""
    axis = np.arange(-5, 6)
    bell = np.exp(-(axis**2) / (2 * 1.5**2))
    window = np.outer(bell, bell) / np.outer(bell, bell).sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for channel in range(3):
        a, b = x[..., channel].astype(float), y[..., channel].astype(float)
        for i in range(5, a.shape[0] - 5):
            for j in range(5, a.shape[1] - 5):
                p, q = a[i - 5 : i + 6, j - 5 : j + 6], b[i - 5 : i + 6, j - 5 : j + 6]
                mp, mq = (window * p).sum(), (window * q).sum()
                vp = (window * (p - mp) ** 2).sum()
                vq = (window * (q - mq) ** 2).sum()
                cov = (window * (p - mp) * (q - mq)).sum()
                top = (2 * mp * mq + c1) * (2 * cov + c2)
                values.append(top / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    return float(np.mean(values))


def test_ssim_is_the_paper_s() -> None:
    assert metrics.ssim(X, Y) == pytest.approx(slow_ssim(X, Y), abs=1e-5)
    assert metrics.ssim(X, X) == pytest.approx(1.0)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (10, 40), (11, 11)])
def test_ssim_of_small_pictures(size: tuple[int, int]) -> None:
    x = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    assert metrics.ssim(x, x) == pytest.approx(1.0)
    assert metrics.ssim(x, 255 - x) < 1.0


def test_psnr() -> None:
    mean_square = np.mean((X.astype(float) - Y.astype(float)) ** 2)
    assert metrics.psnr(X, Y) == pytest.approx(10 * math.log10(255**2 / mean_square))
    assert metrics.psnr(np.zeros_like(X), np.full_like(X, 255)) == pytest.approx(0.0)
    assert metrics.psnr(X, X) == metrics.PSNR_CAP_DB


def test_l1() -> None:
    assert metrics.l1(X, Y) == pytest.approx(np.abs(X.astype(float) - Y.astype(float)).mean())


def test_strips_give_the_figures_of_the_whole_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = metrics.psnr(X, Y), metrics.l1(X, Y), metrics.ssim(X, Y)
    for pixels in (1, 60, 7 * X.shape[1]):
        monkeypatch.setattr(metrics, "_STRIP_PIXELS", pixels)
        strips = metrics.psnr(X, Y), metrics.l1(X, Y), metrics.ssim(X, Y)
        assert strips[:2] == whole[:2]
        assert strips[2] == pytest.approx(whole[2], abs=1e-7)


def test_the_memory_does_not_grow_with_the_picture() -> None:
    x = RNG.integers(0, 256, (2000, 3000, 3), dtype=np.uint8)
    tracemalloc.start()
    try:
        for measure in (metrics.psnr, metrics.l1, metrics.ssim):
            measure(x, x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60e6
