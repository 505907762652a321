"""The linear probe: which of two domains a picture's features speak of."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["LinearProbe", "folds"]

_STRENGTH = 0.01
_ITERATIONS = 30
_CONVERGED = 1e-8

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearProbe:
    """A linear classifier of two domains on standardised features.

    Attributes:
        centre: Mean of each feature over the pictures it was fitted to.
        scale: Standard deviation of each feature there.
        weights: A weight a feature.
        bias: What is added.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    @classmethod
    def fit(cls, a: Features, b: Features) -> Self:
        """Fit a logistic regression with an L2 penalty, both domains weighing the same.

        Args:
            a: Features [n, d] of pictures of domain a.
            b: Features [m, d] of pictures of domain b.
        """
        x = np.vstack([a, b])
        centre, scale = x.mean(axis=0), x.std(axis=0)
        scale[scale == 0] = 1.0
        is_b = np.repeat([0.0, 1.0], [len(a), len(b)])
        importance = np.where(is_b, 0.5 / len(b), 0.5 / len(a))
        # The best weights lie in the span of the rows, which has few dimensions in small sets.
        left, sizes, rows = np.linalg.svd((x - centre) / scale, full_matrices=False)
        solution = _newton(np.column_stack([left * sizes, np.ones(len(x))]), is_b, importance)
        return cls(centre, scale, solution[:-1] @ rows, float(solution[-1]))

    def is_b(self, features: Features) -> NDArray[np.bool_]:
        """The verdict on each picture: True where it is taken for one of domain b."""
        standardised = (features - self.centre) / self.scale
        verdict: NDArray[np.bool_] = standardised @ self.weights + self.bias > 0
        return verdict


def folds(pictures: int, count: int, seed: int) -> NDArray[np.int64]:
    """Part pictures into folds of nearly equal size, at random.

    Returns:
        The fold of each picture, 0 to `count` - 1.
    """
    order = np.random.default_rng(seed).permutation(pictures)
    fold = np.empty(pictures, np.int64)
    fold[order] = np.arange(pictures) % count
    return fold


def _newton(
    x: NDArray[np.float64], is_b: NDArray[np.float64], importance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minimise the penalised logistic loss by Newton's method, halving steps that overshoot."""
    penalty = np.full(x.shape[1], _STRENGTH)
    penalty[-1] = 0.0

    def loss(weights: NDArray[np.float64]) -> float:
        score = x @ weights
        entropy = importance @ (np.logaddexp(0.0, score) - is_b * score)
        return float(entropy + 0.5 * penalty @ weights**2)

    weights = np.zeros(x.shape[1])
    for _ in range(_ITERATIONS):
        likely = 0.5 * (1.0 + np.tanh(0.5 * (x @ weights)))
        gradient = x.T @ (importance * (likely - is_b)) + penalty * weights
        curvature = (x.T * (importance * likely * (1 - likely))) @ x + np.diag(penalty)
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        before = loss(weights)
        while loss(weights - step) > before and np.abs(step).max() > _CONVERGED:
            step *= 0.5
        weights -= step
        if np.abs(step).max() <= _CONVERGED:
            break
    return weights
