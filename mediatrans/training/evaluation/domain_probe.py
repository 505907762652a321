"""The linear probe: a classifier of the two domains on the pictures' features."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from mediatrans.errors import MissingExtraError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

__all__ = ["DomainJudge", "LinearProbe", "folds"]

_STRENGTH = 0.01
_ITERATIONS = 10_000
_CONVERGED = 1e-8
_FOLDS = 5

Features = NDArray[np.float64]
Indices = Sequence[int] | None


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

    def probability_b(self, features: Features) -> Features:
        """How sure it is that each picture is one of domain b, from 0 to 1 [N]."""
        probability: Features = self.classifier.predict_proba(features)[:, 1]
        return probability


@dataclass(frozen=True, slots=True)
class DomainJudge:
    """Decides how much pictures look like the other domain, by a probe not fitted to them.

    Attributes:
        probes: One, or one for each fold of the cross-validation.
        probe_of: For the pictures of a and of b, the probe that was not fitted to them.
        trained_on: What the probes were fitted to, in words.
    """

    probes: tuple[LinearProbe, ...]
    probe_of: tuple[NDArray[np.int64], NDArray[np.int64]]
    trained_on: str

    @classmethod
    def trained(cls, probe: LinearProbe, trained_on: str, counts: tuple[int, int]) -> Self:
        """A judge with one probe that was fitted to other pictures.

        Args:
            probe: The probe.
            trained_on: What it was fitted to, in words.
            counts: How many pictures of a and of b are to be judged.
        """
        a, b = counts
        return cls((probe,), (np.zeros(a, np.int64), np.zeros(b, np.int64)), trained_on)

    @classmethod
    def cross_validated(cls, a: Features, b: Features, seed: int) -> Self:
        """A judge whose probes are fitted to the very pictures, each time without a fold of them.

        Args:
            a: Features [n, d] of the real pictures of a.
            b: Features [m, d] of the real pictures of b.
            seed: Of the folds.
        """
        count = min(_FOLDS, len(a), len(b))
        fold_a, fold_b = folds(len(a), count, seed), folds(len(b), count, seed)
        probes = tuple(
            LinearProbe.fit(a[fold_a != fold], b[fold_b != fold]) for fold in range(count)
        )
        return cls(probes, (fold_a, fold_b), f"the other pictures, {count}-fold")

    def probability_b(self, features: Features, domain: int, which: Indices = None) -> Features:
        """How sure the judge is that each picture is one of domain b, from 0 to 1 [N].

        Args:
            features: [N, d] of pictures of the domain, or of what was made of them.
            domain: 0 for pictures that come from a, 1 for b.
            which: Their places in the domain; None where all are given in order.
        """
        probe_of = self.probe_of[domain]
        if which is not None:
            probe_of = probe_of[np.asarray(which)]
        probability = np.empty(len(features))
        for number, probe in enumerate(self.probes):
            of_this = probe_of == number
            if of_this.any():
                probability[of_this] = probe.probability_b(features[of_this])
        return probability


def folds(pictures: int, count: int, seed: int) -> NDArray[np.int64]:
    """Split pictures into folds of nearly equal size, at random.

    Returns:
        The fold of each picture, 0 to `count` - 1.
    """
    order = np.random.default_rng(seed).permutation(pictures)
    fold = np.empty(pictures, np.int64)
    fold[order] = np.arange(pictures) % count
    return fold
