"""Training runs: what they leave, what they say, and what they refuse."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mediatrans.errors import (
    DeviceError,
    DivergedError,
    InputError,
    Interrupted,
    OutputError,
    UsageError,
)
from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.folders import Folders, find_pictures, split_hold_out
from mediatrans.training.export.model_folder import load_generators
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.model.losses import Losses
from mediatrans.training.run.dataset import open_dataset
from mediatrans.training.run.loop import train
from mediatrans.training.run.progress import Progress
from mediatrans.training.run.samples import HEADING
from mediatrans.training.run_folder import read_run
from tests.training.run.watching import Watcher, assert_same_model, metrics
from tests.training.tiny import TINY, write_domains


def test_a_run_leaves_its_records(folders: Folders, tmp_path: Path) -> None:
    watcher, run = Watcher(), tmp_path / "run"
    last = train(replace(TINY, sample_every=4, steps=12), folders, run, watcher)
    assert last == run / "checkpoints" / "latest.pt"
    assert load_checkpoint(run).step == 12
    assert [int(row["step"]) for row in metrics(run)] == list(range(1, 13))
    samples = sorted(path.name for path in (run / "samples").iterdir())
    assert samples == ["step_0000004.png", "step_0000008.png", "step_0000012.png"]
    with Image.open(run / "samples" / samples[0]) as grid:
        assert grid.size == (6 * 24, HEADING + 4 * 24)
    losses = {f"losses/{name}" for name in Losses.names()}
    events = EventAccumulator(str(run / "tensorboard")).Reload()
    assert losses <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("losses/gan_g")] == list(range(1, 13))
    seen = np.array([event.value for event in events.Scalars("losses/gan_g")])
    smooth = [event.value for event in events.Scalars("smooth_losses/gan_g")]
    np.testing.assert_allclose(smooth, np.cumsum(seen) / np.arange(1, 13), rtol=1e-4)
    assert [event.step for event in events.Images("samples")] == [4, 8, 12]
    assert read_run(run).folders.domains == ("red", "blue")
    assert len(watcher.steps) == 12
    assert "parameters" in watcher.text
    assert "GMACs at 16 px" in watcher.text
    assert "seconds per step" in watcher.text


@pytest.mark.slow
def test_the_first_samples_do_not_wait_for_long(folders: Folders, tmp_path: Path) -> None:
    config = replace(TINY, sample_every=500, steps=102, checkpoint_every=500)
    train(config, folders, tmp_path / "run")
    samples = sorted(path.name for path in (tmp_path / "run" / "samples").iterdir())
    assert samples == ["step_0000100.png", "step_0000102.png"]


def test_records_that_cannot_be_written_are_an_output_error(
    folders: Folders, tmp_path: Path
) -> None:
    class Saboteur(Watcher):
        def progress(self, progress: Progress) -> None:
            (tmp_path / "run" / "samples").write_text("a file where the folder should be")

    with pytest.raises(OutputError, match="the run's records"):
        train(replace(TINY, sample_every=2), folders, tmp_path / "run", Saboteur())
    assert load_checkpoint(tmp_path / "run").step == 0


def test_samples_show_the_averaged_generators(folders: Folders, tmp_path: Path) -> None:
    config = replace(TINY, learning_rate=2e-3, ema=0.95)
    last = train(config, folders, tmp_path / "run")
    samples = open_dataset(folders, config, tmp_path, print).samples
    averaged = samples.grid(load_generators(load_checkpoint(last)))
    with Image.open(tmp_path / "run" / "samples" / "step_0000008.png") as shown:
        assert np.array_equal(np.asarray(shown), averaged)
    state = load_checkpoint(last).model
    plain = CycleGAN(config, torch.device("cpu"))
    plain.load_state_dict(state)
    assert not np.array_equal(averaged, samples.grid((plain.G, plain.F)))


def test_a_run_is_not_overwritten_unasked(folders: Folders, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(replace(TINY, steps=2), folders, run)
    (run / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="--resume"):
        train(TINY, folders, run)
    train(TINY, folders, run, overwrite=True)
    assert load_checkpoint(run).step == 8
    assert (run / "notes.txt").read_text() == "mine"


def test_a_failed_start_leaves_the_earlier_run(folders: Folders, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(replace(TINY, steps=2), folders, run)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="at least 2"):
        train(TINY, replace(folders, train_b=empty), run, overwrite=True)
    assert load_checkpoint(run).step == 2


def test_nan_stops_the_run_and_keeps_the_checkpoint(folders: Folders, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(DivergedError, match="--learning-rate") as caught:
        train(replace(TINY, learning_rate=1e30, checkpoint_every=1), folders, run)
    assert caught.value.exit_code == 8
    model = CycleGAN(TINY, torch.device("cpu"))
    model.load_state_dict(load_checkpoint(run).model)
    assert model.is_finite()


def test_losses_beyond_any_meaning_stop_the_run(folders: Folders, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(DivergedError, match="above 10,000 for") as caught:
        train(replace(TINY, learning_rate=1e6, steps=500, checkpoint_every=1), folders, run)
    assert caught.value.exit_code == 8
    assert load_checkpoint(run).step < 10


def test_broken_pictures_are_skipped_counted_and_named_once(
    folders: Folders, tmp_path: Path
) -> None:
    for index in range(7):
        (folders.train_a / f"bad{index}.jpg").write_text("no picture")
    train(replace(TINY, steps=2), folders, tmp_path / "run", watcher := Watcher())
    (line,) = [text for text in watcher.messages if "bad0.jpg" in text]
    assert "skipped 7 unreadable" in line
    assert "and 2 more" in line
    assert "are smaller than" not in watcher.text


def test_small_pictures_are_enlarged_and_said(folders: Folders, tmp_path: Path) -> None:
    Image.new("RGB", (3, 5)).save(folders.train_a / "small.png")
    train(replace(TINY, steps=2), folders, tmp_path / "run", watcher := Watcher())
    assert "red: 1 are smaller than 20 px" in watcher.text


def test_the_hold_out_is_shown_in_the_samples_not_trained_on(
    folders: Folders, tmp_path: Path
) -> None:
    config = replace(TINY, steps=2, hold_out="auto")
    train(config, folders, tmp_path / "run", watcher := Watcher())
    assert "red: 4 pictures to train on, 1 held out" in watcher.messages
    assert len(load_checkpoint(tmp_path / "run").data["a"]) == 4


def test_epochs_count_the_larger_folder_at_both_halves(folders: Folders, tmp_path: Path) -> None:
    config = TrainConfig.from_table(
        {k: v for k, v in TINY.to_table().items() if k != "steps"} | {"epochs": 1, "batch_size": 2},
        "the test",
    )
    train(config, folders, tmp_path / "run", watcher := Watcher())
    rates = [step.rate for step in watcher.steps]
    assert rates == pytest.approx([2e-4] * 4 + [2e-4 * 2 / 3, 2e-4 / 3])


def test_a_device_that_is_not_there(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        train(replace(TINY, device="cuda:63"), folders, tmp_path / "run")
    with pytest.raises(UsageError, match="tpu"):
        train(replace(TINY, device="tpu"), folders, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_compiler_that_fails_costs_one_line(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(function: object, **options: object) -> object:
        raise RuntimeError("no C++ compiler\nsecond line")

    monkeypatch.setattr(torch, "compile", broken)
    config = replace(TINY, steps=2, compile="on")
    train(config, folders, tmp_path / "run", watcher := Watcher())
    assert sum("no C++ compiler" in text for text in watcher.messages) == 1
    assert "second line" not in watcher.text
    assert load_checkpoint(tmp_path / "run").environment["mode"] == "eager"
    assert 'mode = "eager"' in (tmp_path / "run" / "config.toml").read_text()


def test_a_run_begins_with_another_runs_averaged_networks(folders: Folders, tmp_path: Path) -> None:
    first = load_checkpoint(train(TINY, folders, tmp_path / "first"))
    watcher = Watcher(signal_after=1)
    config = replace(TINY, start_from=str(tmp_path / "first"), lambda_cycle=20.0, learning_rate=0.0)
    with pytest.raises(Interrupted):
        train(config, folders, tmp_path / "second", watcher)
    second = load_checkpoint(tmp_path / "second")
    assert "beginning with the networks of" in watcher.text
    assert second.step == 1
    wanted = {"G": "average_G", "F": "average_F", "D_A": "D_A", "D_B": "D_B"}
    for name, source in wanted.items():
        for key, value in second.model[name].items():
            torch.testing.assert_close(value, first.model[source][key], rtol=0, atol=0)


def test_a_run_that_began_with_another_is_resumed_without_it(
    folders: Folders, tmp_path: Path
) -> None:
    train(replace(TINY, steps=1), folders, tmp_path / "first")
    config = replace(TINY, start_from=str(tmp_path / "first"))
    whole = train(config, folders, tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(config, folders, tmp_path / "second", Watcher(signal_after=4))
    shutil.rmtree(tmp_path / "first")
    assert_same_model(whole, train(config, folders, tmp_path / "second", resume=True))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [({"ngf": 8}, UsageError, "ngf: 4 -> 8"), ({"start_from": "none"}, InputError, "none")],
)
def test_a_start_that_does_not_fit_is_refused_and_nothing_made(
    folders: Folders,
    tmp_path: Path,
    change: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    train(replace(TINY, steps=1), folders, tmp_path / "first")
    config = replace(TINY, **({"start_from": str(tmp_path / "first")} | change))
    with pytest.raises(error, match=words):
        train(config, folders, tmp_path / "second")
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("domain", ["train_a", "train_b"])
def test_unreadable_pictures_to_show_are_named_and_cost_no_step(
    tmp_path: Path, domain: str
) -> None:
    """With 4 pictures one is held out; it alone is shown."""
    folders = write_domains(tmp_path / "data", count=4)
    config = replace(TINY, hold_out="auto", sample_every=2)
    folder = getattr(folders, domain)
    _, (held,) = split_hold_out(find_pictures(folder), "auto", has_test=False)
    (folder / held).write_bytes(b"torn")
    last = train(config, folders, tmp_path / "run", watcher := Watcher())
    assert load_checkpoint(last).step == 8
    assert f"unreadable, not in the sample grids: {folder / held}" in watcher.text
    assert "step 2 is not shown" in watcher.text
    assert len(metrics(tmp_path / "run")) == 8
    assert load_checkpoint(train(config, folders, tmp_path / "run", resume=True)).step == 8
