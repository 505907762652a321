"""Imports of the reference implementation's state dicts, built here in its layout."""

import pickle
import tomllib
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mediatrans.cli.main import run
from mediatrans.errors import InputError
from mediatrans.training.export.legacy import load_legacy_generator, load_legacy_pair
from mediatrans.training.export.pair import DataNote
from mediatrans.translate.translator import Translator

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning"),
    pytest.mark.usefixtures("graphs_once"),
]

Weights = dict[str, Tensor]


class Block(nn.Module):
    """A residual block as the reference counts it."""

    def __init__(self, channels: int, dropout: bool, statistics: bool) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels, track_running_stats=statistics),
            nn.ReLU(),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels, track_running_stats=statistics),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.conv_block(x)
        return out


class Reference(nn.Module):
    """The whole generator as one counted sequence, with weights that make something of pictures."""

    def __init__(
        self, ngf: int = 4, blocks: int = 6, dropout: bool = False, statistics: bool = False
    ) -> None:
        super().__init__()

        def norm(channels: int) -> tuple[nn.Module, nn.Module]:
            return nn.InstanceNorm2d(channels, track_running_stats=statistics), nn.ReLU()

        def enlarge(channels: int) -> nn.Module:
            return nn.ConvTranspose2d(
                channels, channels // 2, 3, stride=2, padding=1, output_padding=1
            )

        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(3, ngf, 7),
            *norm(ngf),
            nn.Conv2d(ngf, 2 * ngf, 3, stride=2, padding=1),
            *norm(2 * ngf),
            nn.Conv2d(2 * ngf, 4 * ngf, 3, stride=2, padding=1),
            *norm(4 * ngf),
            *(Block(4 * ngf, dropout, statistics) for _ in range(blocks)),
            enlarge(4 * ngf),
            *norm(2 * ngf),
            enlarge(2 * ngf),
            *norm(ngf),
            nn.ReflectionPad2d(3),
            nn.Conv2d(ngf, 3, 7),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, 3, H, W] -> the same, every norm by the picture's own statistics."""
        out: Tensor = self.model(x)
        return out


def reference(
    seed: int = 0, ngf: int = 4, blocks: int = 6, dropout: bool = False, statistics: bool = False
) -> Reference:
    torch.manual_seed(seed)
    network = Reference(ngf, blocks, dropout, statistics)
    # Dropout is off; norms without running statistics are the same in either mode.
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return network


def saved(path: Path, weights: Weights, legacy_format: bool = False) -> Path:
    torch.save(OrderedDict(weights), path, _use_new_zipfile_serialization=not legacy_format)
    return path


@torch.no_grad()
def assert_the_same(ours: nn.Module, theirs: nn.Module) -> None:
    x = torch.rand(2, 3, 20, 32, generator=torch.Generator().manual_seed(5)) * 2 - 1
    expected = theirs(x)
    assert expected.std() > 0.05
    assert torch.allclose(ours(x), expected, atol=1e-5)


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize(("ngf", "blocks"), [(4, 6), (6, 9), (5, 1)])
def test_width_and_depth_are_found_and_the_answers_are_the_same(
    tmp_path: Path, ngf: int, blocks: int, dropout: bool
) -> None:
    network = reference(ngf=ngf, blocks=blocks, dropout=dropout)
    assert f"model.{17 + blocks}.weight" in network.state_dict()
    found = load_legacy_generator(saved(tmp_path / "g.pth", network.state_dict()))
    assert (found.generator.config.ngf, found.generator.config.blocks) == (ngf, blocks)
    assert found.generator.config.upsample == "transpose"
    assert found.dropout == dropout
    assert not found.running_statistics
    assert_the_same(found.generator, network)


@pytest.mark.parametrize("legacy_format", [False, True])
def test_prefixes_running_statistics_and_old_files(tmp_path: Path, legacy_format: bool) -> None:
    network = reference(statistics=True)
    weights = {f"module.{key}": value for key, value in network.state_dict().items()}
    assert any(key.endswith("running_var") for key in weights)
    found = load_legacy_generator(saved(tmp_path / "g.pth", weights, legacy_format))
    assert found.running_statistics
    assert_the_same(found.generator, network.train())


def test_half_precision_becomes_single(tmp_path: Path) -> None:
    network = reference()
    weights = {key: value.half() for key, value in network.state_dict().items()}
    found = load_legacy_generator(saved(tmp_path / "g.pth", weights))
    assert {weight.dtype for weight in found.generator.parameters()} == {torch.float32}


def antialiased() -> Weights:
    return reference().state_dict() | {"model.7.filt": torch.ones(8, 1, 3, 3)}


def u_net() -> Weights:
    return {
        "model.model.0.weight": torch.ones(4, 3, 4, 4),
        "model.model.1.model.1.weight": torch.ones(8, 4, 4, 4),
    }


def discriminator() -> Weights:
    return {"model.0.weight": torch.ones(4, 3, 4, 4), "model.0.bias": torch.ones(4)}


def batch_norm() -> Weights:
    weights = reference(statistics=True).state_dict()
    norms = {key[: -len(".running_mean")] for key in weights if key.endswith("running_mean")}
    return weights | {f"{norm}.weight": torch.ones(4) for norm in norms}


