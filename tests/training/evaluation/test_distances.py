"""KID and FID against their definitions."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from mediatrans.training.evaluation.domain_probe import LinearProbe, folds
from mediatrans.training.evaluation.fid import enough_for_fid, fid
from mediatrans.training.evaluation.kid import compare_kid, kid

Features = NDArray[np.float64]


def normal(count: int, seed: int, shift: float = 0.0, dimensions: int = 6) -> Features:
    return np.random.default_rng(seed).normal(shift, 1.0, (count, dimensions))


def test_kid_is_the_published_formula() -> None:
    x, y = normal(5, 0), normal(7, 1, 0.5)

    def k(u: Features, v: Features) -> float:
        return float((u @ v / len(u) + 1) ** 3)

    within_x = [k(x[i], x[j]) for i in range(5) for j in range(5) if i != j]
    within_y = [k(y[i], y[j]) for i in range(7) for j in range(7) if i != j]
    between = [k(u, v) for u in x for v in y]
    expected = np.mean(within_x) + np.mean(within_y) - 2 * np.mean(between)
    assert kid(x, y) == pytest.approx(expected, rel=1e-12)


class AsGiven(nn.Module):
    """Takes features for pictures, so that a metric can be fed with them."""

    num_features = 6

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


@pytest.mark.filterwarnings("ignore:Metric .* will save all extracted features")
def test_kid_and_fid_agree_with_torchmetrics() -> None:
    distances = pytest.importorskip("torchmetrics.image.kid")
    frechets = pytest.importorskip("torchmetrics.image.fid")
    x, y = normal(20, 0), normal(20, 1, 0.5)
    real, fake = torch.from_numpy(y), torch.from_numpy(x)
    # With subsets as large as the sets every subset gives the same figure, the whole sets'.
    distance = distances.KernelInceptionDistance(feature=AsGiven(), subsets=1, subset_size=20)
    frechet = frechets.FrechetInceptionDistance(feature=AsGiven())
    frechet.set_dtype(torch.float64)
    for metric in (distance, frechet):
        metric.update(real, real=True)
        metric.update(fake, real=False)
    assert kid(x, y) == pytest.approx(float(distance.compute()[0]), rel=1e-5)
    assert fid(x, y) == pytest.approx(float(frechet.compute()), rel=1e-5)


def test_fid_of_known_distributions() -> None:
    x = normal(4000, 0)
    assert fid(x, x) == pytest.approx(0.0, abs=1e-9)
    assert fid(x, x + 2.0) == pytest.approx(6 * 4.0)
    # The same mean, three times as wide: d (1 - 3)^2.
    centred = x - x.mean(axis=0)
    assert fid(centred, 3 * centred) == pytest.approx(6 * 4.0, rel=0.1)


def test_fid_wants_more_pictures_than_features() -> None:
    assert enough_for_fid(1281, 1280)
    assert not enough_for_fid(1280, 1280)


def test_the_values_are_those_of_all_pictures() -> None:
    after, before, real = normal(30, 0, 0.2), normal(30, 1, 1.0), normal(25, 2)
    coloured = normal(30, 3, 0.6)
    figures = compare_kid(after, before, coloured, real, resamples=200, seed=0)
    assert figures.translated.value == pytest.approx(kid(after, real))
    assert figures.untranslated.value == pytest.approx(kid(before, real))
    assert figures.ratio is not None
    assert figures.ratio.value == pytest.approx(kid(after, real) / kid(before, real))
    assert figures.colour_transfer.value == pytest.approx(kid(coloured, real))
    assert figures.colour_transfer_ratio is not None
    ratio = kid(coloured, real) / kid(before, real)
    assert figures.colour_transfer_ratio.value == pytest.approx(ratio)
    for interval in (figures.translated, figures.untranslated, figures.ratio):
        assert interval.low < interval.value < interval.high


def test_resampling_shifts_the_figure_by_nothing() -> None:
    # Pictures drawn twice would pass for alike, and would lift every resampled figure.
    after, before, real = normal(12, 0), normal(12, 1, 1.0), normal(12, 2)
    figures = compare_kid(after, before, before, real, resamples=20_000, seed=0)
    middle = (figures.untranslated.low + figures.untranslated.high) / 2
    width = figures.untranslated.high - figures.untranslated.low
    assert abs(middle - figures.untranslated.value) < 0.15 * width


def test_more_pictures_make_the_interval_narrower() -> None:
    widths = []
    for count in (20, 200):
        before = normal(count, 1, 1.0)
        figures = compare_kid(
            normal(count, 0), before, before, normal(count, 2), resamples=300, seed=0
        )
        widths.append(figures.untranslated.high - figures.untranslated.low)
    assert widths[1] < 0.5 * widths[0]


def test_the_same_seed_gives_the_same_interval() -> None:
    sets = normal(15, 0), normal(15, 1, 1.0), normal(15, 3, 0.5), normal(15, 2)
    first, again = (compare_kid(*sets, resamples=100, seed=3) for _ in range(2))
    other = compare_kid(*sets, resamples=100, seed=4)
    assert first == again
    assert first.translated.value == other.translated.value
    assert first.translated.low != other.translated.low


def test_domains_that_look_alike_have_no_ratio() -> None:
    sets = normal(20, 0), normal(20, 1), normal(20, 3), normal(20, 2)
    figures = compare_kid(*sets, resamples=100, seed=0)
    assert figures.ratio is None
    assert figures.colour_transfer_ratio is None


def test_the_gain_over_a_colour_transfer() -> None:
    after, before, coloured = normal(60, 0, 0.7), normal(60, 1, 1.5), normal(60, 3, 1.2)
    figures = compare_kid(after, before, coloured, normal(60, 2), resamples=200, seed=0)
    assert figures.gain is not None
    assert figures.gain.value == pytest.approx(
        figures.colour_transfer.value / figures.translated.value
    )
    perfect = compare_kid(normal(60, 4), before, coloured, normal(60, 2), resamples=200, seed=0)
    assert perfect.gain is None  # a ratio over noise


def test_real_halves_hardly_differ_and_hang_on_the_seed_alone() -> None:
    sets = normal(40, 0), normal(40, 1, 1.0), normal(40, 3, 0.5), normal(40, 2)
    halves = compare_kid(*sets, resamples=500, seed=0).real_halves
    real = sets[3]
    order = np.random.default_rng(1).permutation(40)
    some = kid(real[order[:20]], real[order[20:]])
    assert halves.low < some < halves.high
    assert halves.low < 0 < halves.high < 0.3 * kid(sets[1], real)
    assert abs(halves.value) < 0.2 * (halves.high - halves.low)
    assert halves == compare_kid(*sets, resamples=500, seed=0).real_halves
    assert halves != compare_kid(*sets, resamples=500, seed=1).real_halves


def test_the_probe_separates_what_a_line_separates() -> None:
    probe = LinearProbe.fit(normal(60, 0), normal(40, 1, 1.5))
    assert (probe.probability_b(normal(200, 2)) < 0.5).mean() > 0.95
    assert (probe.probability_b(normal(200, 3, 1.5)) > 0.5).mean() > 0.95


def test_the_probe_weighs_both_domains_the_same() -> None:
    probe = LinearProbe.fit(normal(400, 0), normal(20, 1, 0.6))
    few = (probe.probability_b(normal(500, 2, 0.6)) > 0.5).mean()
    many = (probe.probability_b(normal(500, 3)) < 0.5).mean()
    assert abs(few - many) < 0.15


def test_the_probe_takes_more_features_than_pictures_and_constant_ones() -> None:
    a, b = normal(10, 0, dimensions=300), normal(12, 1, 1.0, dimensions=300)
    a[:, 7] = b[:, 7] = 5.0
    probe = LinearProbe.fit(a, b)
    assert (probe.probability_b(a) < 0.5).all()
    assert (probe.probability_b(b) > 0.5).all()


def test_folds_part_the_pictures_evenly() -> None:
    fold = folds(23, 5, seed=0)
    assert sorted(np.bincount(fold)) == [4, 4, 5, 5, 5]
    assert np.array_equal(fold, folds(23, 5, seed=0))
    assert not np.array_equal(fold, folds(23, 5, seed=1))
