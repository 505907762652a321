"""Exported model folders: graphs, cards, and replacing an earlier one."""

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import onnx
import pytest
import torch

from mediatrans.errors import InputError, ModelError, OutputError
from mediatrans.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mediatrans.training.config import TrainConfig
from mediatrans.training.export.model_folder import (
    DataNote,
    PictureGenerator,
    export_pair,
    load_generators,
)
from mediatrans.training.export.parity import proof_inputs, prove_parity
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.translate.engines import agreement
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from mediatrans.translate.translator import Translator
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME
from tests.pairs import graph, write_graph
from tests.training.full_disk import largest_file
from tests.training.tiny import TINY

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning"),
    pytest.mark.usefixtures("graphs_once"),
]


def write_run(folder: Path, config: TrainConfig = TINY, *, alike: bool = False) -> Path:
    """A checkpoint whose generators make something of what they see: weights scaled up.

    Generators that are alike are exported once, see `graphs_once`.
    """
    model = CycleGAN(config, torch.device("cpu"))
    random, biases = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for generator in (*model.generators, model.G, model.F):
            for name, weight in generator.named_parameters():
                if name.endswith(".bias"):
                    # As of a trained one: the exporter leaves out zeros, and what is equal.
                    weight.normal_(0, 0.01, generator=biases)
                if name.startswith("decoder") and weight.dim() == 4:
                    weight.mul_(3)
                if name.startswith("colour_head"):
                    weight.normal_(0, 0.1, generator=random)
    if alike:
        model.F.load_state_dict(model.G.state_dict())
        model.generators[1].load_state_dict(model.generators[0].state_dict())
    checkpoint = Checkpoint(
        config=config,
        domains=("red", "blue"),
        step=4,
        data={"a": ["x 1"] * 5, "b": ["y 1"] * 4},
        environment={"mode": "eager"},
        model=model.state_dict(),
    )
    save_checkpoint(folder / "checkpoints", checkpoint)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def model(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "red2blue"
    return export_pair(run, folder, note=DataNote("painted", "CC0"))


def test_a_model_folder_has_two_graphs_and_their_card(model: Path) -> None:
    names = sorted(path.name for path in model.iterdir())
    assert names == ["card.toml", "to_blue.onnx", "to_red.onnx"]
    card = tomllib.loads((model / "card.toml").read_text())
    assert card["domains"] == ["red", "blue"]
    assert card["stride"] == 4
    assert card["working_size"] == 360
    assert card["training"]["steps_made"] == 4
    assert card["training"]["size"] == 16
    assert card["data"]["licence"] == "CC0"
    assert card["data"]["training_pictures_red"] == 5
    assert card["versions"]["torch"]


def test_weights_in_float16(run: Path, model: Path, tmp_path: Path) -> None:
    heard: list[str] = []
    half = export_pair(run, tmp_path / "half", precision="float16", on_message=heard.append)
    assert tomllib.loads((half / "card.toml").read_text())["precision"] == "float16"
    images = proof_inputs(64)[0]
    for name in ("to_red.onnx", "to_blue.onnx"):
        assert (half / name).stat().st_size < 0.7 * (model / name).stat().st_size
        pictures = [OnnxRuntimeEngine(m / name).run(images).image for m in (model, half)]
        assert np.abs(pictures[0].astype(int) - pictures[1]).max() <= 3
        assert any(line.startswith(f"{name}: in float16 it differs by up to") for line in heard)
    found = Translator.load("blue", model=str(half))
    assert found(images[0]).shape == images[0].shape


def test_float16_that_differs_too_much_leaves_no_model(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "MEAN", 0.0)
    monkeypatch.setattr(agreement, "LARGEST", -1)
    with pytest.raises(ModelError, match="use --precision float32"):
        export_pair(run, tmp_path / "half", precision="float16")
    assert not (tmp_path / "half").exists()


def test_a_graph_is_self_contained_and_says_nothing_of_this_machine(model: Path) -> None:
    content = (model / "to_blue.onnx").read_bytes()
    assert str(Path(__file__).parents[2]).encode() not in content
    loaded = onnx.load(model / "to_blue.onnx")
    shape = loaded.graph.input[0].type.tensor_type.shape
    sizes = [d.dim_param or d.dim_value for d in shape.dim]
    assert sizes == ["N", "H", "W", 3]
    props = {entry.key: entry.value for entry in loaded.metadata_props}
    assert (props["mediatrans.from"], props["mediatrans.to"]) == ("red", "blue")
    assert props["mediatrans.training_size"] == "16"


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 12, 44), (1, 100, 8)])
def test_the_sizes_are_dynamic(model: Path, run: Path, shape: tuple[int, int, int]) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    generators = load_generators(load_checkpoint(run))
    for name, generator in zip(("to_blue", "to_red"), generators, strict=True):
        found = OnnxRuntimeEngine(model / f"{name}.onnx").run(pictures).image
        with torch.no_grad():
            expected = PictureGenerator(generator)(torch.from_numpy(pictures)).numpy()
        assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1
        assert np.ptp(found) > 16


def test_a_picture_survives_a_generator_that_changes_nothing() -> None:
    picture = torch.arange(256, dtype=torch.uint8).reshape(1, 8, 32, 1).repeat(1, 1, 1, 3)
    assert torch.equal(PictureGenerator(torch.nn.Identity())(picture), picture)


