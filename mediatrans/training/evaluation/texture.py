"""The texture referee: fine structure as a demosaicking network sees it, whatever the colours."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mediatrans.errors import MissingExtraError
from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.resampling import Interval, draw, halvings, ratio_of

__all__ = [
    "TextureFigures",
    "TextureNetwork",
    "compare_texture",
    "load_texture_network",
    "texture_distances",
]

_PACKAGE = "demosaicnet"
_WIDTH = 64
_READ = (3, 6, 9)
"""The layers whose features are read: they see 14, 26 and 38 pixels across."""

_LEAST_SIDE = 64

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextureNetwork:
    """A network whose features describe texture, in evaluation mode.

    Attributes:
        name: Stands beside the figure.
        module: float [1, 1, H, W] luminance from 0 to 1 -> float [dimensions].
        dimensions: Number of statistics per picture.
        device: Where the module is.
    """

    name: str
    module: nn.Module
    dimensions: int
    device: torch.device

    @torch.no_grad()
    def __call__(self, picture: Pixels) -> Features:
        """The statistics of a picture at its own size.

        Args:
            picture: uint8 [H, W, 3] RGB of any size.

        Returns:
            [dimensions].
        """
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
        below, right = (max(0, _LEAST_SIDE - side) for side in grey.shape)
        grey = np.pad(grey, ((0, below), (0, right)), mode="symmetric")
        batch = torch.from_numpy(grey.astype(np.float32) / 255.0)[None, None].to(self.device)
        statistics: Features = self.module(batch).cpu().numpy().astype(np.float64)
        return statistics


@dataclass(frozen=True, slots=True)
class TextureFigures:
    """Distances of textures from those of the real target, each over the untranslated pictures'.

    Attributes:
        translated: Of the translations; 0 is perfect, 1 means nothing gained. None where the
            textures of the domains hardly differ, and a ratio would be noise; so for the others.
        colour_transfer: Of the pictures with the colours of the target: near 1.
        real_halves: Of one random half of the real pictures from the other: the mean over many
            halvings, and the range of 95 % of them.
    """

    translated: Interval | None
    colour_transfer: Interval | None
    real_halves: Interval | None


def load_texture_network(device: torch.device) -> TextureNetwork:
    """Load the first layers of the network of Gharbi et al. 2016; nothing is downloaded.

    It was trained from nothing to fill in the colours between the sensels of a camera, on patches
    where that is hard: fine lines, weaves and foliage. It has never seen a class of objects.

    Args:
        device: Where to compute.

    Raises:
        MissingExtraError: The package demosaicnet of the extra `evaluate` is not installed.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("evaluate", _PACKAGE)
    # Only the weights are read: importing the package needs modules that setuptools has dropped.
    path = Path(found.submodule_search_locations[0]) / "data" / "bayer.pth"
    weights = torch.load(path, map_location="cpu", weights_only=True)
    module = _Demosaicking()
    kept = {
        name.removeprefix("main_processor."): weight
        for name, weight in weights.items()
        if name.removeprefix("main_processor.") in module.state_dict()
    }
    module.load_state_dict(kept)
    module = module.eval().requires_grad_(False).to(device)
    return TextureNetwork(_PACKAGE, module, 2 * _WIDTH * len(_READ), device)


class _Demosaicking(nn.Module):
    """The statistics of the first layers, for a grey picture behind a Bayer pattern."""

    def __init__(self) -> None:
        super().__init__()
        self.pack_mosaic = nn.Conv2d(3, 4, 2, stride=2)
        for layer in range(1, max(_READ) + 1):
            self.add_module(f"conv{layer}", nn.Conv2d(4 if layer == 1 else _WIDTH, _WIDTH, 3))

    def forward(self, luminance: Tensor) -> Tensor:
        """Float [1, 1, H, W] -> the mean and the deviation of each feature of the layers read."""
        mosaic = torch.zeros_like(luminance).repeat(1, 3, 1, 1)
        for channel, rows, columns in ((1, 0, 0), (0, 0, 1), (2, 1, 0), (1, 1, 1)):
            mosaic[:, channel, rows::2, columns::2] = luminance[:, 0, rows::2, columns::2]
        x = self.pack_mosaic(mosaic)
        statistics = []
        for layer in range(1, max(_READ) + 1):
            x = functional.relu(self.get_submodule(f"conv{layer}")(x))
            if layer in _READ:
                statistics += [x.mean(dim=(0, 2, 3)), x.std(dim=(0, 2, 3))]
        return torch.cat(statistics)


