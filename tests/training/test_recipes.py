"""Every recipe trains: its own settings, networks and pictures made small."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mediatrans.cli.main import run
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.folders import find_pictures, parse_domains
from mediatrans.training.data.label_maps import label_folder
from mediatrans.training.recipe import load_recipe
from tests.training.tiny import write_domains

RECIPES = sorted((Path(__file__).parents[2] / "train").glob("*/*.toml"))

SMALL = (
    "--steps 2 --size 32 --load-size 36 --ngf 4 --ndf 4 --batch-size 1 --workers 0 --cache ram "
    "--device cpu --compile off --checkpoint-every 2 --sample-every 0 --evaluate-every 0"
).split()


def named(path: Path) -> str:
    return path.parent.name


def titled(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def label_pictures(folder: Path) -> None:
    """A label map of two halves beside each picture."""
    for path in find_pictures(folder):
        with Image.open(folder / path) as picture:
            width, height = picture.size
        labels = np.zeros((height, width), np.uint8)
        labels[height // 2 :] = 1
        place = (label_folder(folder) / path).with_suffix(".png")
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(labels).save(place)


def test_the_recipes_are_here() -> None:
    here = {named(path) for path in RECIPES}
    assert {"day2night", "horse2zebra", "monet2photo", "summer2winter"} <= here


@pytest.mark.parametrize("path", RECIPES, ids=titled)
def test_a_recipe_trains(path: Path, tmp_path: Path) -> None:
    folders = write_domains(tmp_path)
    if "label_classes" in load_recipe(path):
        for folder in (folders.train_a, folders.train_b):
            label_pictures(folder)
    largest = ["--load-size-max", "40"] if "load_size_max" in load_recipe(path) else []
    pictures = [str(folders.train_a), str(folders.train_b)]
    out = tmp_path / "run"
    words = ["train", *pictures, "--recipe", str(path), *SMALL, *largest, "--out", str(out)]
    assert run(words) == 0
    assert (out / "checkpoints" / "latest.pt").exists()


@pytest.mark.parametrize("path", RECIPES, ids=titled)
def test_a_recipe_is_named_after_its_pair(path: Path) -> None:
    assert "2".join(parse_domains(load_recipe(path)["domains"])) == named(path)


@pytest.mark.parametrize("pair", ["horse2zebra", "monet2photo"])
def test_the_recipes_of_the_paper_are_the_defaults(pair: str) -> None:
    (path,) = (path for path in RECIPES if named(path) == pair)
    table = load_recipe(path)
    del table["domains"]
    assert TrainConfig.from_table(table, str(path)) == TrainConfig()
