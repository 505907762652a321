"""Evaluation on held-out pictures during a run."""

import csv
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from mediatrans.cli.main import run as cli
from mediatrans.errors import Interrupted, UsageError
from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.data.folders import Folders, find_pictures, resolve_folders
from mediatrans.training.evaluation import domain_file, exported
from mediatrans.training.evaluation.features import FEATURE_NETWORKS
from mediatrans.training.evaluation.held_out import HeldOut, open_judge
from mediatrans.training.export import model_folder
from mediatrans.training.model.domain_classifier import train_domain_network
from mediatrans.training.run.loop import train
from mediatrans.zoo.card import read_card
from tests.training.colours import COLOURS, GRADIENTS, loaded
from tests.training.export.test_model_folder import write_run
from tests.training.run.watching import Watcher, assert_same_model
from tests.training.tiny import TINY, TINY_FLAGS, write_domains, write_pictures

pytestmark = pytest.mark.usefixtures("graphs_once", "auto_is_cpu")

EVALUATED = replace(TINY, hold_out="always", evaluate_every=2, steps=6, checkpoint_every=3)


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FEATURE_NETWORKS:
        monkeypatch.setitem(FEATURE_NETWORKS, name, lambda device: COLOURS)
    monkeypatch.setattr(exported, "load_texture_network", lambda device: GRADIENTS)
    monkeypatch.setattr(model_folder, "_LEAST_WORKING_SIZE", 24)
    few = partial(train_domain_network, most_steps=10)
    monkeypatch.setattr(domain_file, "train_domain_network", few)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return write_domains(tmp_path / "data", count=30)


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "evaluation.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_evaluations_make_a_curve_and_keep_the_best(folders: Folders, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(EVALUATED, folders, run, watcher := Watcher())
    found = rows(run)
    assert [row["step"] for row in found] == ["2", "4", "6"]
    least = min(found, key=lambda row: float(row["smoothed_kid"]))
    assert load_checkpoint(run / "checkpoints" / "best.pt").step == int(least["step"])
    assert f"best: step {least['step']}" in watcher.text


def test_evaluating_changes_no_weight(folders: Folders, tmp_path: Path) -> None:
    evaluated = train(EVALUATED, folders, tmp_path / "evaluated")
    plain = train(replace(EVALUATED, evaluate_every=0), folders, tmp_path / "plain")
    assert_same_model(evaluated, plain)
    assert not (tmp_path / "plain" / "evaluation.csv").exists()


