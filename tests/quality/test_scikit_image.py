"""PSNR and SSIM against scikit-image."""

import numpy as np
import pytest

from mediatrans.quality.metrics import psnr, ssim
from tests.quality.scenes import scene

reference = pytest.importorskip("skimage.metrics")


@pytest.mark.parametrize("size", [(240, 180), (97, 61), (11, 12), (640, 360)])
@pytest.mark.parametrize("noise", [0.5, 5, 60])
def test_they_agree_to_a_millionth(size: tuple[int, int], noise: float) -> None:
    x = scene(5, *size)
    noisy = x + np.random.default_rng(0).normal(0, noise, x.shape)
    y = noisy.clip(0, 255).astype(np.uint8)
    # Few levels as well: in flat parts the variances are zero.
    for a, b in ((x, y), (x // 64 * 64, y // 64 * 64)):
        expected = reference.structural_similarity(
            a,
            b,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=-1,
        )
        assert ssim(a, b) == pytest.approx(expected, abs=1e-6)
        if (a != b).any():  # the ratio of equal pictures is infinite
            ratio = reference.peak_signal_noise_ratio(a, b, data_range=255)
            assert psnr(a, b) == pytest.approx(ratio, abs=1e-6)
