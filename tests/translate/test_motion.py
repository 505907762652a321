"""The motion between frames whose motion is known, and where it is not to be relied on."""

import cv2
import numpy as np
import pytest

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.motion import find_motion, moved

H, W = 96, 160


def scene(seed: int = 1, height: int = H, width: int = W + 40, sigma: float = 2.0) -> Pixels:
    """A random texture of some contrast."""
    rough = np.random.default_rng(seed).normal(size=(height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), sigma)
    return np.asarray(np.clip(128 + 30 * smooth / smooth.std(), 0, 255), np.uint8)


@pytest.mark.parametrize("step", [0, 1, 3, 8])
def test_a_known_motion_is_found_and_trusted(step: int) -> None:
    wide = scene()
    first, second = wide[:, :W], wide[:, step : step + W]
    motion = find_motion(first, second)
    assert motion is not None
    inner = np.s_[12:-12, 12:-24]
    assert np.abs(motion.flow[inner] - [step, 0]).max() < 0.3
    assert motion.trust[inner].min() > 0.9
    again = moved(first, motion.flow)
    assert np.abs(again[inner].astype(int) - second[inner]).mean() < 1
    if step > 2:  # what has come in from the right was not in the frame before
        assert motion.trust[:, W - step + 2 :].max() == 0


def test_equal_frames_are_at_rest() -> None:
    motion = find_motion(scene(), scene())
    assert motion is not None
    assert not motion.flow.any()
    assert motion.trust.min() == 1


@pytest.mark.parametrize("seed", [2, 3])
def test_a_cut_has_no_motion(seed: int) -> None:
    assert find_motion(scene(), scene(seed)) is None
    assert find_motion(scene(), np.ascontiguousarray(scene()[::-1, ::-1])) is None


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 60, 0), (150, 110, 128)])
def test_what_a_bar_uncovers_is_not_trusted(colour: tuple[int, int, int]) -> None:
    first, second = scene(width=W), scene(width=W)
    first[:, 40:60] = second[:, 48:68] = colour
    motion = find_motion(first, second)
    assert motion is not None
    assert motion.trust[:, 41:47].mean() < 0.1
    far = motion.trust[:, 90:]
    assert far.min() == 1
    assert not motion.flow[:, 90:].any()


@pytest.mark.parametrize("steps", [-40, -8, 8, 40])
def test_light_that_changes_is_not_trusted(steps: int) -> None:
    frame = np.clip(scene(), 50, 200).astype(int)
    motion = find_motion(frame.astype(np.uint8), (frame + steps).astype(np.uint8))
    assert motion is None or motion.trust.mean() < 0.05


def test_noise_that_is_not_the_motion_s_is_trusted() -> None:
    noise = np.random.default_rng(4).integers(-3, 4, (2, H, W, 3))
    first, second = (np.clip(scene(width=W) + each, 0, 255).astype(np.uint8) for each in noise)
    motion = find_motion(first, second)
    assert motion is not None
    assert motion.trust.mean() > 0.9
