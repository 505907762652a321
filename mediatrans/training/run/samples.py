"""Sample grids: what the generators make of pictures they were not trained on."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from mediatrans.errors import InputError
from mediatrans.media.frames import Pixels
from mediatrans.training.data.picture_store import load_reduced
from mediatrans.training.model.collapse import describe_collapse
from mediatrans.training.model.networks import STRIDE, ResnetGenerator

__all__ = ["HEADING", "Samples"]

_ROWS = 4
_SUBSTITUTES = 20
_GAP = 4
_LARGEST_FONT, _SMALLEST_FONT = 14, 7

HEADING = 20
"""Height of the headings, in pixels."""


class Samples:
    """A few pictures of each domain, translated there and back at intervals.

    Args:
        folder_a: Where the pictures of domain a are.
        names_a: Their relative paths; some are taken, spread evenly.
        folder_b: Where the pictures of domain b are.
        names_b: Their relative paths.
        side: Shorter side they are shown at, in pixels.
        domains: The names of both domains, for the headings.

    Attributes:
        unreadable: (path, reason) of the pictures that were to be shown and cannot be read.
    """

    def __init__(
        self,
        folder_a: Path,
        names_a: Sequence[str],
        folder_b: Path,
        names_b: Sequence[str],
        side: int,
        domains: tuple[str, str],
    ) -> None:
        self._domains = domains
        self.unreadable: list[tuple[str, str]] = []
        self._a = self._pick(folder_a, names_a, side)
        self._b = self._pick(folder_b, names_b, side)

    def grid(self, generators: tuple[ResnetGenerator, ResnetGenerator]) -> Pixels:
        """One row per picture: a, G(a), F(G(a)) on the left and b, F(b), G(F(b)) on the right.

        A heading of `HEADING` pixels names each column.

        Args:
            generators: G: a -> b and F: b -> a.

        Returns:
            uint8 [H, W, 3] RGB.

        Raises:
            InputError: None of the pictures of a domain can be read.
        """
        if not self._a or not self._b:
            raise InputError("none of the pictures to show of a domain can be read")
        G, F = generators
        columns = _there_and_back(self._a, G, F) + _there_and_back(self._b, F, G)
        rows = min(len(column) for column in columns)
        a, b = self._domains
        headings = (a, f"to {b}", f"back to {a}", b, f"to {a}", f"back to {b}")
        stacked = []
        for heading, column in zip(headings, columns, strict=True):
            pictures = [_bordered(picture) for picture in column[:rows]]
            stacked.append(np.vstack([_heading(heading, pictures[0].shape[1]), *pictures]))
        return np.hstack(stacked)

    @torch.no_grad()
    def describe_collapses(self, generators: tuple[ResnetGenerator, ResnetGenerator]) -> list[str]:
        """A sentence for each generator that has collapsed, such as "G returns its input, ...".

        Args:
            generators: G: a -> b and F: b -> a.
        """
        sentences = []
        for name, generator, shown in zip("GF", generators, (self._a, self._b), strict=True):
            device = next(generator.parameters()).device
            pictures = [_to_tensor(picture).to(device) for picture in shown]
            what = describe_collapse(pictures, [generator(picture) for picture in pictures])
            if what is not None:
                sentences.append(
                    f"{name} {what}, tried on the pictures of the sample grid; look at one, and "
                    "start again with other settings if it stays so"
                )
        return sentences

    def _pick(self, folder: Path, names: Sequence[str], side: int) -> list[Pixels]:
        """Read a few pictures that lie evenly in the list; others stand in for the unreadable."""
        side -= side % STRIDE
        rows = min(_ROWS, len(names))
        spread = [names[i * len(names) // rows] for i in range(rows)]
        substitutes = [name for name in names if name not in set(spread)][:_SUBSTITUTES]
        pictures: list[Pixels] = []
        for name in (*spread, *substitutes):
            if len(pictures) == _ROWS:
                break
            try:
                picture = load_reduced(folder / name, side)
            except InputError as error:
                self.unreadable.append((str(folder / name), error.problem))
                continue
            top, left = ((extent - side) // 2 for extent in picture.shape[:2])
            pictures.append(picture[top : top + side, left : left + side])
        return pictures


@torch.no_grad()
def _there_and_back(
    pictures: list[Pixels], there: ResnetGenerator, back: ResnetGenerator
) -> list[list[Pixels]]:
    device = next(there.parameters()).device
    x = [_to_tensor(picture).to(device) for picture in pictures]
    translated = [there(picture) for picture in x]
    returned = [back(picture) for picture in translated]
    return [pictures, [_to_pixels(t) for t in translated], [_to_pixels(t) for t in returned]]


def _to_tensor(picture: Pixels) -> Tensor:
    return torch.from_numpy(picture.astype(np.float32) / 127.5 - 1.0).permute(2, 0, 1)[None]


def _to_pixels(x: Tensor) -> Pixels:
    scaled = x[0].permute(1, 2, 0).add(1).mul(127.5).round().clamp(0, 255)
    pixels: Pixels = scaled.to(torch.uint8).cpu().numpy()
    return pixels


def _heading(text: str, width: int) -> Pixels:
    """Black text on white, uint8 [HEADING, width, 3]; in a smaller font where it is too wide."""
    image = Image.new("RGB", (width, HEADING), "white")
    draw = ImageDraw.Draw(image)
    for size in range(_LARGEST_FONT, _SMALLEST_FONT - 1, -1):
        font = ImageFont.load_default(size)
        if draw.textlength(text, font) <= width - _GAP:
            break
    draw.text((0, HEADING - _GAP), text, "black", font, anchor="ls")
    return np.array(image)


def _bordered(picture: Pixels) -> Pixels:
    bordered = cv2.copyMakeBorder(
        picture, 0, _GAP, 0, _GAP, cv2.BORDER_CONSTANT, value=(255, 255, 255)
    )
    return bordered.astype(np.uint8, copy=False)
