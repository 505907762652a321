"""The translator: any size, one picture or a batch, padding that leaves no trace."""

from pathlib import Path

import numpy as np
import pytest

from mediatrans.errors import ModelError
from mediatrans.translate.stages.pad import padded
from mediatrans.translate.translator import Translator
from mediatrans.zoo.size_rule import SizeRule
from tests.pairs import write_pair

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (65, 67), (8, 8), (64, 96), (2, 300)])
@pytest.mark.parametrize("stride", [4, 32])
def test_every_size_comes_back_at_its_size(here: Path, size: tuple[int, int], stride: int) -> None:
    write_pair(here / "models", stride=stride)
    picture = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Translator.load("night")(picture), 255 - picture)


def test_batch(pair: Path) -> None:
    batch = RNG.integers(0, 256, (3, 10, 11, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Translator.load("night")(batch), 255 - batch)


def test_round_trip(pair: Path) -> None:
    translator = Translator.load("night")
    back = translator.inverse()
    assert back is not None
    picture = RNG.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    np.testing.assert_array_equal(back(translator(picture)), picture)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(pair: Path, images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="picture"):
        Translator.load("night")(images)


def test_changed_model_is_refused(pair: Path) -> None:
    with (pair / "to_night.onnx").open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(ModelError, match="sha256"):
        Translator.load("night")


def test_padding_mirrors_and_repeats_the_mirror() -> None:
    row = np.arange(3, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    picture = padded(row, SizeRule(4))
    assert picture.shape == (8, 8, 3)
    assert picture[0, :, 0].tolist() == [0, 1, 2, 1, 0, 1, 2, 1]
    assert (picture == picture[:1]).all()
