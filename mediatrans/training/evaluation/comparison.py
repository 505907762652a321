"""The evaluation of a pair: round trip, distances between features and textures, linear probes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mediatrans.errors import InputError
from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import CycleSummary, Translate
from mediatrans.training.evaluation.baselines import ColourTransfer
from mediatrans.training.evaluation.domain_probe import DomainJudge, LinearProbe
from mediatrans.training.evaluation.features import FeatureNetwork
from mediatrans.training.evaluation.fid import enough_for_fid, fid
from mediatrans.training.evaluation.figures import (
    Direction,
    Evaluation,
    NetworkFigures,
    ProbeFigures,
    TranslationFigures,
)
from mediatrans.training.evaluation.kid import compare_kid
from mediatrans.training.evaluation.passage import Passage, Views, translate_all
from mediatrans.training.evaluation.texture import (
    TextureNetwork,
    compare_texture,
    texture_distances,
)

__all__ = ["Assessment", "Judge", "PictureFigures", "TrainedProbe", "evaluate", "train_probes"]

_BATCH = 16

Features = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrainedProbe:
    """A probe fitted to real training pictures of both domains.

    Attributes:
        probe: The classifier.
        trained_on: What it was fitted to, in words.
    """

    probe: LinearProbe
    trained_on: str


@dataclass(frozen=True, slots=True)
class Judge:
    """A feature network that judges a pair.

    Attributes:
        network: The network.
        probe: Trained on other pictures; without one, probes are cross-validated.
        seen_in_training: Whether the pair was trained with this network.
    """

    network: FeatureNetwork
    probe: TrainedProbe | None = None
    seen_in_training: bool = False


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """One picture's translation.

    Attributes:
        domain_probability: How sure the probe is that it is of the target domain, 0 to 1.
        cycle_psnr_db: Of the picture's round trip.
        texture: How far its texture is from the middle of real ones, in their deviations; None
            where that was not measured.
    """

    domain_probability: float
    cycle_psnr_db: float
    texture: float | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """An evaluation with what further measurements need of it.

    Attributes:
        evaluation: The figures over all pictures.
        pictures: Those of each picture of a, and of each of b, by the first judge that the pair was
            not trained with.
        network: That judge's network.
        domain_judge: That judge's probes.
    """

    evaluation: Evaluation
    pictures: tuple[list[PictureFigures], list[PictureFigures]]
    network: FeatureNetwork
    domain_judge: DomainJudge


def train_probes(
    domains: tuple[str, str],
    training: tuple[Iterable[Pixels], Iterable[Pixels]],
    networks: Sequence[FeatureNetwork],
) -> list[TrainedProbe]:
    """Fit a probe for each network to training pictures of both domains.

    Args:
        domains: The names of a and b.
        training: Pictures of a and of b; each is gone through once.
        networks: The feature networks.

    Raises:
        InputError: A domain has fewer than 2 pictures.
    """
    both = [_features(pictures, networks) for pictures in training]
    _refuse_too_few(domains, (len(both[0][0]), len(both[1][0])))
    return [
        TrainedProbe(LinearProbe.fit(a, b), f"{len(a)} + {len(b)} training pictures")
        for a, b in zip(*both, strict=True)
    ]


def evaluate(
    translators: tuple[Translate, Translate],
    domains: tuple[str, str],
    pictures: tuple[Iterable[Pixels], Iterable[Pixels]],
    judges: Sequence[Judge],
    *,
    texture: TextureNetwork | None = None,
    trained_with: tuple[str, ...] = (),
    longer_side: int | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Assessment:
    """Evaluate a pair of generators on pictures that it was not trained on.

    Args:
        translators: a -> b and b -> a, uint8 [H, W, 3] to the same.
        domains: The names of a and b.
        pictures: Pictures of a and of b; each is gone through twice.
        judges: The feature networks, one or more.
        texture: The texture network; None leaves that figure out.
        trained_with: The networks that the pair was trained with, for the record.
        longer_side: What larger pictures were reduced to, px, for the record.
        resamples: Bootstrap resamplings behind an interval.
        seed: Of the resamplings, the cross-validation and the colour transfer; the figures depend
            on nothing else.

    Raises:
        InputError: A domain has fewer than 2 pictures, or a translator fails on one.
    """
    there, back = translators
    networks = [judge.network for judge in judges]
    colours = [ColourTransfer.towards(domain, seed) for domain in pictures]
    _refuse_too_few(domains, (len(colours[0].palette), len(colours[1].palette)))
    a = translate_all(pictures[0], (there, back), colours[1], networks, texture)
    b = translate_all(pictures[1], (back, there), colours[0], networks, texture)
    by_judge = [
        _judge(judge, a.views[place], b.views[place], resamples, seed)
        for place, judge in enumerate(judges)
    ]
    evaluation = Evaluation(
        domains=domains,
        to_b=_direction(a, b, resamples, seed),
        to_a=_direction(b, a, resamples, seed),
        networks=tuple(figures for figures, _ in by_judge),
        texture=None if texture is None else texture.name,
        trained_with=trained_with,
        resamples=resamples,
        seed=seed,
        longer_side=longer_side,
    )
    first = next((n for n, judge in enumerate(judges) if not judge.seen_in_training), 0)
    domain_judge = by_judge[first][1]
    each = _each(a, b, domain_judge, 0, first), _each(b, a, domain_judge, 1, first)
    return Assessment(evaluation, each, judges[first].network, domain_judge)


def _features(pictures: Iterable[Pixels], networks: Sequence[FeatureNetwork]) -> list[Features]:
    rows: list[list[Features]] = [
        [np.empty((0, network.dimensions), np.float64)] for network in networks
    ]
    batch: list[Pixels] = []

    def take() -> None:
        for features, network in zip(rows, networks, strict=True):
            features.append(network(batch))
        batch.clear()

    for picture in pictures:
        batch.append(picture)
        if len(batch) == _BATCH:
            take()
    if batch:
        take()
    return [np.vstack(features) for features in rows]


def _direction(passage: Passage, target: Passage, resamples: int, seed: int) -> Direction:
    cycle = CycleSummary.of(passage.cycle)
    assert cycle is not None  # fewer than 2 pictures were refused
    texture = None
    if passage.texture is not None and target.texture is not None:
        ours = passage.texture
        texture = compare_texture(
            ours.translated, ours.real, ours.colour_transfer, target.texture.real, resamples, seed
        )
    return Direction(cycle, texture)


def _judge(
    judge: Judge, a: Views, b: Views, resamples: int, seed: int
) -> tuple[NetworkFigures, DomainJudge]:
    if judge.probe is None:
        domain_judge = DomainJudge.cross_validated(a.real, b.real, seed)
    else:
        counts = len(a.real), len(b.real)
        domain_judge = DomainJudge.trained(judge.probe.probe, judge.probe.trained_on, counts)

    def accuracy(features: Features, domain: int, target: int) -> float:
        is_b = domain_judge.probability_b(features, domain) > 0.5
        return float(np.mean(is_b == (target == 1)))

    def figures(of: Views, real: Features, domain: int) -> TranslationFigures:
        target = 1 - domain
        pictures = min(len(of.real), len(real))
        enough = enough_for_fid(pictures, judge.network.dimensions)
        return TranslationFigures(
            kid=compare_kid(of.translated, of.real, of.colour_transfer, real, resamples, seed),
            fid=fid(of.translated, real) if enough else None,
            domain_accuracy=accuracy(of.translated, domain, target),
            untranslated_accuracy=accuracy(of.real, domain, target),
            colour_transfer_accuracy=accuracy(of.colour_transfer, domain, target),
        )

    found = NetworkFigures(
        name=judge.network.name,
        dimensions=judge.network.dimensions,
        seen_in_training=judge.seen_in_training,
        probe=ProbeFigures(domain_judge.trained_on, accuracy(a.real, 0, 0), accuracy(b.real, 1, 1)),
        to_b=figures(a, b.real, 0),
        to_a=figures(b, a.real, 1),
    )
    return found, domain_judge


def _each(
    passage: Passage, target: Passage, judge: DomainJudge, domain: int, network: int
) -> list[PictureFigures]:
    sure = judge.probability_b(passage.views[network].translated, domain)
    textures: list[float | None] = [None] * len(passage.cycle)
    if passage.texture is not None and target.texture is not None:
        textures = [*texture_distances(passage.texture.translated, target.texture.real).tolist()]
    return [
        PictureFigures(float(of_b if domain == 0 else 1 - of_b), cycle.psnr_db, texture)
        for of_b, cycle, texture in zip(sure, passage.cycle, textures, strict=True)
    ]


def _refuse_too_few(domains: tuple[str, str], counts: tuple[int, int]) -> None:
    for domain, count in zip(domains, counts, strict=True):
        if count < 2:
            raise InputError(
                f"{count} readable pictures of {domain}, at least 2 are needed",
                remedy="give a folder of JPEG, PNG, WebP, ... pictures",
            )
