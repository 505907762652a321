"""Run folders: records, and what is refused."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mediatrans.errors import InputError, OutputError, UsageError
from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.data.folders import Folders
from mediatrans.training.evaluation.curve import Curve
from mediatrans.training.export.legacy import load_legacy_generator
from mediatrans.training.run.loop import train
from mediatrans.training.run.run_log import RunLog
from mediatrans.training.run_folder import (
    RunSettings,
    create_run,
    newest_run,
    read_run,
    refuse_existing_run,
    write_settings,
)
from tests.training.tiny import TINY, write_domains


def test_settings_come_back(tmp_path: Path) -> None:
    folders = Folders(("a", "b"), tmp_path / "A", tmp_path / "B", tmp_path / "T", None)
    write_settings(tmp_path, RunSettings(TINY, folders), "eager")
    assert read_run(tmp_path) == RunSettings(TINY, folders)


def test_paths_that_toml_cannot_hold_are_refused_before_anything_is_deleted(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "checkpoints" / "latest.pt").touch()
    named = Folders(("a", "b"), tmp_path / "A\udcff", tmp_path / "B")
    with pytest.raises(UsageError, match=r"train_a = .*A.*UTF-8"):
        train(TINY, named, run, overwrite=True)
    begun = replace(TINY, start_from="\udcff.pt")
    with pytest.raises(UsageError, match=r"start_from = .*UTF-8"):
        train(begun, write_domains(tmp_path), run, overwrite=True)
    assert (run / "checkpoints" / "latest.pt").exists()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('train_a = "x"', "run.mode: missing"),
        ('mode = "eager"\ntrain_a = 5\ntrain_b = "y"', "run.train_a: expected a text"),
        ('mode = "eager"\ntrain_a = "x"', "run.train_b: missing"),
    ],
)
def test_the_damaged_setting_is_named(tmp_path: Path, line: str, named: str) -> None:
    (tmp_path / "config.toml").write_text(f'domains = ["a", "b"]\n[run]\n{line}\n')
    with pytest.raises(InputError, match=named):
        read_run(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "size = ", "domains = 3\n[run]", 'domains = ["a", "b"]\n[run]']
)
def test_damaged_settings_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(InputError, match=r"config\.toml"):
        read_run(tmp_path)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training run"):
        read_run(tmp_path)
    with pytest.raises(InputError, match="no run"):
        newest_run(tmp_path)


def test_the_newest_run_is_the_one_saved_last(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "old")):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        checkpoint = tmp_path / name / "checkpoints" / "latest.pt"
        checkpoint.touch()
        os.utime(checkpoint, (1000 - age, 1000 - age))
    (tmp_path / "unsaved" / "checkpoints").mkdir(parents=True)
    assert newest_run(tmp_path) == tmp_path / "new"


def test_only_a_runs_own_files_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "mine").touch()
    with pytest.raises(OutputError, match="--overwrite"):
        refuse_existing_run(tmp_path, overwrite=False)
    refuse_existing_run(tmp_path, overwrite=True)
    create_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_run_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="--output"):
        create_run(tmp_path / "file" / "run")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_no_named_pipe_is_waited_for(tmp_path: Path) -> None:
    for name in ("latest.pt", "net.pth", "evaluation.csv", "metrics.csv"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="not a regular file"):
        load_checkpoint(tmp_path / "latest.pt")
    with pytest.raises(InputError, match="not a file of weights"):
        load_legacy_generator(tmp_path / "net.pth")
    with pytest.raises(OutputError, match="not a regular file"):
        Curve(tmp_path, 0)
    with pytest.raises(OutputError, match="not a regular file"):
        RunLog(tmp_path, 0)
