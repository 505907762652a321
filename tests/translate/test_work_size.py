"""The working size: its values, its place in the translator, and the model that it comes from."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

from mediatrans.errors import ModelError, UsageError
from mediatrans.quality.metrics import psnr
from mediatrans.translate.stages.reduce import reduced
from mediatrans.translate.translator import Translator
from mediatrans.translate.work_size import read_work_size, working_side
from mediatrans.zoo.card import CARD_NAME
from tests.pairs import inverting, recolouring, write_graph, write_pair

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("word", "value"), [("auto", "auto"), ("full", "full"), ("8", 8), ("00360", 360)]
)
def test_values(word: str, value: object) -> None:
    assert read_work_size(word) == value


@pytest.mark.parametrize(
    "word", ["", "7", "0", "-8", "65537", "9" * 5000, "Auto", "360.0", "1_000", "٣٦٠", "²", " 9"]
)
def test_other_values_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match="8 to 65536"):
        read_work_size(word)


def test_auto_is_the_models() -> None:
    assert working_side("auto", 240) == 240
    assert working_side(100, 240) == 100
    assert working_side("full", 240) is None


@pytest.mark.parametrize("value", [7, "half", None, 360.5, True])
def test_the_translator_refuses_others(pair: Path, value: Any) -> None:
    with pytest.raises(UsageError, match="the working size"):
        Translator.load("night", work_size=value)


def test_a_larger_picture_is_translated_at_the_models_working_size(here: Path) -> None:
    write_pair(here / "models", working_size=40)
    picture = RNG.integers(0, 256, (10, 14, 3), dtype=np.uint8).repeat(10, 0).repeat(10, 1)
    auto, full = Translator.load("night"), Translator.load("night", work_size="full")
    assert (auto.working_side, full.working_side) == (40, None)
    np.testing.assert_array_equal(full(picture), 255 - picture)
    made = auto(picture)
    assert psnr(reduced(made, 40), 255 - reduced(picture, 40)) > 28
    np.testing.assert_array_equal(Translator.load("night", work_size=40)(picture), made)
    batch = np.stack([picture, 255 - picture])
    np.testing.assert_array_equal(auto(batch)[0], made)


def test_the_way_back_works_at_the_same_size(here: Path) -> None:
    write_pair(here / "models", working_size=40)
    for work_size, side in (("auto", 40), (20, 20), ("full", None)):
        back = Translator.load("night", work_size=work_size).inverse()  # type: ignore[arg-type]
        assert back is not None
        assert back.working_side == side


def test_a_file_without_a_card_has_the_usual_size(here: Path) -> None:
    path = write_graph(here / "alone.onnx", inverting(), "day", "night")
    assert Translator.load("night", model=str(path)).working_side == 360


@pytest.mark.parametrize("size", [7, 65537, -1])
def test_a_card_with_another_size_is_damaged(here: Path, size: int) -> None:
    card = write_pair(here / "models") / CARD_NAME
    card.write_text(tomli_w.dumps(tomllib.loads(card.read_text()) | {"working_size": size}))
    with pytest.raises(ModelError, match=f"working_size: {size}"):
        Translator.load("night", model="models/day2night")


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (9, 2000), (41, 43)])
@pytest.mark.parametrize("stride", [4, 32])
def test_extreme_proportions(here: Path, size: tuple[int, int], stride: int) -> None:
    write_pair(here / "models", forward=recolouring(), stride=stride, working_size=8)
    picture = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    assert Translator.load("night")(picture).shape == picture.shape
    assert Translator.load("day")(picture).shape == picture.shape
