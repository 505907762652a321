"""Structure: how well the edges of a source and of its translation agree, region by region."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["edges", "structure"]

_REGION = 5
_SMOOTHING = 180
_NOISE = 3.0
_WORST = 0.02


def structure(source: NDArray[np.uint8], result: NDArray[np.uint8]) -> float:
    """The agreement of the edges of two pictures where they agree least.

    Two edge maps x and y are compared by the Dice coefficient 2 sum(x y) / (sum(x^2) + sum(y^2))
    (Dice, Ecology 26(3), 1945; Milletari, Navab and Ahmadi, 3DV 2016, for maps that are not
    binary), in square regions of a fifth of the shorter side. The result's map is scaled as a whole
    to fit the source's, so that a change of contrast is no disagreement; nor is an inversion. The
    figure is the mean of the worst fiftieth of all regions: an object that was put in or taken out
    is in some of them only.

    Args:
        source: uint8 [H, W, 3] RGB.
        result: uint8 [H, W, 3] RGB.

    Returns:
        At most 1, for equal edges.
    """
    x, y = edges(source), edges(result)
    energy = float(np.sum(y * y, dtype=np.float64))
    if energy:
        y = y * np.float32(float(np.sum(x * y, dtype=np.float64)) / energy)
    side = max(3, min(x.shape) // _REGION)
    xx, yy, xy = (_sums(product, side) for product in (x * x, y * y, x * y))
    floor = np.float32(_NOISE**2)
    agreement = np.sort(((2 * xy + floor) / (xx + yy + floor)).ravel())
    return float(agreement[: max(1, round(_WORST * agreement.size))].mean())


def edges(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The strength of the edges of a picture: the gradient of its smoothed luma.

    Args:
        picture: uint8 [H, W, 3] RGB.

    Returns:
        float32 [H, W], in steps of the 8-bit scale per pixel.
    """
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    sigma = max(0.8, min(luma.shape) / _SMOOTHING)
    smooth = cv2.GaussianBlur(luma, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    # The kernel's positive weights add up to 16.
    across = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    # OpenCV's own magnitude has other last bits where its arrays lie elsewhere in memory.
    return np.sqrt(across * across + down * down, dtype=np.float32)


def _sums(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The means over the square regions that lie inside, at every quarter of their side."""
    means = cv2.boxFilter(values, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REPLICATE)
    step = max(1, side // 4)
    rows, columns = (slice(min(side, n) // 2, n - (min(side, n) - 1) // 2) for n in values.shape)
    return np.asarray(means[rows, columns][::step, ::step], np.float32)