def test_values_beyond_white_and_black_are_cut_off() -> None:
    class Loud(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 3 * x

    picture = (
        torch.tensor([0, 100, 200, 255], dtype=torch.uint8).reshape(1, 1, 4, 1).repeat(1, 1, 1, 3)
    )
    out = PictureGenerator(Loud())(picture)[0, 0, :, 0].tolist()
    assert out == [0, 45, 255, 255]


def test_averaged_weights_are_exported(run: Path) -> None:
    checkpoint = load_checkpoint(run)
    generator, _ = load_generators(checkpoint)
    average = checkpoint.model["average_G"]["encoder.1.weight"]
    assert torch.equal(generator.state_dict()["encoder.1.weight"], average)
    plain = replace(checkpoint, config=replace(TINY, ema=0.0))
    generator, _ = load_generators(plain)
    assert torch.equal(
        generator.state_dict()["encoder.1.weight"], checkpoint.model["G"]["encoder.1.weight"]
    )


def test_weights_of_another_size_are_refused(run: Path) -> None:
    checkpoint = replace(load_checkpoint(run), config=replace(TINY, ngf=8))
    with pytest.raises(InputError, match="do not fit"):
        load_generators(checkpoint)


def test_an_existing_model_is_replaced_only_when_asked(
    run: Path, model: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(model, tmp_path / "m")
    (folder / "README.md").write_text("kept")
    (folder / "to_old.onnx").write_text("of an earlier pair")
    with pytest.raises(OutputError, match="--overwrite"):
        export_pair(run, folder)
    export_pair(run, folder, overwrite=True)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["README.md", "card.toml", "to_blue.onnx", "to_red.onnx"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_folder_that_is_no_model_is_never_replaced(run: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(OutputError, match="not a model"):
        export_pair(run, tmp_path / "photos", overwrite=True)


@pytest.mark.parametrize("was_moved_in", [True, False])
def test_what_a_killed_replacement_left_is_cleaned_up(
    run: Path, model: Path, tmp_path: Path, was_moved_in: bool
) -> None:
    """A kill after the earlier model was moved aside, or after the new one took its name."""
    folder = tmp_path / "m"
    shutil.copytree(model, tmp_path / ".m.old")
    (tmp_path / ".m.old" / "README.md").write_text("kept")
    if was_moved_in:
        shutil.copytree(tmp_path / ".m.old", folder)
    else:
        shutil.copytree(model, tmp_path / ".m.part")
    with pytest.raises(OutputError, match="a model is here already"):
        export_pair(run, folder)
    assert (folder / "README.md").read_text() == "kept"
    export_pair(run, folder, overwrite=True)
    assert (folder / "README.md").read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_full_disk_leaves_the_model_that_was_there(
    run: Path, model: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(model, tmp_path / "m")
    before = (folder / "to_blue.onnx").read_bytes()
    with largest_file(1000), pytest.raises(OutputError, match=r"the model: .* -o"):
        export_pair(run, folder, overwrite=True)
    assert (folder / "to_blue.onnx").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_failed_proof_leaves_no_model(run: Path, tmp_path: Path) -> None:
    def fail(*args: object) -> NoReturn:
        raise ModelError("the exported graph differs from torch by 9 of 255")

    with pytest.raises(ModelError, match="9 of 255"):
        export_pair(run, tmp_path / "m", prove=fail)
    assert list(tmp_path.iterdir()) == []


def test_the_proof_notices_a_difference(model: Path, run: Path) -> None:
    generator, other = load_generators(load_checkpoint(run))
    proof = prove_parity(model / "to_blue.onnx", PictureGenerator(generator), 16)
    assert proof.largest_difference <= 1
    assert proof.inputs == 9
    with pytest.raises(ModelError, match="differs from torch"):
        prove_parity(model / "to_blue.onnx", PictureGenerator(other), 16)


def test_a_constant_output_proves_nothing(tmp_path: Path) -> None:
    class Black(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 0 * x

    black = graph([onnx.helper.make_node("Mul", [INPUT_NAME, "no"], [OUTPUT_NAME])], {"no": [0]})
    path = write_graph(tmp_path / "black.onnx", black, "red", "blue")
    with pytest.raises(ModelError, match="hardly varies"):
        prove_parity(path, Black(), 16)


def test_the_proofs_pictures_cover_three_kinds_at_three_shapes() -> None:
    inputs = proof_inputs(128)
    assert [x.shape for x in inputs[:3]] == [(2, 64, 64, 3), (1, 72, 120, 3), (1, 128, 128, 3)]
    photograph, noise, edges = inputs[2], inputs[5], inputs[8]
    steps = [np.abs(np.diff(x.astype(int), axis=2)).mean() for x in (photograph, noise)]
    assert steps[0] < 20 < 60 < steps[1]
    assert set(np.unique(edges)) == {0, 255}


@pytest.mark.slow
@pytest.mark.parametrize("upsample", ["transpose", "resize", "smooth"])
@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"separable": True},
        {"tone_skip": True},
        {"head": "colour_maps"},
        {"head": "fine_colour_maps", "texture": "grey"},
    ],
)
def test_every_architecture_exports(
    tmp_path: Path, upsample: str, extra: dict[str, object]
) -> None:
    config = TINY.updated({"upsample": upsample, "ngf": 16, **extra}, "the test")
    folder = export_pair(write_run(tmp_path / "run", config), tmp_path / "m")
    assert (folder / "card.toml").exists()
