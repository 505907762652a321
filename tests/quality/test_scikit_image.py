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
    y = x + np.random.default_rng(0).normal(0, noise, x.shape)
    y = y.clip(0, 255).astype(np.uint8)
    expected = reference.structural_similarity(
        x,
        y,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=-1,
    )
    assert ssim(x, y) == pytest.approx(expected, abs=1e-6)
    assert psnr(x, y) == pytest.approx(
        reference.peak_signal_noise_ratio(x, y, data_range=255), abs=1e-6
    )
    assert ssim(x // 64 * 64, y // 64 * 64) == pytest.approx(
        reference.structural_similarity(
            x // 64 * 64,
            y // 64 * 64,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=-1,
        ),
        abs=1e-6,
    )
