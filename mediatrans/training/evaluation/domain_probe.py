"""The linear probe: a classifier of the two domains on the pictures' features."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from mediatrans.errors import MissingExtraError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["LinearProbe", "folds"]

_STRENGTH = 0.01
_ITERATIONS = 10_000
_CONVERGED = 1e-8

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearProbe:
    """A linear classifier of two domains on standardised features.

    Attributes:
        classifier: scikit-learn's standardisation and logistic regression, fitted.
    """

    classifier: "Pipeline"

    @classmethod
    def fit(cls, a: Features, b: Features) -> Self:
        """Fit a logistic regression with an L2 penalty; both domains have the same weight.

        Args:
            a: Features [n, d] of pictures of domain a.
            b: Features [m, d] of pictures of domain b.

        Raises:
            MissingExtraError: scikit-learn is not installed.
        """
        try:
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler
        except ModuleNotFoundError as error:
            raise MissingExtraError("evaluate", error.name or "scikit-learn") from error
        is_b = np.repeat([False, True], [len(a), len(b)])
        importance = np.where(is_b, 0.5 / len(b), 0.5 / len(a))
        regression = LogisticRegression(C=1 / _STRENGTH, tol=_CONVERGED, max_iter=_ITERATIONS)
        classifier = make_pipeline(StandardScaler(), regression)
        classifier.fit(np.vstack([a, b]), is_b, logisticregression__sample_weight=importance)
        return cls(classifier)

    def is_b(self, features: Features) -> NDArray[np.bool_]:
        """The verdict on each picture [N]: True where it is taken for one of domain b."""
        verdict: NDArray[np.bool_] = self.classifier.predict(features)
        return verdict


def folds(pictures: int, count: int, seed: int) -> NDArray[np.int64]:
    """Split pictures into folds of nearly equal size, at random.

    Returns:
        The fold of each picture, 0 to `count` - 1.
    """
    order = np.random.default_rng(seed).permutation(pictures)
    fold = np.empty(pictures, np.int64)
    fold[order] = np.arange(pictures) % count
    return fold
