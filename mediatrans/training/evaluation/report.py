"""What `evaluate` measured, all together: as JSON, and as a model's card has it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mediatrans.files.records import json_text
from mediatrans.training.evaluation.figures import Evaluation, HeldOutCycle
from mediatrans.training.evaluation.flat_frames import FlatFrames
from mediatrans.training.evaluation.motion import ClipFigures
from mediatrans.training.evaluation.sizes import SizeFigures
from mediatrans.training.seen import TRAINED_WITH
from mediatrans.zoo.card import read_card, write_card

__all__ = ["EvaluationReport", "write_quality"]

_CARD_DIGITS = 4
_KEPT = ("held_out", "percentiles", "hidden_signal", "working_size", TRAINED_WITH)


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Everything that was measured of a pair.

    Attributes:
        evaluation: On the pictures of both domains.
        flat_frames: On frames of one colour, or None.
        sizes: On the same pictures at several sizes, or None.
        clips: On videos; empty where none were given.
    """

    evaluation: Evaluation
    flat_frames: FlatFrames | None = None
    sizes: SizeFigures | None = None
    clips: tuple[ClipFigures, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All figures as the JSON has them."""
        domains = self.evaluation.domains
        table = self.evaluation.to_dict()
        if self.flat_frames is not None:
            table["flat_frames"] = self.flat_frames.to_dict(domains)
        if self.sizes is not None:
            table["sizes"] = self.sizes.to_dict(domains)
        if self.clips:
            table["clips"] = [clip.to_dict(domains) for clip in self.clips]
        return table

    def to_json(self) -> str:
        """All figures as indented JSON."""
        return json_text(self.to_dict(), indent=2) + "\n"

    def to_card(self) -> dict[str, Any]:
        """The figures for a card: without those of networks that the pair was trained with."""
        networks = tuple(n for n in self.evaluation.networks if not n.seen_in_training)
        shown = replace(self, evaluation=replace(self.evaluation, networks=networks)).to_dict()
        del shown["version"], shown["domains"]
        return shown


def write_quality(
    folder: Path,
    report: EvaluationReport | None = None,
    held_out: HeldOutCycle | None = None,
    trained_with: tuple[str, ...] = (),
) -> Path:
    """Put figures into a model's card, in place of those it had; what is None is left as it was.

    Args:
        folder: The model folder.
        report: Of the test split.
        held_out: Of the held-out part of the training folders.
        trained_with: The feature networks that the pair was trained with, added to those that the
            card names.

    Returns:
        The card's path.

    Raises:
        ModelError: The folder has no card, or a damaged one.
        OutputError: The card cannot be written; the old one is kept.
    """
    card = read_card(folder)
    kept: dict[str, Any] = {key: card.quality[key] for key in _KEPT if key in card.quality}
    tested = {key: part for key, part in card.quality.items() if key not in kept}
    if report is not None:
        tested = _rounded(report.to_card())
        trained_with = (*trained_with, *tested.pop(TRAINED_WITH))
    networks = sorted({*kept.pop(TRAINED_WITH, ()), *trained_with})
    if held_out is not None:
        kept["held_out"] = _rounded(held_out.to_dict())
    quality = {TRAINED_WITH: networks} | tested | kept if tested or kept or networks else {}
    return write_card(folder, replace(card, quality=quality))


def _rounded(value: Any) -> Any:
    """To the digits that mean something; what was not measured is left out: TOML has no null."""
    if isinstance(value, Mapping):
        return {key: _rounded(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value if part is not None]
    if isinstance(value, float):
        return float(f"{value:.{_CARD_DIGITS}g}")
    return value
