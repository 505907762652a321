"""The working size of a model, chosen by measurement for its card."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mediatrans.media.frames import Pixels
from mediatrans.quality import metrics
from mediatrans.quality.cycle import Translate
from mediatrans.quality.judging import DomainShare
from mediatrans.training.evaluation.features import FeatureNetwork
from mediatrans.training.evaluation.kid import kid
from mediatrans.training.evaluation.sizes import with_short_side
from mediatrans.training.watch import UNWATCHED, Watch
from mediatrans.translate.engines.domain_classifier import open_classifier
from mediatrans.translate.translator import Translator
from mediatrans.zoo.card import read_card, write_card
from mediatrans.zoo.find import find

__all__ = [
    "LEAST_FOR_SIZES",
    "MOST_FOR_SIZES",
    "Referees",
    "SizeTrial",
    "candidate_sizes",
    "choose_working_size",
    "chosen_size",
    "full_size",
    "try_sizes",
]

MOST_FOR_SIZES = 32
"""Pictures of each domain that are translated at every size."""
LEAST_FOR_SIZES = 12
"""With fewer of a domain, the figures are chance, and the size stays as it is."""

_BUDGET_S = 150.0
_CANDIDATES = (2 / 3, 1, 4 / 3)
_FULL = 1.5
# What another size has to be better by, and what it may lose: the noise of so few pictures.
_LEAST_GAIN = 0.05
_DOMAIN_LOSS = 0.03
_CYCLE_LOSS_DB = 0.5
# The share of the pictures that must have as many pixels as a size: enlarging adds no detail.
_MOST = 0.75
_DIGITS = 4

Pair = tuple[Translate, Translate]
"""a -> b and b -> a, for pictures of any size."""


@dataclass(frozen=True, slots=True)
class Referees:
    """What judges the translations.

    Attributes:
        domains: The names of a and b.
        network: A feature network that the pair was not trained with; None where there is none.
        classifier: The model's classifier of its domains; None where it has none.
    """

    domains: tuple[str, str]
    network: FeatureNetwork | None
    classifier: DomainShare | None


@dataclass(frozen=True, slots=True)
class SizeTrial:
    """What one working size gave, in the mean over both directions.

    Attributes:
        size: The working size, px.
        kid_ratio: KID of the translations over that of the untranslated pictures; None where no
            network judges, or where it cannot tell the domains apart.
        domain: The share of patches of the translations in the target domain; None without
            classifier.
        cycle_psnr_db: Of the round trip at the full size.
    """

    size: int
    kid_ratio: float | None
    domain: float | None
    cycle_psnr_db: float

    @property
    def error(self) -> float | None:
        """How far the translations are from the target domain: 0 is perfect."""
        if self.kid_ratio is not None:
            return self.kid_ratio
        return None if self.domain is None else 1 - self.domain

    def to_dict(self) -> dict[str, Any]:
        """The figures as a card has them."""
        values = {
            "size": self.size,
            "kid_ratio": self.kid_ratio,
            "domain": self.domain,
            "cycle_psnr_db": self.cycle_psnr_db,
        }
        return {
            name: float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
            for name, value in values.items()
            if value is not None
        }


def candidate_sizes(usual: int) -> tuple[int, ...]:
    """The sizes that are tried: the usual one, and sizes of half and of not quite double its cost.

    Args:
        usual: The size that a model has before it is measured.
    """
    return tuple(round(usual * share / 4) * 4 if share != 1 else usual for share in _CANDIDATES)


def full_size(sizes: Sequence[int]) -> int:
    """The shorter side of the pictures that are translated at those working sizes."""
    return round(_FULL * max(sizes))


def try_sizes(
    pictures: tuple[Iterable[Pixels], Iterable[Pixels]],
    pairs: Mapping[int, Pair],
    referees: Referees,
    *,
    budget_s: float = _BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[list[SizeTrial], int]:
    """Translate the same pictures at several working sizes, as they are restored to one full size.

    Pictures of a and of b take turns until one domain has no more or the time is over.

    Args:
        pictures: Pictures of a and of b, uint8 [H, W, 3]; they are enlarged or reduced.
        pairs: The translators, by their working sizes.
        referees: What judges the translations.
        budget_s: Seconds that it may take.
        clock: Seconds since some moment.

    Returns:
        The figures, one a size, and how many pictures of each domain they come from; no figures
        where these are fewer than `LEAST_FOR_SIZES`.

    Raises:
        InputError: A translator fails.
    """
    side, began_s, times_s = full_size([*pairs]), clock(), []
    measured = _Measured(referees, {size: ([], []) for size in pairs})
    for both in zip(*pictures, strict=False):
        for domain, picture in enumerate(both):
            measured.add(domain, with_short_side(picture, side), pairs)
        times_s.append(clock() - began_s)
        # The first translation at a size takes longer than those after it.
        rest_s = (times_s[-1] - times_s[0]) / max(1, len(times_s) - 1) * LEAST_FOR_SIZES
        if max(times_s[-1], rest_s) > budget_s:
            break
    count = len(times_s)
    if count < LEAST_FOR_SIZES:
        return [], count
    return [measured.trial(size) for size in pairs], count


def chosen_size(trials: Sequence[SizeTrial], usual: int) -> int:
    """The usual size, unless another one is better by more than noise in one thing and no worse.

    Args:
        trials: The figures of all sizes, the usual one's among them.
        usual: The usual size.
    """
    (standard,) = (trial for trial in trials if trial.size == usual)

    def is_better(trial: SizeTrial) -> bool:
        if standard.error is None or trial.error is None:
            return False
        lost = 0.0
        if standard.domain is not None and trial.domain is not None:
            lost = standard.domain - trial.domain
        return (
            standard.error - trial.error > _LEAST_GAIN
            and lost <= _DOMAIN_LOSS
            and standard.cycle_psnr_db - trial.cycle_psnr_db <= _CYCLE_LOSS_DB
        )

    better = [trial for trial in trials if is_better(trial)]
    return min(better, key=lambda trial: trial.error or 0.0, default=standard).size


def choose_working_size(
    model: Path,
    pictures: tuple[Iterable[Pixels], Iterable[Pixels]],
    network: FeatureNetwork | None,
    watch: Watch = UNWATCHED,
    *,
    budget_s: float = _BUDGET_S,
) -> Path | None:
    """Measure a model at several working sizes; write the best one and the figures into its card.

    Sizes that the pictures do not have are measured and not compared.

    Args:
        model: The model folder; the size in its card is the usual one.
        pictures: Pictures of a and of b that it was not trained on, at their own size.
        network: A feature network that the pair was not trained with; None where there is none.
        watch: Shows the progress.
        budget_s: Seconds that it may take, about.

    Returns:
        The card's path; None where the size was not measured, and the card is as it was.

    Raises:
        ModelError: The model is damaged.
        InputError: A generator fails on a picture.
    """
    card = read_card(model)
    usual = card.working_size
    sizes = candidate_sizes(usual)
    generators = [find(to, str(model)) for to in reversed(card.domains)]
    pairs: dict[int, Pair] = {}
    for size in sizes:
        there, back = (Translator(generator, work_size=size) for generator in generators)
        pairs[size] = there, back
    sides: list[int] = []
    a, b = (_noted(gallery, sides) for gallery in pictures)
    shown = watch.watch(a, "measuring working sizes", MOST_FOR_SIZES)
    referees = Referees(card.domains, network, open_classifier(generators[0]))
    trials, count = try_sizes((shown, b), pairs, referees, budget_s=budget_s)
    if not trials:
        watch.message(
            f"the working size stays at {usual} pixels, unmeasured: {LEAST_FOR_SIZES} pictures of "
            f"each domain are needed, {count} were there and translated within {budget_s:g} s"
        )
        return None
    known = [size for size in sizes if np.mean([side >= size for side in sides]) >= _MOST]
    known = known if usual in known else []
    chosen = _decided(trials, known, usual, watch)
    figures = {
        "pictures": count,
        "median_short_side": int(np.median(sides)),
        "translated_short_side": full_size(sizes),
        "compared": known,
        **({} if network is None else {"features": network.name}),
        "trials": [trial.to_dict() for trial in trials],
    }
    quality = {**card.quality, "working_size": figures}
    return write_card(model, replace(card, working_size=chosen, quality=quality))


def _decided(trials: list[SizeTrial], known: list[int], usual: int, watch: Watch) -> int:
    if not known:
        watch.message(
            f"the working size stays at {usual} pixels: the pictures have less, so their figures "
            "in the card do not decide; --work-size sets another one"
        )
        return usual
    chosen = chosen_size([trial for trial in trials if trial.size in known], usual)
    watch.message(f"working size: {chosen} of {', '.join(map(str, known))} pixels")
    return chosen


def _noted(pictures: Iterable[Pixels], sides: list[int]) -> Iterable[Pixels]:
    for picture in pictures:
        sides.append(min(picture.shape[:2]))
        yield picture


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One translation: its features, its share in the target domain, and its round trip."""

    features: NDArray[np.float64] | None
    domain: float | None
    cycle_psnr_db: float


