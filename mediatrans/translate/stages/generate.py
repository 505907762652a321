"""The innermost stage: runs the engine on a batch of frames at the working size."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mediatrans.errors import ModelError
from mediatrans.translate.engines.engine import Engine, Generated, Pixels
from mediatrans.translate.stages.pad import padded
from mediatrans.translate.stages.recolour import Grid, Maps
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["Draft", "Drafting", "Generate"]

_CELLS = (4, 2)


class Draft(NamedTuple):
    """What a generator makes of a frame at the working size.

    Attributes:
        image: The translation, uint8 [h, w, 3].
        maps: How the generator recoloured the frame; None if its graph does not say it.
    """

    image: Pixels
    maps: Maps | None


Drafting = Callable[[Sequence[Pixels]], list[Draft]]
"""Translates frames of one size, uint8 [h, w, 3]."""


class Generate:
    """Runs frames of one size through an engine, as one batch.

    Frames are padded at the bottom and the right to a size that the graph accepts, and the
    translations are cropped.

    Args:
        engine: The loaded generator.
        rule: The picture sizes that its graph accepts.
        path: The graph's file, for messages; None if there is none.
        in_series: Whether a frame gets the same bytes in every batch, see `Engine.batch_sizes`.
    """

    def __init__(
        self, engine: Engine, rule: SizeRule, path: Path | None = None, *, in_series: bool = False
    ) -> None:
        self._engine = engine
        self._in_series = in_series
        self._rule = rule
        self._path = path

    def __call__(self, frames: Sequence[Pixels], /) -> list[Draft]:
        """Translate frames of one size, from 1x1 up.

        Raises:
            InputError: The generator fails on this input.
            ModelError: The graph's outputs do not fit its input.
        """
        height, width = frames[0].shape[:2]
        pictures = [padded(frame, self._rule) for frame in frames]
        if self._in_series:
            least = self._engine.batch_sizes(*pictures[0].shape[:2])[0]
            pictures += [pictures[-1]] * (least - len(pictures))
        batch = pictures[0][np.newaxis] if len(pictures) == 1 else np.stack(pictures)
        made = self._engine.run(batch)
        covers = batch.shape[1] / height, batch.shape[2] / width
        self._check_maps(made, batch.shape)
        return [
            Draft(image[:height, :width], _maps(made, index, covers))
            for index, image in enumerate(made.image[: len(frames)])
        ]

    def _check_maps(self, made: Generated, shape: Sequence[int]) -> None:
        if made.map is None:
            return
        count, height, width, _ = shape
        sizes = [(count, height // cell, width // cell, 12) for cell in _CELLS]
        is_texture_wrong = made.texture is not None and made.texture.shape != tuple(shape)
        problem = None
        if made.map.shape not in sizes or is_texture_wrong:
            texture = "none" if made.texture is None else made.texture.shape
            problem = f"is {made.map.shape} and its texture {texture} for the input {tuple(shape)}"
        elif not all(np.isfinite(values).all() for values in made[1:] if values is not None):
            problem = "or its texture holds values that are not finite"
        if problem is not None:
            raise ModelError(
                f"the graph's map {problem}", path=self._path, remedy="export the model again"
            )


def _maps(made: Generated, index: int, covers: tuple[float, float]) -> Maps | None:
    if made.map is None:
        return None
    texture = None if made.texture is None else Grid(made.texture[index], covers)
    return Maps(Grid(made.map[index], covers), texture)
