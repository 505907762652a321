"""The evaluation of a pair: round trip, distances between features, and a linear probe."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mediatrans.errors import InputError
from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import CycleFigures, CycleSummary, Translate, compare
from mediatrans.training.evaluation.domain_probe import LinearProbe, folds
from mediatrans.training.evaluation.features import FeatureNetwork
from mediatrans.training.evaluation.fid import enough_for_fid, fid
from mediatrans.training.evaluation.figures import (
    Evaluation,
    ProbeFigures,
    TranslationFigures,
)
from mediatrans.training.evaluation.kid import compare_kid

__all__ = ["TrainedProbe", "evaluate", "train_probe"]

_FOLDS = 5
_BATCH = 16

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Passage:
    """One domain's pictures, translated there and back.

    Attributes:
        real: Features of the pictures.
        translated: Features of their translations, in the same order.
        cycle: One per picture.
    """

    real: Features
    translated: Features
    cycle: list[CycleFigures]


@dataclass(frozen=True, slots=True)
class TrainedProbe:
    """A probe fitted to real training pictures of both domains.

    Attributes:
        probe: The classifier.
        trained_on: What it was fitted to, in words.
    """

    probe: LinearProbe
    trained_on: str


def train_probe(
    domains: tuple[str, str],
    training: tuple[Iterable[Pixels], Iterable[Pixels]],
    network: FeatureNetwork,
) -> TrainedProbe:
    """Fit the probe to training pictures of both domains.

    Args:
        domains: The names of a and b.
        training: Pictures of a and of b; each is gone through once.
        network: The feature network.

    Raises:
        InputError: A domain has fewer than 2 pictures.
    """
    a, b = (_features(pictures, network) for pictures in training)
    _refuse_too_few(domains, (a, b))
    return TrainedProbe(LinearProbe.fit(a, b), f"{len(a)} + {len(b)} training pictures")


def evaluate(
    translators: tuple[Translate, Translate],
    domains: tuple[str, str],
    pictures: tuple[Iterable[Pixels], Iterable[Pixels]],
    network: FeatureNetwork,
    *,
    probe: TrainedProbe | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Evaluate a pair of generators on pictures that it was not trained on.

    Args:
        translators: a -> b and b -> a, uint8 [H, W, 3] to the same.
        domains: The names of a and b.
        pictures: Pictures of a and of b; each is gone through once.
        network: The feature network.
        probe: Trained on other pictures; without one, a probe is cross-validated on `pictures`.
        resamples: Bootstrap resamplings behind an interval.
        seed: Of the resamplings and of the cross-validation; the figures depend on nothing else.

    Raises:
        InputError: A domain has fewer than 2 pictures, or a translator fails on one.
    """
    there, back = translators
    a = _pass(pictures[0], there, back, network)
    b = _pass(pictures[1], back, there, network)
    _refuse_too_few(domains, (a.real, b.real))
    judged = _cross_validated(a, b, seed) if probe is None else _by(probe, a, b)
    probe_figures, verdict_a, verdict_b = judged
    return Evaluation(
        features=network.name,
        dimensions=network.dimensions,
        domains=domains,
        probe=probe_figures,
        to_b=_figures(a, b.real, verdict_a, resamples, seed),
        to_a=_figures(b, a.real, verdict_b, resamples, seed),
        resamples=resamples,
        seed=seed,
    )


def _pass(
    pictures: Iterable[Pixels], there: Translate, back: Translate, network: FeatureNetwork
) -> _Passage:
    features, cycle = [], []
    for picture in pictures:
        translated = there(picture)
        returned = back(translated)
        features.append(network([picture, translated]))
        cycle.append(compare(picture, returned))
    both = np.array(features).reshape(len(features), 2, network.dimensions)
    return _Passage(both[:, 0], both[:, 1], cycle)


def _features(pictures: Iterable[Pixels], network: FeatureNetwork) -> Features:
    rows: list[Features] = []
    batch: list[Pixels] = []
    for picture in pictures:
        batch.append(picture)
        if len(batch) == _BATCH:
            rows.append(network(batch))
            batch = []
    if batch:
        rows.append(network(batch))
    return np.vstack(rows) if rows else np.empty((0, network.dimensions))


def _figures(
    passage: _Passage, target: Features, verdict: float, resamples: int, seed: int
) -> TranslationFigures:
    pictures, dimensions = passage.real.shape
    enough = enough_for_fid(min(pictures, len(target)), dimensions)
    cycle = CycleSummary.of(passage.cycle)
    assert cycle is not None  # fewer than 2 pictures were refused
    return TranslationFigures(
        cycle=cycle,
        kid=compare_kid(passage.translated, passage.real, target, resamples, seed),
        fid=fid(passage.translated, target) if enough else None,
        domain_accuracy=verdict,
    )


def _by(trained: TrainedProbe, a: _Passage, b: _Passage) -> tuple[ProbeFigures, float, float]:
    """The probe's accuracy on real pictures, and on the translations of a and of b."""
    probe = trained.probe
    figures = ProbeFigures(
        trained_on=trained.trained_on,
        accuracy_a=_share(~probe.is_b(a.real)),
        accuracy_b=_share(probe.is_b(b.real)),
    )
    return figures, _share(probe.is_b(a.translated)), _share(~probe.is_b(b.translated))


def _cross_validated(a: _Passage, b: _Passage, seed: int) -> tuple[ProbeFigures, float, float]:
    """As `_by`, with probes that were not fitted to the picture or its translation."""
    count = min(_FOLDS, len(a.real), len(b.real))
    fold_a, fold_b = folds(len(a.real), count, seed), folds(len(b.real), count, seed)
    right: dict[str, list[NDArray[np.bool_]]] = {"a": [], "b": [], "to_a": [], "to_b": []}
    for fold in range(count):
        in_a, in_b = fold_a == fold, fold_b == fold
        probe = LinearProbe.fit(a.real[~in_a], b.real[~in_b])
        right["a"].append(~probe.is_b(a.real[in_a]))
        right["b"].append(probe.is_b(b.real[in_b]))
        right["to_b"].append(probe.is_b(a.translated[in_a]))
        right["to_a"].append(~probe.is_b(b.translated[in_b]))
    share = {name: _share(np.concatenate(verdicts)) for name, verdicts in right.items()}
    figures = ProbeFigures(
        trained_on=f"the other pictures, {count}-fold",
        accuracy_a=share["a"],
        accuracy_b=share["b"],
    )
    return figures, share["to_b"], share["to_a"]


def _share(right: NDArray[np.bool_]) -> float:
    return float(right.mean())


def _refuse_too_few(domains: tuple[str, str], features: tuple[Features, Features]) -> None:
    for domain, rows in zip(domains, features, strict=True):
        if len(rows) < 2:
            raise InputError(
                f"{len(rows)} readable pictures of {domain}, at least 2 are needed",
                remedy="give a folder of JPEG, PNG, WebP, ... pictures",
            )
