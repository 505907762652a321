"""What an evaluation found: its figures, as JSON and as a card has them."""

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from mediatrans import __version__
from mediatrans.errors import OutputError
from mediatrans.quality.cycle import CycleFigures
from mediatrans.training.evaluation.kid import KidFigures
from mediatrans.zoo.card import CARD_NAME, read_card, write_card

__all__ = [
    "CycleSpread",
    "Evaluation",
    "HeldOutCycle",
    "ProbeFigures",
    "Spread",
    "TranslationFigures",
    "write_quality",
]

_CARD_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and three percentiles of a figure over the pictures."""

    mean: float
    p05: float
    p50: float
    p95: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """The spread of at least one value."""
        array = np.fromiter(values, np.float64)
        p05, p50, p95 = np.percentile(array, [5, 50, 95])
        return cls(float(array.mean()), float(p05), float(p50), float(p95))


@dataclass(frozen=True, slots=True)
class CycleSpread:
    """How far pictures are from their round trip, over all of them.

    Attributes:
        psnr_db: Peak signal-to-noise ratio in dB.
        ssim: Structural similarity, at most 1.
        l1: Mean absolute difference in steps of the 8-bit scale.
    """

    psnr_db: Spread
    ssim: Spread
    l1: Spread

    @classmethod
    def of(cls, pictures: Sequence[CycleFigures]) -> Self:
        """Summarise at least one picture."""
        return cls(
            psnr_db=Spread.of(picture.psnr_db for picture in pictures),
            ssim=Spread.of(picture.ssim for picture in pictures),
            l1=Spread.of(picture.l1 for picture in pictures),
        )


@dataclass(frozen=True, slots=True)
class TranslationFigures:
    """One direction.

    Attributes:
        pictures: How many were translated.
        cycle: Their round trips, which begin and end in the domain they come from.
        kid: Between the translations and the real pictures of the target domain.
        fid: Likewise; None where there are too few pictures for the features.
        domain_accuracy: Share of the translations that the probe takes for the target domain.
    """

    pictures: int
    cycle: CycleSpread
    kid: KidFigures
    fid: float | None
    domain_accuracy: float


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """What the probe's verdicts are worth.

    Attributes:
        trained_on: What it was fitted to, in words.
        accuracy_a: Share of the real pictures of a that it takes for a.
        accuracy_b: Share of the real pictures of b that it takes for b.
    """

    trained_on: str
    accuracy_a: float
    accuracy_b: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A pair of generators, judged.

    Attributes:
        features: The feature network's name; KID, FID and the probe mean nothing without it.
        dimensions: Its features a picture.
        domains: The names of a and b.
        probe: The probe on real pictures.
        to_b: The pictures of a, translated.
        to_a: The pictures of b, translated.
        resamples: Bootstrap resamplings behind an interval of 95 %.
        seed: Of the resamplings and the cross-validation.
        longer_side: Pixels that larger pictures were reduced to; None where none were.
    """

    features: str
    dimensions: int
    domains: tuple[str, str]
    probe: ProbeFigures
    to_b: TranslationFigures
    to_a: TranslationFigures
    resamples: int
    seed: int
    longer_side: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as its JSON has it: one object a direction, None for "not measured"."""
        a, b = self.domains
        return {
            "version": 1,
            "mediatrans": __version__,
            "domains": list(self.domains),
            "features": {"network": self.features, "dimensions": self.dimensions},
            "longer_side": self.longer_side,
            "bootstrap": {"resamples": self.resamples, "percent": 95, "seed": self.seed},
            "probe": {
                "features": self.features,
                "trained_on": self.probe.trained_on,
                "accuracy_on_real": {a: self.probe.accuracy_a, b: self.probe.accuracy_b},
            },
            f"to_{b}": self._direction(self.to_b),
            f"to_{a}": self._direction(self.to_a),
        }

    def to_json(self) -> str:
        """The evaluation as indented JSON."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def _direction(self, figures: TranslationFigures) -> dict[str, Any]:
        named = {"features": self.features}
        ratio = figures.kid.ratio
        return {
            "pictures": figures.pictures,
            "cycle": asdict(figures.cycle),
            "kid": named | asdict(figures.kid.translated),
            "kid_untranslated": named | asdict(figures.kid.untranslated),
            "kid_ratio": None if ratio is None else named | asdict(ratio),
            "fid": None if figures.fid is None else named | {"value": figures.fid},
            "domain_accuracy": named | {"value": figures.domain_accuracy},
        }


@dataclass(frozen=True, slots=True)
class HeldOutCycle:
    """The round trips of the training folders' held-out pictures.

    Attributes:
        domains: The names of a and b.
        pictures: How many of a and of b.
        from_a: The round trips of the pictures of a.
        from_b: The round trips of the pictures of b.
    """

    domains: tuple[str, str]
    pictures: tuple[int, int]
    from_a: CycleSpread
    from_b: CycleSpread

    def to_dict(self) -> dict[str, Any]:
        """As a card has it, an object a direction."""
        a, b = self.domains
        return {
            f"to_{b}": {"pictures": self.pictures[0], "cycle": asdict(self.from_a)},
            f"to_{a}": {"pictures": self.pictures[1], "cycle": asdict(self.from_b)},
        }


def write_quality(
    folder: Path, evaluation: Evaluation | None = None, held_out: HeldOutCycle | None = None
) -> Path:
    """Put figures into a model's card, in place of those it had; what is None stays as it was.

    Args:
        folder: The model folder.
        evaluation: Of the test split.
        held_out: Of the held-out part of the training folders.

    Returns:
        The card's path.

    Raises:
        ModelError: The folder has no card, or a damaged one.
        OutputError: The card cannot be written; the old one is kept.
    """
    card = read_card(folder)
    before = card.quality
    held: dict[str, Any] = {key: before[key] for key in ("held_out",) if key in before}
    tested = {key: part for key, part in before.items() if key not in held}
    if evaluation is not None:
        tested = _rounded(evaluation.to_dict())
        del tested["version"], tested["domains"]
    if held_out is not None:
        held = {"held_out": _rounded(held_out.to_dict())}
    card = replace(card, quality=tested | held)
    try:
        with tempfile.TemporaryDirectory(prefix=".card.", dir=folder) as place:
            return write_card(Path(place), card).replace(folder / CARD_NAME)
    except OSError as error:
        raise OutputError(
            f"cannot write the card ({error.strerror or error})", path=folder / CARD_NAME
        ) from error


def _rounded(value: Any) -> Any:
    """To the digits that mean something; what was not measured is left out: TOML has no null."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items() if part is not None}
    if isinstance(value, float):
        return float(f"{value:.{_CARD_DIGITS}g}")
    return value
