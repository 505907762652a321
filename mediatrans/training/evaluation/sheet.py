"""A contact sheet of the worst translations by each figure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mediatrans.files.publish import publishing
from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import Translate
from mediatrans.training.evaluation.comparison import PictureFigures

__all__ = ["Section", "Strip", "collect_worst", "draw_sheet", "write_sheet"]

WORST = 4
"""Pictures that are shown for each figure and direction."""

_CELL = 240
_MARGIN = 12
_LINE = 24
_REMEDY = "choose a place you may write to with --sheet, on a disk with space"


class _Figure(NamedTuple):
    """A figure to be worst by: how it is read, and whether a low value is bad."""

    value: Callable[[PictureFigures], float | None]
    low_is_bad: bool
    digits: int


_FIGURES = {
    "domain probability": _Figure(lambda picture: picture.domain_probability, True, 3),
    "cycle PSNR, dB": _Figure(lambda picture: picture.cycle_psnr_db, True, 2),
    "texture distance": _Figure(lambda picture: picture.texture, False, 2),
}


@dataclass(frozen=True, slots=True)
class Strip:
    """One picture on the sheet.

    Attributes:
        label: Its file's name and its figure.
        pictures: The source, its translation and its round trip, uint8 [H, W, 3] RGB each.
    """

    label: str
    pictures: tuple[Pixels, Pixels, Pixels]


@dataclass(frozen=True, slots=True)
class Section:
    """The worst pictures of one direction by one figure, the worst first."""

    title: str
    strips: tuple[Strip, ...]


def collect_worst(
    title: str,
    pictures: Iterable[Pixels],
    figures: Sequence[PictureFigures],
    names: Sequence[str],
    translators: tuple[Translate, Translate],
) -> list[Section]:
    """Find the worst pictures of one direction by each figure, and translate them again.

    Args:
        title: The direction.
        pictures: The pictures, gone through once; uint8 [H, W, 3] RGB each.
        figures: Their figures, in the same order.
        names: Their names, likewise.
        translators: There, and back.

    Raises:
        InputError: A translator fails.
    """
    worst = {name: _worst(figures, figure) for name, figure in _FIGURES.items()}
    wanted = {index for indices in worst.values() for index in indices}
    there, back = translators
    shown: dict[int, tuple[Pixels, Pixels, Pixels]] = {}
    for index, picture in enumerate(pictures):
        if index in wanted:
            translated = there(picture)
            three = picture, translated, back(translated)
            shown[index] = (_thumbnail(three[0]), _thumbnail(three[1]), _thumbnail(three[2]))
    sections = []
    for name, indices in worst.items():
        value, _, digits = _FIGURES[name]
        strips = [
            Strip(f"{names[index]}: {value(figures[index]):.{digits}f}", shown[index])
            for index in indices
            if index in shown  # a file may have gone since it was measured
        ]
        if strips:
            sections.append(Section(f"{title}, worst by {name}", tuple(strips)))
    return sections


def draw_sheet(sections: Sequence[Section]) -> Image.Image:
    """Draw the sections, as many side by side as there are figures to be worst by.

    Args:
        sections: The sections; one or more.
    """
    columns = min(len(sections), len(_FIGURES))
    rows = -(-len(sections) // columns)
    strips = max(len(section.strips) for section in sections)
    width = 3 * _CELL + 4 * _MARGIN
    height = _MARGIN + 2 * _LINE + strips * (_CELL + _LINE + _MARGIN)
    sheet = Image.new("RGB", (columns * width + _MARGIN, rows * height + _MARGIN), "white")
    for place, section in enumerate(sections):
        row, column = divmod(place, columns)
        _draw_section(sheet, section, column * width + _MARGIN, row * height + _MARGIN)
    return sheet


def write_sheet(path: Path, sections: Sequence[Section]) -> None:
    """Draw the sheet and write it as PNG.

    Raises:
        OutputError: It cannot be written; what had its name is kept.
    """
    sheet = draw_sheet(sections)
    with publishing(path, what="the sheet", remedy=_REMEDY) as part:
        sheet.save(part, format="PNG")


def _draw_section(sheet: Image.Image, section: Section, left: int, top: int) -> None:
    drawing, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    drawing.text((left, top), _plain(section.title), "black", font)
    drawing.text((left, top + _LINE), "source | translation | round trip", "dimgrey", font)
    for row, strip in enumerate(section.strips):
        y = top + 2 * _LINE + row * (_CELL + _LINE + _MARGIN)
        for cell, pixels in enumerate(strip.pictures):
            thumbnail = Image.fromarray(_thumbnail(pixels))
            sheet.paste(thumbnail, (left + cell * (_CELL + _MARGIN), y))
        drawing.text((left, y + _CELL), _plain(strip.label), "black", font)


def _worst(figures: Sequence[PictureFigures], figure: _Figure) -> list[int]:
    known = {
        index: value
        for index, picture in enumerate(figures)
        if (value := figure.value(picture)) is not None
    }
    order = sorted(known, key=known.__getitem__, reverse=not figure.low_is_bad)
    return order[:WORST]


def _thumbnail(pixels: Pixels) -> Pixels:
    if max(pixels.shape[:2]) <= _CELL:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((_CELL, _CELL), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _plain(text: str) -> str:
    """What the font can draw on one line: file names may hold line breaks and lone surrogates."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