def compare_texture(
    translated: Features,
    untranslated: Features,
    colour_transfer: Features,
    real: Features,
    resamples: int,
    seed: int,
) -> TextureFigures:
    """The distance of translations and baselines from real pictures, with bootstrap intervals.

    The distance is the squared difference of the means of each statistic, less what chance adds to
    it, plus the squared difference of the deviations over the pictures, in units of the deviation
    within both domains; the mean over the statistics.
    Resamplings are drawn as for the kernel distance.

    Args:
        translated: Statistics [n, d] of the translations.
        untranslated: Statistics [n, d] of what was translated, in the same order.
        colour_transfer: Statistics [n, d] of the same with the colours of the target.
        real: Statistics [m, d] of real pictures of the target domain.
        resamples: Bootstrap resamplings, and random halvings of the real pictures.
        seed: Of the resamplings.
    """
    random = np.random.default_rng(seed)
    n, m = len(translated), len(real)
    drawn, drawn_real = draw(random, n, resamples), draw(random, m, resamples)
    unit = _unit(untranslated, real)
    target = _moments(real / unit, drawn_real)
    after, before, coloured = (
        _distances(_moments(x / unit, drawn), target)
        for x in (translated, untranslated, colour_transfer)
    )
    halves = None
    if m >= 4:
        first, second = (_moments(real / unit, half) for half in halvings(random, m, resamples))
        halves = _distances(first, second)
    ratio = ratio_of(after, before)
    return TextureFigures(
        translated=ratio,
        colour_transfer=ratio_of(coloured, before),
        real_halves=None
        if ratio is None or halves is None
        else Interval.of(halves.mean() / before[0], halves / before[0]),
    )


def texture_distances(pictures: Features, real: Features) -> Features:
    """How far each picture's texture is from the middle of the real ones, in their deviations.

    Args:
        pictures: Statistics [n, d].
        real: Statistics [m, d] of real pictures of the target domain.

    Returns:
        Root mean square over the statistics [n]; about 1 for a real picture.
    """
    middle, unit = real.mean(axis=0), _unit(real, real)
    distance: Features = np.sqrt((((pictures - middle) / unit) ** 2).mean(axis=1))
    return distance


def _unit(x: Features, y: Features) -> Features:
    """The deviation [d] of each statistic within the two sets."""
    variance = (x.var(axis=0) + y.var(axis=0)) / 2
    # A feature that is silent in all pictures has none, and must not divide by 0.
    unit: Features = np.sqrt(np.maximum(variance, 1e-12 + 1e-8 * variance.max()))
    return unit


_Moments = tuple[Features, Features, Features]
"""The square of the mean, the mean and the deviation [r, d] of each statistic, a row a resampling.
The square is that of pairs of different pictures: chance adds nothing to it."""


def _moments(x: Features, drawn: NDArray[np.float64]) -> _Moments:
    total = drawn.sum(axis=1, keepdims=True)
    pairs = total**2 - (drawn**2).sum(axis=1, keepdims=True)
    summed = drawn @ x
    square = (summed**2 - drawn**2 @ x**2) / pairs
    mean = summed / total
    variance = np.maximum(drawn @ x**2 / total - mean**2, 0.0)
    return square, mean, np.sqrt(variance)


def _distances(x: _Moments, y: _Moments) -> Features:
    (square_x, mean_x, deviation_x), (square_y, mean_y, deviation_y) = x, y
    means = square_x + square_y - 2 * mean_x * mean_y
    distance: Features = (means + (deviation_x - deviation_y) ** 2).mean(axis=1)
    return distance