def test_a_resumed_curve_is_that_of_a_whole_run(folders: Folders, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(EVALUATED, folders, whole)
    with pytest.raises(Interrupted):
        train(EVALUATED, folders, cut, Watcher(5))
    train(EVALUATED, folders, cut, resume=True)
    assert rows(cut) == rows(whole)
    assert_same_model(cut / "checkpoints" / "best.pt", whole / "checkpoints" / "best.pt")


def test_without_held_out_pictures_there_is_nothing_to_evaluate_on(
    folders: Folders, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="--hold-out always"):
        train(replace(EVALUATED, hold_out="never"), folders, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_held_out_are_the_pictures_the_trainer_leaves_out(folders: Folders, tmp_path: Path) -> None:
    pictures = HeldOut.of(folders, EVALUATED)
    checkpoint = load_checkpoint(train(EVALUATED, folders, tmp_path / "run"))
    for domain, held, folder in zip(
        ("a", "b"), pictures.counts, (folders.train_a, folders.train_b), strict=True
    ):
        assert held >= 2
        assert len(checkpoint.data[domain]) == len(find_pictures(folder)) - held


def test_the_test_split_chooses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    for name, tint in (("trainA", 0), ("trainB", 2)):
        write_pictures(root / name, 30, tint)
    for name in ("testA", "testB"):
        (root / name).mkdir()
        (root / name / "unreadable.png").write_bytes(b"looked at, this would be an error")
    folders = resolve_folders([root], "red,blue")
    train(EVALUATED, folders, tmp_path / "run", watcher := Watcher())
    assert len(rows(tmp_path / "run")) == 3
    assert "unreadable" not in watcher.text


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")
def test_an_export_measures_the_model_for_its_card(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, tint in (("trainA", 0), ("trainB", 2)):
        write_pictures(here / "root" / name, 30, tint)
    for name, tint in (("testA", 0), ("testB", 2)):
        write_pictures(here / "root" / name, 4, tint)
    flags = [flag if flag != "never" else "always" for flag in TINY_FLAGS]
    assert cli(["train", "root", "--domains", "red,blue", *flags]) == 0
    assert cli(["export-onnx"]) == 0
    quality = tomllib.loads(Path("models/red2blue/card.toml").read_text())["quality"]
    assert quality["to_blue"]["pictures"] == 4
    (network,) = quality["networks"]
    assert network["probe"]["trained_on"].endswith("training pictures")
    assert (quality["trained_with"], quality["judges"]) == ([], ["pooled colours"])
    assert set(quality["flat_frames"]) == {"to_blue", "to_red"}
    held = HeldOut.of(resolve_folders([here / "root"], "red,blue"), EVALUATED).counts
    assert (
        quality["held_out"]["to_blue"]["pictures"],
        quality["held_out"]["to_red"]["pictures"],
    ) == held
    card = tomllib.loads(Path("models/red2blue/card.toml").read_text())
    assert set(card["domain"]["accuracy"]) == {"red", "blue"}
    assert ".part" not in Path("models/red2blue/card.toml").read_text()
    tried = quality["working_size"]
    assert [trial["size"] for trial in tried["trials"]] == [16, 24, 32]
    is_used = read_card(Path("models/red2blue")).used_classifier is not None
    assert all(("domain" in trial) == is_used for trial in tried["trials"])
    assert tried["pictures"] == 30 - max(held)
    assert tried["compared"] == [16, 24]
    assert card["working_size"] in (16, 24)
    assert Path("models/red2blue/domain.onnx").stat().st_size < 1_000_000
    for to in ("to_blue", "to_red"):
        assert set(quality["hidden_signal"][to]) == {"pictures", "noise", "jpeg"}
        assert quality["hidden_signal"][to]["noise"]["hidden_db"] >= 0
    spread = quality["held_out"]["to_red"]["cycle"]["psnr_db"]
    assert 0 < spread["p05"] <= spread["p50"] <= spread["p95"]

    assert cli(["export-onnx", "--overwrite", "--no-evaluate", "--work-size", "48"]) == 0
    card = tomllib.loads(Path("models/red2blue/card.toml").read_text())
    assert "quality" not in card
    assert card["working_size"] == 48
    assert card["domain"]["file"] == "domain.onnx"
    assert "measuring on the test split" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")
def test_a_model_whose_pictures_are_gone_is_exported_without_figures(
    folders: Folders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train(replace(TINY, steps=1), folders, tmp_path / "run")
    write_run(tmp_path / "run")  # the networks of other tests, which are exported already
    folders.train_a.rename(tmp_path / "elsewhere")
    assert cli(["export-onnx", str(tmp_path / "run"), "-o", str(tmp_path / "model")]) == 0
    assert "the run's pictures are gone" in capsys.readouterr().err
    assert (tmp_path / "model" / "card.toml").exists()


@pytest.mark.parametrize(("weight", "judge"), [(0.0, "lite0"), (1.0, "lite2")])
def test_a_network_of_the_discriminators_is_not_the_judge(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, weight: float, judge: str
) -> None:
    config = replace(EVALUATED, size=32, load_size=36, lambda_projected=weight)
    for name in FEATURE_NETWORKS:
        network = replace(COLOURS, name=name)
        monkeypatch.setitem(FEATURE_NETWORKS, name, partial(loaded, network))
    said: list[str] = []
    open_judge(config, folders, torch.device("cpu"), said.append)
    (line,) = said
    assert line.endswith(f"with the features of efficientnet-{judge}")


def test_judging_is_repeatable(folders: Folders) -> None:
    from mediatrans.training.evaluation.held_out import HeldOutJudge
    from mediatrans.training.model.cyclegan import CycleGAN

    judge = HeldOutJudge(HeldOut.of(folders, EVALUATED), COLOURS)
    model = CycleGAN(EVALUATED, torch.device("cpu"))
    first, again = (judge.judge(model.generators, model.device) for _ in range(2))
    assert first == again
    assert np.isfinite(first.networks[0].to_b.kid.translated.value)