class _Measured:
    """The translations of the pictures so far, by size and domain.

    Args:
        referees: What judges them.
        outcomes: Where they are collected.
    """

    def __init__(
        self, referees: Referees, outcomes: dict[int, tuple[list[_Outcome], list[_Outcome]]]
    ) -> None:
        self._referees = referees
        self._outcomes = outcomes
        self._real: tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]] = [], []

    def add(self, domain: int, source: Pixels, pairs: Mapping[int, Pair]) -> None:
        """Translate a picture of a (0) or b (1) and back, at every size."""
        network, classifier = self._referees.network, self._referees.classifier
        if network is not None:
            self._real[domain].append(network([source])[0])
        target = self._referees.domains[1 - domain]
        for size, pair in pairs.items():
            forth, back = pair[domain], pair[1 - domain]
            translated = forth(source)
            self._outcomes[size][domain].append(
                _Outcome(
                    None if network is None else network([translated])[0],
                    None if classifier is None else classifier.share(translated, target),
                    metrics.psnr(source, back(translated)),
                )
            )

    def trial(self, size: int) -> SizeTrial:
        """The figures of a size."""
        both = self._outcomes[size]
        shares = [o.domain for outcomes in both for o in outcomes if o.domain is not None]
        return SizeTrial(
            size,
            self._kid_ratio(size),
            float(np.mean(shares)) if shares else None,
            float(np.mean([o.cycle_psnr_db for outcomes in both for o in outcomes])),
        )

    def _kid_ratio(self, size: int) -> float | None:
        if self._referees.network is None:
            return None
        a, b = map(np.array, self._real)
        untranslated = kid(a, b)
        if untranslated <= 0:
            return None
        made = [
            np.array([outcome.features for outcome in outcomes])
            for outcomes in self._outcomes[size]
        ]
        return (kid(made[0], b) + kid(made[1], a)) / (2 * untranslated)
