"""The Fréchet distance between two sets of features."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["enough_for_fid", "fid"]


def enough_for_fid(pictures: int, dimensions: int) -> bool:
    """Whether a set is large enough: a covariance of fewer pictures than features is singular."""
    return pictures > dimensions


def fid(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Fréchet inception distance: Heusel et al., NeurIPS 2017.

    |mean_x - mean_y|^2 + tr(C_x + C_y - 2 (C_x C_y)^(1/2)), for normal distributions.

    Args:
        x: Features [n, d].
        y: Features [m, d].
    """
    shift = x.mean(axis=0) - y.mean(axis=0)
    covariance_x, covariance_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    # C_x C_y and the symmetric root_x C_y root_x share their eigenvalues.
    values, vectors = np.linalg.eigh(covariance_x)
    root_x = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    overlap = np.linalg.eigvalsh(root_x @ covariance_y @ root_x).clip(min=0)
    traces = np.trace(covariance_x) + np.trace(covariance_y)
    return float(shift @ shift + traces - 2 * np.sqrt(overlap).sum())