def zero_padding() -> Weights:
    renamed = {".conv_block.1.": ".conv_block.0.", ".conv_block.5.": ".conv_block.3."}
    weights = {}
    for key, value in reference().state_dict().items():
        for theirs, ours in renamed.items():
            key = key.replace(theirs, ours)
        weights[key] = value
    return weights


def a_part_missing() -> Weights:
    weights = reference().state_dict()
    del weights["model.16.bias"]
    return weights


def a_part_too_many() -> Weights:
    return reference().state_dict() | {"attention.weight": torch.ones(4, 4)}


def grey() -> Weights:
    weights = reference().state_dict()
    return weights | {"model.1.weight": weights["model.1.weight"][:, :1]}


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        (antialiased, "antialiased"),
        (u_net, "U-Net"),
        (discriminator, "discriminator"),
        (batch_norm, "learned norm"),
        (zero_padding, "reflection padding"),
        (a_part_missing, r"lacks model\.16\.bias"),
        (a_part_too_many, r"has attention\.weight"),
        (grey, "from 3 channels to 3"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_other_networks_are_refused_by_name(
    tmp_path: Path, weights: object, reason: str, prefix: str
) -> None:
    assert callable(weights)
    path = saved(tmp_path / "g.pth", {prefix + key: part for key, part in weights().items()})
    with pytest.raises(InputError, match=reason) as caught:
        load_legacy_generator(path)
    assert "instance norm" in str(caught.value)


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('ran')",))


def test_a_file_that_is_no_state_dict_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "code.pth").write_bytes(pickle.dumps(Harmful()))
    torch.save({"model": Harmful()}, tmp_path / "zipped.pth")
    (tmp_path / "text.pth").write_text("hello")
    (tmp_path / "empty.pth").write_bytes(b"")
    torch.save([torch.ones(2)], tmp_path / "list.pth")
    torch.save({"epoch": 3, "model": {"x": torch.ones(2)}}, tmp_path / "nested.pth")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(InputError, match=r"not a (file of weights|state dict)"):
            load_legacy_generator(path)
    with pytest.raises(InputError, match="no such file"):
        load_legacy_generator(tmp_path / "nowhere.pth")


def test_two_generators_of_different_size_are_no_pair(tmp_path: Path) -> None:
    files = (
        saved(tmp_path / "a.pth", reference().state_dict()),
        saved(tmp_path / "b.pth", reference(ngf=5).state_dict()),
    )
    with pytest.raises(InputError, match="6 blocks of width 4 and 6 blocks of width 5"):
        load_legacy_pair(files, ("horse", "zebra"), DataNote())


def test_the_files_become_a_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    networks = reference(1, blocks=1, statistics=True), reference(2, blocks=1)
    a = saved(here / "latest_net_G_A.pth", networks[0].state_dict())
    b = saved(here / "latest_net_G_B.pth", networks[1].state_dict())
    words = ["export-onnx", "--from-pytorch-cyclegan", str(a), str(b), "--domains", "horse,zebra"]
    assert run([*words, "--data-licence", "none"]) == 0
    folder = here / "models" / "horse2zebra"
    card = tomllib.loads((folder / "card.toml").read_text())
    assert card["training"]["imported_from"] == "pytorch-CycleGAN-and-pix2pix"
    assert card["training"]["files"] == ["latest_net_G_A.pth", "latest_net_G_B.pth"]
    assert card["training"]["running_statistics"].startswith("left out")
    assert "quality" in card["training"]["unknown"]
    assert "seed" not in card
    assert "quality" not in card
    assert card["architecture"]["generator"] == "resnet_1blocks ngf 4 transpose"
    assert card["data"] == {"source": "not stated", "licence": "none"}

    # G_A leads from A to B: to_zebra.
    picture = np.random.default_rng(0).integers(0, 256, (24, 36, 3), dtype=np.uint8)
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    for domain, network in zip(("zebra", "horse"), networks, strict=True):
        found = Translator.load(domain, model=str(folder), device="cpu")(picture)
        with torch.no_grad():
            expected = ((network(x)[0] + 1) * 127.5).permute(1, 2, 0).numpy()
        assert np.abs(found - expected).max() < 1.1
    capsys.readouterr()
    assert run(words) == 6


@pytest.mark.parametrize(
    "words",
    [
        ["--from-pytorch-cyclegan", "a.pth", "b.pth"],
        ["--domains", "horse,zebra"],
        ["a run", "--from-pytorch-cyclegan", "a.pth", "b.pth", "--domains", "horse,zebra"],
        ["--from-pytorch-cyclegan", "a.pth", "b.pth", "--domains", "horse"],
    ],
)
def test_flags_that_do_not_fit_together(here: Path, words: list[str]) -> None:
    assert run(["export-onnx", *words]) == 2


def test_a_missing_file_is_an_input_that_failed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--from-pytorch-cyclegan", "a.pth", "b.pth", "--domains", "horse,zebra"]
    assert run(["export-onnx", *words]) == 3
    assert "a.pth" in capsys.readouterr().err
