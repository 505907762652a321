"""Frames without contrast have no border in their translation, whatever the generator draws."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mediatrans.translate.stages.flat import contrast_of, settled
from mediatrans.translate.stages.generate import Draft
from mediatrans.translate.translator import Translator

SHIPPED = Path(__file__).parents[3] / "models" / "summer2winter"
COLOURS = [(0, 0, 0), (128, 128, 128), (255, 255, 255), (200, 30, 30)]


def bordered(height: int, width: int) -> NDArray[np.uint8]:
    """A draft of one colour with a bright border."""
    made = np.full((height, width, 3), (20, 30, 40), np.uint8)
    made[:2] = made[:, -2:] = 250
    return made


def spread(picture: NDArray[np.uint8]) -> int:
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(int)
    return int(np.abs(picture - middle).max())


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (8, 8), (37, 50), (360, 640)])
def test_a_flat_frame_gets_the_colour_of_the_middle(size: tuple[int, int]) -> None:
    frame = np.full((*size, 3), 128, np.uint8)
    assert spread(settled(frame, Draft(bordered(*size), None)).image) == 0


def test_the_noise_of_a_nearly_flat_frame_is_kept() -> None:
    frame = np.full((40, 40, 3), 10, np.uint8)
    frame[5, 5] = 13
    made = settled(frame, Draft(bordered(40, 40), None)).image
    assert made[5, 5].tolist() == [23, 33, 43]
    assert made[0, 0].tolist() == [20, 30, 40]


def test_a_frame_with_contrast_is_left_to_the_generator() -> None:
    frame = np.zeros((40, 40, 3), np.uint8)
    frame[5, 5, 1] = 200
    draft = Draft(bordered(40, 40), None)
    assert contrast_of(frame) == 200
    assert settled(frame, draft) is draft


def test_the_border_comes_back_without_a_jump_in_a_fade() -> None:
    before = None
    for level in range(40):
        frame = np.zeros((40, 40, 3), np.uint8)
        frame[10:20, 10:20] = level
        edge = int(settled(frame, Draft(bordered(40, 40), None)).image[0, 0, 0])
        assert before is None or 0 <= edge - before < 25
        before = edge
    assert before == 250


@pytest.mark.parametrize("to", ["winter", "summer"])
@pytest.mark.parametrize("size", [(37, 50), (100, 100), (361, 641), (1080, 1920)])
def test_the_shipped_pair_draws_no_border(to: str, size: tuple[int, int]) -> None:
    translator = Translator.load(to, model=str(SHIPPED), device="cpu")
    for colour in COLOURS[: 4 if size[0] < 300 else 1]:
        assert spread(translator(np.full((*size, 3), colour, np.uint8))) <= 3
