"""The command `train`: flags, recipes, resuming, signals and exit codes."""

import os
import random
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mediatrans.cli.main import run
from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.model.losses import Losses
from tests.child_processes import Child
from tests.terminals import on_a_terminal
from tests.training.tiny import TINY_FLAGS, write_domains, write_pictures


@pytest.fixture
def data(here: Path) -> Iterator[Path]:
    write_domains(here)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several only wait for each other on networks this small
    yield here
    torch.set_num_threads(threads)


def train(*words: str) -> int:
    return run(["train", *words])


def test_two_folders_make_a_run_named_after_them(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("red", "blue", *TINY_FLAGS) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "step 8/8" in err
    assert "s/step" in err
    assert "data" in err
    assert "export-onnx" in err
    assert load_checkpoint(data / "runs" / "red2blue").step == 8


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
def test_80_columns_show_the_step_the_eta_and_the_cycle_loss(data: Path) -> None:
    code, shown = on_a_terminal("train", "red", "blue", *TINY_FLAGS, "--steps", "12", columns=80)
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    bars = [line for line in re.split(r"[\r\n]+", plain) if "12/12" in line and "cycle" in line]
    assert re.match(r" *12/12 ETA 0:00:00 cycle \d\.\d{3} \d\.\d{3}  \d+\.\d\d s/step ", bars[-1])
    assert len(bars[-1]) <= 80
    assert "…" not in bars[-1]
    assert re.search(r"seconds per step: about \d+ s for the remaining 2 steps", plain)


def test_a_root_needs_names(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "red").rename(data / "trainA")
    (data / "blue").rename(data / "trainB")
    assert train(".", *TINY_FLAGS) == 2
    assert "--domains" in capsys.readouterr().err
    assert train(".", "--domains", "x,y", "--out", "here", *TINY_FLAGS) == 0
    assert load_checkpoint(data / "here").domains == ("x", "y")


def test_flags_win_over_the_recipe_which_wins_over_the_defaults(data: Path) -> None:
    (data / "recipe.toml").write_text('domains = ["warm", "cold"]\nsteps = 99\nlambda_cycle = 7\n')
    assert train("red", "blue", "--recipe", "recipe.toml", *TINY_FLAGS) == 0
    config = tomllib.loads((data / "runs" / "warm2cold" / "config.toml").read_text())
    assert (config["steps"], config["lambda_cycle"], config["learning_rate"]) == (8, 7, 2e-4)


def test_a_runs_config_is_a_recipe(data: Path) -> None:
    assert train("red", "blue", *TINY_FLAGS) == 0
    assert train("red", "blue", "--recipe", "runs/red2blue/config.toml", "--out", "again") == 0
    first, second = (load_checkpoint(data / name) for name in ("runs/red2blue", "again"))
    assert all(torch.equal(v, second.model["G"][k]) for k, v in first.model["G"].items())


def test_an_unknown_key_is_named_with_its_file(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "recipe.toml").write_text("sise = 64\n")
    assert train("red", "blue", "--recipe", "recipe.toml") == 2
    assert "recipe.toml: unknown key 'sise'" in capsys.readouterr().err


def test_an_existing_run_asks_for_a_decision(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("red", "blue", *TINY_FLAGS) == 0
    assert train("red", "blue", *TINY_FLAGS) == 6
    assert "--resume" in capsys.readouterr().err
    assert train("red", "blue", *TINY_FLAGS, "--overwrite") == 0
    assert train("red", "blue", "--resume", "--overwrite") == 2


def test_resume_takes_the_runs_own_settings(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("red", "blue", *TINY_FLAGS) == 0
    assert train("--resume") == 0
    assert train("--resume", "--out", "runs/red2blue") == 0
    assert train("red", "blue", "--resume") == 0
    capsys.readouterr()
    assert train("--resume", "--ngf", "8") == 2
    assert "ngf: 4 -> 8" in capsys.readouterr().err
    assert train("--resume", "--out", "elsewhere") == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "two folders"),
        (("red",), 3, "trainA"),
        (("red", "nowhere"), 3, "nowhere"),
        (("red", "red"), 2, "same pictures"),
        (("red", "blue", "--domains", "a/b,c"), 2, "'a/b' has a character that is not"),
        (("red", "empty"), 3, "at least 2"),
        (("red", "blue", "--size", "18"), 2, "multiple of 4"),
        (("red", "blue", "--device", "cuda:63"), 5, "cuda:63"),
        (("red", "blue", "--learning-rate", "1e30"), 8, "finite"),
        (("red", "blue", "--out", "red/00.png/x"), 6, "run folder"),
    ],
)
def test_what_bad_input_gets(
    data: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    (data / "empty").mkdir()
    (data / "red" / "00.png").touch()
    assert train(*TINY_FLAGS, *words) == code
    assert said in capsys.readouterr().err


def test_help_shows_groups_and_the_papers_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    for heading in ("Length:", "Networks:", "Pictures:", "Objective:", "Optimiser:", "Running:"):
        assert heading in text
    for default in ("[default: 256]", "[default: 100]", "[default: 0.0002]", "[default: lsgan]"):
        assert default in text


def test_without_torch_the_extra_is_named(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("mediatrans.training.run.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert train("red", "blue", *TINY_FLAGS) == 2
    assert 'pip install "mediatrans[train]"' in capsys.readouterr().err


def start(folder: Path, *words: str) -> Child[str]:
    return Child(
        [sys.executable, "-m", "mediatrans", "train", *words],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.mark.parametrize(("signum", "code"), SIGNALS)
def test_a_signal_saves_and_says_how_to_go_on(
    data: Path,
    signum: int,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, steps = CycleGAN.step, count(1)

    def signalled(model: CycleGAN, a: Tensor, b: Tensor, *rest: Any) -> Losses:
        if next(steps) == 4:
            signal.raise_signal(signum)
        return step(model, a, b, *rest)

    monkeypatch.setattr(CycleGAN, "step", signalled)
    assert train("red", "blue", *TINY_FLAGS, "--checkpoint-every", "100") == code
    assert "mediatrans train --resume --output runs/red2blue" in capsys.readouterr().err
    assert load_checkpoint(data / "runs" / "red2blue").step == 4


@pytest.mark.slow
@pytest.mark.parametrize(("signum", "code"), SIGNALS)
def test_a_signal_from_elsewhere_saves_and_says_how_to_go_on(
    data: Path, signum: int, code: int
) -> None:
    flags = [*TINY_FLAGS, "--steps", "100000", "--checkpoint-every", "100000"]
    with start(data, "red", "blue", *flags) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "seconds per step" in line:
                break
        process.send_signal(signum)
        rest = process.stderr.read()
    assert process.returncode == code
    assert "mediatrans train --resume --output runs/red2blue" in rest
    assert load_checkpoint(data / "runs" / "red2blue").step >= 10


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_killed_again_and_again_ends_bit_for_bit_the_same(data: Path, workers: str) -> None:
    write_pictures(data / "red", 12, 0)
    flags = [*TINY_FLAGS, "--workers", workers, "--steps", "400", "--checkpoint-every", "7"]
    assert train("red", "blue", *flags, "--out", "whole") == 0
    chance, kills, words = random.Random(int(workers)), 0, ["red", "blue", *flags, "--out", "cut"]
    while True:
        began = (data / "cut" / "checkpoints" / "latest.pt").exists()
        process = start(data, *(["--resume", "--out", "cut"] if began else [*words, "--overwrite"]))
        assert process.stderr is not None
        for line in process.stderr:
            if "seconds per step" in line or "trained:" in line:
                break
        time.sleep(chance.uniform(0, 1.5))
        killed = process.poll() is None
        process.kill()
        process.stderr.close()
        process.wait()
        kills += killed
        if not killed and process.returncode == 0:
            break
        assert kills < 60
    assert kills >= 2
    whole, cut = (load_checkpoint(data / name) for name in ("whole", "cut"))
    assert whole.step == cut.step == 400
    for name in ("G", "F", "D_A", "D_B", "average_G", "average_F"):
        assert all(torch.equal(v, cut.model[name][k]) for k, v in whole.model[name].items())
