"""The grids of samples."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mediatrans.errors import InputError
from mediatrans.training.model.networks import GeneratorConfig, ResnetGenerator
from mediatrans.training.run.samples import HEADING, Samples
from tests.training.tiny import write_pictures

DOMAINS = ("day", "night")


class Add(ResnetGenerator):
    """Brightens by a constant, or darkens."""

    def __init__(self, by: float) -> None:
        super().__init__(GeneratorConfig(1, 1))
        self.by = by

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.by


def test_a_row_shows_a_picture_its_translation_and_its_way_back(tmp_path: Path) -> None:
    folder = tmp_path / "grey"
    folder.mkdir()
    for index in range(9):
        Image.new("RGB", (30, 30), (100, 100, 100)).save(folder / f"{index}.png")
    names = sorted(path.name for path in folder.iterdir())
    samples = Samples(folder, names, folder, names, 22, DOMAINS)
    grid = samples.grid((Add(20 / 127.5), Add(-10 / 127.5)))
    # 22 is shown at 20, a multiple of the stride, with a gap of 4.
    assert grid.shape == (HEADING + 4 * 24, 6 * 24, 3)
    assert [int(grid[HEADING + 10, 24 * column + 10, 0]) for column in range(6)] == [
        100,
        120,
        110,
        100,
        90,
        110,
    ]
    assert (grid[HEADING:, 20:24] == 255).all()


def test_fewer_pictures_and_broken_ones(tmp_path: Path) -> None:
    a, b = write_pictures(tmp_path / "a", 3, 0), write_pictures(tmp_path / "b", 2, 2)
    (a / "torn.png").write_bytes(b"")
    samples = Samples(a, ["01.png", "02.png", "torn.png"], b, ["01.png"], 20, DOMAINS)
    assert samples.grid((Add(0), Add(0))).shape == (HEADING + 24, 6 * 24, 3)
    assert samples.grid((Add(0), Add(0))).dtype == np.uint8


def test_others_stand_in_for_unreadable_pictures_which_are_named(tmp_path: Path) -> None:
    a, b = write_pictures(tmp_path / "a", 12, 0), write_pictures(tmp_path / "b", 12, 2)
    names = [f"{index:02d}.png" for index in range(1, 12)]
    for name in names[:8]:
        (a / name).write_bytes(b"torn")
    samples = Samples(a, names, b, names, 20, DOMAINS)
    assert samples.grid((Add(0), Add(0))).shape == (HEADING + 3 * 24, 6 * 24, 3)
    assert {path for path, _ in samples.unreadable} == {str(a / name) for name in names[:8]}


@pytest.mark.parametrize("names", [[], ["01.png"], ["01.png", "02.png"]])
def test_a_domain_without_a_readable_picture_is_an_input_error(
    tmp_path: Path, names: list[str]
) -> None:
    a, b = write_pictures(tmp_path / "a", 3, 0), write_pictures(tmp_path / "b", 3, 2)
    for name in names:
        (b / name).write_bytes(b"torn")
    samples = Samples(a, ["01.png"], b, names, 20, DOMAINS)
    with pytest.raises(InputError, match="can be read"):
        samples.grid((Add(0), Add(0)))


def test_a_generator_that_returns_its_input_is_named(tmp_path: Path) -> None:
    a, b = write_pictures(tmp_path / "a", 3, 0), write_pictures(tmp_path / "b", 2, 2)
    samples = Samples(a, ["01.png", "02.png"], b, ["01.png"], 20, DOMAINS)
    (sentence,) = samples.describe_collapses((Add(0), Add(0.2)))
    assert "G returns its input" in sentence
    assert samples.describe_collapses((Add(0.2), Add(0.2))) == []


def test_each_column_has_a_heading_of_its_own(tmp_path: Path) -> None:
    a, b = write_pictures(tmp_path / "a", 1, 0, 200), write_pictures(tmp_path / "b", 1, 2, 200)
    names = ["nested/00.png"]
    grids = [
        Samples(a, names, b, names, 160, domains).grid((Add(0), Add(0)))
        for domains in (DOMAINS, ("day", "an evening in a very long winter night"))
    ]
    for grid in grids:
        columns = np.split(grid[:HEADING], 6, axis=1)
        assert all((column < 128).any() and (column == 255).any() for column in columns)
        assert len({column.tobytes() for column in columns}) == 6
    first, other = (np.split(grid[:HEADING], 6, axis=1) for grid in grids)
    same = [np.array_equal(x, y) for x, y in zip(first, other, strict=True)]
    assert same == [True, False, True, False, True, False]
