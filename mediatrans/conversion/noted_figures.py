"""The figures of checked frames as they are kept with a segment, for a run that resumes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mediatrans.files.records import from_table, to_table
from mediatrans.quality.cycle import CycleFigures

__all__ = ["noted_figures", "read_figures"]


@dataclass(frozen=True, slots=True)
class _Figures:
    """The figures of some frames, by their indices."""

    figures: dict[int, CycleFigures]


def noted_figures(measured: Mapping[int, CycleFigures]) -> dict[str, Any]:
    """Figures by the indices of frames, as JSON holds them."""
    return {str(index): to_table(figures) for index, figures in measured.items()}


def read_figures(notes: object) -> dict[int, CycleFigures]:
    """The figures that `noted_figures` has made a table of, by the indices of frames.

    Raises:
        RecordError: They are damaged.
    """
    return from_table(_Figures, {"figures": notes}).figures
