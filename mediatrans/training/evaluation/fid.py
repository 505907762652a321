"""The Fréchet distance between two sets of features, by torchmetrics."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mediatrans.errors import MissingExtraError

__all__ = ["enough_for_fid", "fid"]


def enough_for_fid(pictures: int, dimensions: int) -> bool:
    """Whether a set is large enough: a covariance of fewer pictures than features is singular."""
    return pictures > dimensions


def fid(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Fréchet inception distance: Heusel et al., NeurIPS 2017.

    Args:
        x: Features [n, d].
        y: Features [m, d].

    Raises:
        MissingExtraError: torchmetrics is not installed.
    """
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance
    except ModuleNotFoundError as error:
        raise MissingExtraError("evaluate", error.name or "torchmetrics") from error
    metric = FrechetInceptionDistance(feature=_PrecomputedFeatures(x.shape[1]))
    metric.set_dtype(torch.float64)
    metric.update(torch.from_numpy(y), real=True)
    metric.update(torch.from_numpy(x), real=False)
    return float(metric.compute())


class _PrecomputedFeatures(nn.Module):
    """Returns its input: the features were computed before."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.num_features = dimensions

    def forward(self, features: Tensor) -> Tensor:
        return features
