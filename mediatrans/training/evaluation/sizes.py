"""The same pictures at several sizes: whether the translation depends on the size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import Translate
from mediatrans.training.evaluation.domain_probe import DomainJudge
from mediatrans.training.evaluation.features import FeatureNetwork
from mediatrans.training.evaluation.sharpness import gradient_energy, sharpness_ratio

__all__ = ["PICTURES", "SizeDirection", "SizeFigures", "measure_sizes", "with_short_side"]

PICTURES = 24
"""Pictures of each domain that are translated at every size, evenly spread over its folder."""


@dataclass(frozen=True, slots=True)
class SizeDirection:
    """One direction over the sizes, a value a size.

    Attributes:
        pictures: How many pictures were translated.
        enlarged: How many of them had to be enlarged, which adds no real detail.
        probabilities: Mean probability of the translations to be of the target domain.
        sharpness: Gradient energy over that of the same picture at that size; None if flat.
    """

    pictures: int
    enlarged: tuple[int, ...]
    probabilities: tuple[float, ...]
    sharpness: tuple[float | None, ...]

    @property
    def moves(self) -> float:
        """The largest mean probability less the smallest: 0 where size does not matter."""
        return max(self.probabilities) - min(self.probabilities)

    def to_dict(self) -> dict[str, Any]:
        """The figures of this direction."""
        return {
            "pictures": self.pictures,
            "enlarged": list(self.enlarged),
            "domain_probability": list(self.probabilities),
            "domain_probability_moves": self.moves,
            "sharpness": list(self.sharpness),
        }


@dataclass(frozen=True, slots=True)
class SizeFigures:
    """The figures at several sizes.

    Attributes:
        features: The network whose probe gives the probabilities.
        short_sides: The sizes, px.
        to_b: The pictures of a, translated.
        to_a: The pictures of b, translated.
    """

    features: str
    short_sides: tuple[int, ...]
    to_b: SizeDirection
    to_a: SizeDirection

    def to_dict(self, domains: tuple[str, str]) -> dict[str, Any]:
        """The figures as JSON and card have them."""
        a, b = domains
        return {
            "features": self.features,
            "short_sides": list(self.short_sides),
            f"to_{b}": self.to_b.to_dict(),
            f"to_{a}": self.to_a.to_dict(),
        }


def measure_sizes(
    pictures: tuple[Iterable[Pixels], Iterable[Pixels]],
    counts: tuple[int, int],
    translators: tuple[Translate, Translate],
    short_sides: Sequence[int],
    network: FeatureNetwork,
    judge: DomainJudge,
) -> SizeFigures:
    """Translate pictures at several sizes.

    Args:
        pictures: The pictures of a and of b that the judge knows, in the same order, at their own
            size; each is gone through once.
        counts: How many there are of each.
        translators: a -> b and b -> a.
        short_sides: The sizes, px.
        network: The feature network, which reduces each translation to its own input.
        judge: Its probes.

    Raises:
        InputError: A translator fails.
    """
    sides = tuple(short_sides)
    to_b, to_a = (
        _direction(
            domain, pictures[domain], counts[domain], translators[domain], sides, network, judge
        )
        for domain in (0, 1)
    )
    return SizeFigures(network.name, sides, to_b, to_a)


def _direction(
    domain: int,
    pictures: Iterable[Pixels],
    count: int,
    translate: Translate,
    sides: tuple[int, ...],
    network: FeatureNetwork,
    judge: DomainJudge,
) -> SizeDirection:
    chosen = {*np.linspace(0, count - 1, min(PICTURES, count)).round().astype(int).tolist()}
    which: list[int] = []
    features: list[list[NDArray[np.float64]]] = [[] for _ in sides]
    energies: list[list[tuple[float, float]]] = [[] for _ in sides]
    enlarged = [0] * len(sides)
    for index, picture in enumerate(pictures):
        if index not in chosen:
            continue
        which.append(index)
        for place, side in enumerate(sides):
            source = with_short_side(picture, side)
            translated = translate(source)
            features[place].append(network([translated])[0])
            energies[place].append((gradient_energy(source), gradient_energy(translated)))
            enlarged[place] += min(picture.shape[:2]) < side
    sure = [judge.probability_b(np.array(rows), domain, which) for rows in features]
    return SizeDirection(
        pictures=len(which),
        enlarged=tuple(enlarged),
        probabilities=tuple(float((p if domain == 0 else 1 - p).mean()) for p in sure),
        sharpness=tuple(sharpness_ratio(pairs) for pairs in energies),
    )


def with_short_side(picture: Pixels, side: int) -> Pixels:
    """A picture enlarged (bicubic) or reduced (area averages) to a shorter side.

    Args:
        picture: uint8 [H, W, 3] RGB.
        side: Length of the shorter side, px.
    """
    height, width = picture.shape[:2]
    factor = side / min(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, size, interpolation=method).astype(np.uint8, copy=False)
