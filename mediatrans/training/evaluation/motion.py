"""The translation of video clips: flicker and sharpness."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediatrans.errors import InputError
from mediatrans.media.formats import kind_of
from mediatrans.media.frames import Pixels
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.quality.cycle import Translate
from mediatrans.quality.flicker import Flicker, measure_flicker
from mediatrans.training.evaluation.sharpness import gradient_energy, sharpness_ratio

__all__ = ["ClipDirection", "ClipFigures", "ClipFrames", "measure_clip"]


@dataclass(frozen=True, slots=True)
class ClipDirection:
    """One direction.

    Attributes:
        flicker: Of the translation and of the source.
        sharpness: Gradient energy over the source's; None for a flat source.
    """

    flicker: Flicker
    sharpness: float | None

    def to_dict(self) -> dict[str, Any]:
        """The figures; the ratio of a source that does not change is None."""
        flicker = self.flicker
        return {
            "flicker_source": flicker.source,
            "flicker_translated": flicker.output,
            "flicker_ratio": flicker.ratio if flicker.source else None,
            "sharpness": self.sharpness,
        }


@dataclass(frozen=True, slots=True)
class ClipFigures:
    """One clip, translated in both directions.

    Attributes:
        name: The file's name.
        size: Width and height of its frames, px.
        frames: How many were measured.
        to_b: Translated to domain b.
        to_a: Translated to domain a.
    """

    name: str
    size: tuple[int, int]
    frames: int
    to_b: ClipDirection
    to_a: ClipDirection

    def to_dict(self, domains: tuple[str, str]) -> dict[str, Any]:
        """The figures as JSON and card have them."""
        a, b = domains
        return {
            "clip": self.name,
            "size": list(self.size),
            "frames": self.frames,
            f"to_{b}": self.to_b.to_dict(),
            f"to_{a}": self.to_a.to_dict(),
        }


class ClipFrames:
    """The first frames of a video, read anew by each iteration.

    Args:
        path: The video or animation.
        limit: How many frames at most.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self._limit = limit

    def __len__(self) -> int:
        """How many frames there are at most."""
        return self._limit

    def __iter__(self) -> Iterator[Pixels]:
        """uint8 [H, W, 3] RGB each.

        Raises:
            InputError: The file is missing, damaged or no video.
        """
        if self.path.is_file() and kind_of(self.path) != "video":
            raise InputError("not a video", path=self.path, remedy="give video files to --clips")
        options = ReadOptions(preview=self._limit, keep_partial=True)
        with open_source(Input(self.path, "video"), options) as source:
            for frame in source:
                yield frame.pixels


def measure_clip(
    path: Path, frames: Iterable[Pixels], translators: tuple[Translate, Translate]
) -> ClipFigures:
    """Translate the frames of a clip in both directions and measure both.

    Args:
        path: The clip, for its name and for messages.
        frames: uint8 [H, W, 3] RGB of one size each; gone through twice.
        translators: a -> b and b -> a.

    Raises:
        InputError: The clip cannot be read, has fewer than 2 frames, or a translator fails.
    """
    (to_b, size, count), (to_a, _, _) = (
        _direction(path, frames, translate) for translate in translators
    )
    return ClipFigures(path.name, size, count, to_b, to_a)


def _direction(
    path: Path, frames: Iterable[Pixels], translate: Translate
) -> tuple[ClipDirection, tuple[int, int], int]:
    energies: list[tuple[float, float]] = []
    size = 0, 0

    def pairs() -> Iterator[tuple[Pixels, Pixels]]:
        nonlocal size
        for frame in frames:
            size = frame.shape[1], frame.shape[0]
            translated = translate(frame)
            energies.append((gradient_energy(frame), gradient_energy(translated)))
            yield frame, translated

    try:
        flicker = measure_flicker(pairs())
    except ValueError as error:
        raise InputError(
            f"{len(energies)} frames, at least 2 are needed",
            path=path,
            remedy="give longer clips to --clips",
        ) from error
    return ClipDirection(flicker, sharpness_ratio(energies)), size, len(energies)
