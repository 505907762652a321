"""The hidden signal: found where the source is hidden, and nowhere else."""

import numpy as np
import pytest

from mediatrans.media.frames import Pixels
from mediatrans.quality.capture import Window
from mediatrans.quality.hidden import hidden_signal, mean_square, with_jpeg, with_noise
from mediatrans.quality.judging import Judge
from mediatrans.quality.metrics import psnr
from tests.quality.scenes import scene


def hide(x: Pixels) -> Pixels:
    bit = np.asarray(x >> 7, np.uint8)
    hidden: Pixels = (np.asarray(255 - x, np.uint8) // 2 * 2 + bit).astype(np.uint8)
    return hidden


def reveal(y: Pixels) -> Pixels:
    return ((y & 1) * 128 + 64).astype(np.uint8)


def invert(x: Pixels) -> Pixels:
    return 255 - x


def double(y: Pixels) -> Pixels:
    return np.minimum(y, 127) * np.uint8(2)


@pytest.mark.parametrize("disturb", [with_noise, with_jpeg])
def test_a_source_in_the_low_bit_is_found(disturb: object) -> None:
    assert callable(disturb)
    for seed in range(5):
        x = scene(seed)
        y = hide(x)
        disturbed = disturb(y)
        raw, after = psnr(x, reveal(y)), psnr(x, reveal(disturbed))
        assert hidden_signal(raw, after, mean_square(y, disturbed)) > 3


@pytest.mark.parametrize("disturb", [with_noise, with_jpeg])
@pytest.mark.parametrize(
    ("there", "back"), [(invert, invert), (lambda x: x // 2, double), (lambda x: x, lambda x: x)]
)
def test_an_honest_way_back_hides_nothing(disturb: object, there: object, back: object) -> None:
    assert callable(disturb)
    assert callable(there)
    assert callable(back)
    x = scene(3)
    y = there(x)
    disturbed = disturb(y)
    raw, after = psnr(x, back(y)), psnr(x, back(disturbed))
    assert raw > after
    assert hidden_signal(raw, after, mean_square(y, disturbed)) < 0.5


def test_nothing_is_hidden_where_nothing_is_lost() -> None:
    assert hidden_signal(24.8, 24.8, 0) == 0
    assert hidden_signal(24.8, 26.0, 4) == 0


def test_the_noise_has_the_promised_height() -> None:
    grey = np.full((100, 120, 3), 128, np.uint8)
    assert np.sqrt(mean_square(grey, with_noise(grey))) == pytest.approx(3, abs=0.1)
    assert (with_noise(grey) == with_noise(grey)).all()


@pytest.mark.parametrize(("contrast", "measured"), [(0, False), (4, False), (120, True)])
def test_it_is_not_measured_without_contrast(contrast: int, measured: bool) -> None:
    """A way back that enlarges contrasts to the whole range, as instance norms do."""

    def normed(x: Pixels) -> Pixels:
        wide = x.astype(np.float32) - x.min()
        return np.asarray(255 * wide / max(1.0, wide.max()), np.uint8)

    ramp = np.linspace(0, contrast, 64).astype(np.uint8)
    picture = np.broadcast_to(100 + ramp[:, None], (64, 64, 3)).copy()
    judge = Judge(forward=np.copy, inverse=normed)
    assert ("hidden_db" in judge.values(Window(0, 0.0, picture), picture)) == measured
