"""The verdict on a file: good, doubtful or poor, from thresholds relative to the model's card.

A figure of the card's held-out pictures sets its threshold where the card has it, else a fixed
number does. `docs/quality.md` lists them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mediatrans.quality.figures import FIGURES, FileFigures
from mediatrans.quality.spread import Spread

__all__ = ["Verdict", "Word", "limits_of", "pronounce"]

Word = Literal["good", "doubtful", "poor"]

_COPY, _NEARLY_COPY = 1.0, 3.0
_MOST_UNLIKE = 2

_SAME = {"ssim": "psnr_db", "raw_psnr_db": "psnr_db", "change_low": "change"}
"""Figures that rise and fall with another one: both together say nothing more than one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a file.

    Attributes:
        word: "good", "doubtful" or "poor".
        reason: Why, as one plain sentence in lower case without a full stop.
        figure: The figure that decided it, a key of `FIGURES`; None for "good".
    """

    word: Word
    reason: str
    figure: str | None = None


@dataclass(frozen=True, slots=True)
class _Limit:
    """Where a figure begins to be doubtful and to be poor.

    Attributes:
        doubtful: The fixed limit, in the direction of `FIGURES[...].better`.
        poor: Likewise.
        reason: Says what a figure beyond the limit means; `{}` is its value.
        margin: How far below the first percentile of the card it is poor.
        is_absolute: Whether the card can only make the limits milder.
    """

    doubtful: float
    poor: float
    reason: str
    margin: float = 0.0
    is_absolute: bool = False


_LIMITS: dict[str, _Limit] = {
    "domain": _Limit(
        0.5, 0.25, "only {} of the picture looks like the target domain", is_absolute=True
    ),
    "hidden_db": _Limit(
        1.0, 3.0, "{} of the round trip are owed to details that a small disturbance destroys"
    ),
    "psnr_db": _Limit(16.0, 12.0, "what is translated back is far from the source, {}", margin=3.0),
    "structure": _Limit(
        0.7,
        0.5,
        "edges do not agree somewhere, structure {}: a thing may be added or lost",
        margin=0.15,
    ),
    "flicker": _Limit(2.0, 4.0, "it flickers {} times as much as its source"),
}


def pronounce(figures: FileFigures, spread: Spread, *, is_blend: bool = False) -> Verdict:
    """The verdict on a file: that of its worst figure.

    Args:
        figures: The figures, placed among the pictures of the card.
        spread: The percentiles of the card; empty without them.
        is_blend: The file is a blend with its source, which is to look like both domains.
    """
    limits = {name: limit for name, limit in _LIMITS.items() if not (is_blend and name == "domain")}
    of_limits = _of_limits(figures, spread, limits)
    found = [*_of_change(figures, spread), *of_limits, *_of_place(figures)]
    for word in ("poor", "doubtful"):
        for verdict in found:
            if verdict.word == word:
                return verdict
    if not spread:
        return Verdict("good", "no figure is beyond its limit")
    if figures.unlike:
        unusual = _named(figures.unlike)
        return Verdict("good", f"only its {unusual} is unlike that of the card's pictures")
    return Verdict("good", "the figures are like those of the card's pictures")


def limits_of(spread: Spread) -> dict[str, tuple[float, float]]:
    """Where figures begin to be doubtful and to be poor, by the keys of `FIGURES`.

    Args:
        spread: The percentiles of the card; empty without them.
    """
    return {name: _relative(name, limit, spread) for name, limit in _LIMITS.items()}


def _of_change(figures: FileFigures, spread: Spread) -> Iterator[Verdict]:
    mean = figures.mean("change_low")
    if mean is None:
        return
    copy, nearly = _COPY, _NEARLY_COPY
    if "change_low" in spread:
        least = spread["change_low"][1]
        copy, nearly = min(copy, least / 4), min(nearly, least / 2)
    shown = FIGURES["change_low"].shown(mean)
    if mean <= copy:
        yield Verdict("poor", f"it is a copy of its source, changed by {shown}", "change_low")
    elif mean <= nearly:
        yield Verdict("doubtful", f"it is hardly changed, by {shown}", "change_low")


def _of_limits(
    figures: FileFigures, spread: Spread, limits: Mapping[str, _Limit]
) -> Iterator[Verdict]:
    for name, limit in limits.items():
        mean = figures.mean(name)
        if mean is None:
            continue
        sign = 1.0 if FIGURES[name].better == "high" else -1.0
        doubtful, poor = _relative(name, limit, spread)
        reason = limit.reason.format(_worded(name, mean))
        if name in spread and not limit.is_absolute:
            reason += f"; 95 % of the card's pictures reach {_worded(name, doubtful)}"
        if sign * mean < sign * poor:
            yield Verdict("poor", reason, name)
        elif sign * mean < sign * doubtful:
            yield Verdict("doubtful", reason, name)


def _relative(name: str, limit: _Limit, spread: Spread) -> tuple[float, float]:
    """The limits of a figure with this card, which has percentiles of figures that are to be high.

    What a file loses by compression or motion is not among them: the card's pictures have neither.
    """
    if name not in spread:
        return limit.doubtful, limit.poor
    doubtful, poor = spread[name][5], spread[name][1] - limit.margin
    if limit.is_absolute:
        return min(doubtful, limit.doubtful), min(poor, limit.poor)
    return doubtful, poor


def _of_place(figures: FileFigures) -> Iterator[Verdict]:
    if len(_kinds(figures.unlike)) >= _MOST_UNLIKE:
        named = _named(figures.unlike)
        yield Verdict(
            "doubtful", f"it is unlike the pictures of the card in {named}", figures.unlike[0]
        )


def _kinds(names: Iterable[str]) -> list[str]:
    """The figures without those that say the same as another one, in order."""
    return list(dict.fromkeys(_SAME.get(name, name) for name in names))


def _named(names: Iterable[str]) -> str:
    return " and ".join(FIGURES[name].label for name in _kinds(names))


def _worded(name: str, value: float) -> str:
    return f"{100 * value:.0f} %" if name == "domain" else FIGURES[name].shown(value)
