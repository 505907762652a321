"""What an evaluation found: its figures, as JSON and as a card has them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mediatrans import __version__
from mediatrans.files.records import json_text, to_table
from mediatrans.quality.cycle import CycleSummary
from mediatrans.training.evaluation.kid import KidFigures
from mediatrans.zoo.card import read_card, write_card

__all__ = [
    "Evaluation",
    "HeldOutCycle",
    "ProbeFigures",
    "TranslationFigures",
    "write_quality",
]

_CARD_DIGITS = 4
_SHOWN_OF_A_CYCLE = ("mean", "p05", "p50", "p95")


@dataclass(frozen=True, slots=True)
class TranslationFigures:
    """One direction.

    Attributes:
        cycle: The pictures' round trips, which begin and end in the domain they come from.
        kid: Between the translations and the real pictures of the target domain.
        fid: Likewise; None where there are too few pictures for the features.
        domain_accuracy: Share of the translations that the probe assigns to the target domain.
    """

    cycle: CycleSummary
    kid: KidFigures
    fid: float | None
    domain_accuracy: float

    @property
    def pictures(self) -> int:
        """How many pictures were translated."""
        return self.cycle.checked_frames


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """The probe's accuracy on real pictures.

    Attributes:
        trained_on: What it was fitted to, in words.
        accuracy_a: Share of the real pictures of a that it assigns to a.
        accuracy_b: Share of the real pictures of b that it assigns to b.
    """

    trained_on: str
    accuracy_a: float
    accuracy_b: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of a pair of generators.

    Attributes:
        features: The feature network's name; KID, FID and the probe mean nothing without it.
        dimensions: Its number of features per picture.
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
        """The evaluation as its JSON has it: one object per direction, None for "not measured"."""
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
        return json_text(self.to_dict(), indent=2) + "\n"

    def _direction(self, figures: TranslationFigures) -> dict[str, Any]:
        named = {"features": self.features}
        ratio = figures.kid.ratio
        return {
            **_cycle_table(figures.cycle),
            "kid": named | to_table(figures.kid.translated),
            "kid_untranslated": named | to_table(figures.kid.untranslated),
            "kid_ratio": None if ratio is None else named | to_table(ratio),
            "fid": None if figures.fid is None else named | {"value": figures.fid},
            "domain_accuracy": named | {"value": figures.domain_accuracy},
        }


@dataclass(frozen=True, slots=True)
class HeldOutCycle:
    """The round trips of the training folders' held-out pictures.

    Attributes:
        domains: The names of a and b.
        from_a: The round trips of the pictures of a.
        from_b: The round trips of the pictures of b.
    """

    domains: tuple[str, str]
    from_a: CycleSummary
    from_b: CycleSummary

    def to_dict(self) -> dict[str, Any]:
        """As a card has it, one object per direction."""
        a, b = self.domains
        return {f"to_{b}": _cycle_table(self.from_a), f"to_{a}": _cycle_table(self.from_b)}


def write_quality(
    folder: Path, evaluation: Evaluation | None = None, held_out: HeldOutCycle | None = None
) -> Path:
    """Put figures into a model's card, in place of those it had; what is None is left as it was.

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
    return write_card(folder, replace(card, quality=tested | held))


def _cycle_table(cycle: CycleSummary) -> dict[str, Any]:
    figures = {name: to_table(getattr(cycle, name)) for name in ("psnr_db", "ssim", "l1")}
    shown = {
        name: {part: figure[part] for part in _SHOWN_OF_A_CYCLE} for name, figure in figures.items()
    }
    return {"pictures": cycle.checked_frames, "cycle": shown}


def _rounded(value: Any) -> Any:
    """To the digits that mean something; what was not measured is left out: TOML has no null."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items() if part is not None}
    if isinstance(value, float):
        return float(f"{value:.{_CARD_DIGITS}g}")
    return value
