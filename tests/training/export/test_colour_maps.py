"""Generators of colour maps as graphs: further outputs, which explain the first."""

import tomllib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mediatrans.errors import ModelError
from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.export.exporter import picture_network
from mediatrans.training.export.model_folder import export_pair, load_generators
from mediatrans.training.export.parity import prove_parity
from mediatrans.training.model.colour_maps import ColourMapGenerator
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from mediatrans.translate.translator import Translator
from mediatrans.zoo.graph import MAP_REACH
from tests.training.export.test_model_folder import write_run
from tests.training.tiny import TINY

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning"),
    pytest.mark.usefixtures("graphs_once"),
]


@pytest.fixture(
    scope="module",
    params=["colour_maps", pytest.param("fine_colour_maps", marks=pytest.mark.slow)],
)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of coarse maps with a texture, and of fine ones without."""
    config = replace(TINY, head=request.param, upsample="resize")
    if request.param == "fine_colour_maps":
        config = replace(config, texture="none")
    return write_run(tmp_path_factory.mktemp("run"), config, alike=True)


@pytest.fixture(scope="module")
def model(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_pair(run, tmp_path_factory.mktemp("models") / "red2blue")


def noise(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (2, 24, 44, 3)])
def test_the_picture_is_what_the_contract_makes_of_map_and_texture(
    model: Path, shape: tuple[int, ...]
) -> None:
    images = noise(*shape)
    count, height, width, _ = shape
    picture, maps, texture = OnnxRuntimeEngine(model / "to_blue.onnx").run(images)
    assert maps is not None
    cell = 2 if texture is None else 4
    assert maps.shape == (count, height // cell, width // cell, 12)
    assert maps.dtype == np.float32
    if texture is None:
        texture = np.zeros(shape, np.float32)
    assert texture.shape == shape
    assert texture.dtype == np.float32
    assert maps.std(axis=(1, 2)).max() > 0
    for index in range(count):
        rows = cv2.resize(maps[index], (width, height), interpolation=cv2.INTER_LINEAR)
        matrix = rows.reshape(height, width, 3, 4)
        z = np.arctanh(MAP_REACH * (images[index] / 127.5 - 1))
        recoloured = (matrix[..., :3] * z[:, :, None]).sum(axis=-1) + matrix[..., 3]
        y = np.tanh(recoloured + texture[index]) / MAP_REACH
        expected = np.clip(np.round((y + 1) * 127.5), 0, 255)
        assert np.abs(expected - picture[index]).max() <= 1


def test_the_translator_goes_on_to_ask_for_the_picture_alone(model: Path) -> None:
    picture = noise(21, 30, 3)
    translated = Translator.load("blue", model=str(model))(picture)
    assert translated.shape == picture.shape
    assert np.ptp(translated) > 16


def test_the_card_names_the_head(model: Path) -> None:
    card = tomllib.loads((model / "card.toml").read_text())
    assert card["architecture"]["head"] in ("colour_maps", "fine_colour_maps")
    assert card["architecture"]["texture"] in ("colour", "none")
    assert "colour maps" in card["architecture"]["generator"]


def test_the_proof_looks_at_the_map_as_well(model: Path, run: Path) -> None:
    generator, _ = load_generators(load_checkpoint(run))
    assert isinstance(generator, ColourMapGenerator)
    path = model / "to_blue.onnx"
    assert prove_parity(path, picture_network(generator), 16).largest_difference <= 1
    with torch.no_grad():
        # Less than the picture shows, and more than rounding.
        generator.identity[:, 3] += 0.004
    with pytest.raises(ModelError, match="map differs"):
        prove_parity(path, picture_network(generator), 16)
