"""Training runs that stop, by a signal or a full disk, and are resumed."""

import csv
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from mediatrans.errors import (
    InputError,
    Interrupted,
    OutputError,
    UsageError,
)
from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.data.folders import Folders
from mediatrans.training.run.loop import train
from mediatrans.training.run.progress import Progress
from tests.training.full_disk import largest_file
from tests.training.run.watching import Watcher, assert_same_model, metrics
from tests.training.tiny import TINY, write_pictures


@pytest.mark.parametrize(
    ("workers", "stop"),
    [
        (0, 4),
        (2, 7),
        *(pytest.param(*how, marks=pytest.mark.slow) for how in ((0, 1), (0, 7), (2, 1), (2, 4))),
    ],
)
def test_an_interrupted_run_ends_bit_for_bit_like_a_whole_one(
    folders: Folders, tmp_path: Path, workers: int, stop: int
) -> None:
    config = replace(TINY, workers=workers)
    whole = train(config, folders, tmp_path / "whole")
    run = tmp_path / "cut"
    with pytest.raises(Interrupted, match="--resume") as caught:
        train(config, folders, run, Watcher(stop))
    assert caught.value.exit_code == 130
    assert load_checkpoint(run).step == stop
    watcher = Watcher()
    last = train(config, folders, run, watcher, resume=True)
    assert [step.step for step in watcher.steps] == list(range(stop + 1, 9))
    assert_same_model(whole, last)
    assert [int(row["step"]) for row in metrics(run)] == list(range(1, 9))
    mine, theirs = (
        [{k: v for k, v in row.items() if not k.endswith("_s")} for row in metrics(tmp_path / name)]
        for name in ("cut", "whole")
    )
    assert mine == theirs


def test_workers_do_not_change_the_result(folders: Folders, tmp_path: Path) -> None:
    first = train(TINY, folders, tmp_path / "0")
    second = train(replace(TINY, workers=2, cache="disk"), folders, tmp_path / "2")
    assert_same_model(first, second)
    assert not (tmp_path / "2" / "cache").exists()


def test_sigterm_saves_too(folders: Folders, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as caught:
        train(TINY, folders, tmp_path / "run", watcher := Watcher(2, signal.SIGTERM))
    assert caught.value.exit_code == 143
    assert "press Ctrl-C again to quit without saving" in watcher.text
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_signal_stops_at_once(folders: Folders, tmp_path: Path) -> None:
    class Impatient(Watcher):
        def progress(self, progress: Progress) -> None:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        train(TINY, folders, tmp_path / "run", Impatient())
    assert not isinstance(caught.value, Interrupted)
    assert load_checkpoint(tmp_path / "run").step == 0


def test_rows_beyond_the_checkpoint_are_dropped(folders: Folders, tmp_path: Path) -> None:
    """As kill -9 leaves them: the records are ahead of the checkpoint, the last row is torn."""
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        train(TINY, folders, run, Watcher(4))
    with (run / "metrics.csv").open("a") as file:
        file.write(",".join(["5"] + ["0.1"] * 11) + "\n6,0.")
    train(TINY, folders, run, resume=True)
    assert [int(row["step"]) for row in metrics(run)] == list(range(1, 9))


def test_the_records_of_an_earlier_version_are_kept(folders: Folders, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        train(TINY, folders, run, Watcher(4))
    written = metrics(run)
    columns = [name for name in written[0] if name not in ("l_a", "projected_g")]
    with (run / "metrics.csv").open("w", newline="") as file:
        earlier = csv.DictWriter(file, columns, extrasaction="ignore")
        earlier.writeheader()
        earlier.writerows(written)
    train(TINY, folders, run, resume=True)
    now = metrics(run)
    assert [row["gan_g"] for row in now[:4]] == [row["gan_g"] for row in written]
    assert [row["step_s"] for row in now[:4]] == [row["step_s"] for row in written]
    assert [float(row["l_a"]) for row in now] == [0.0] * 8


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n"])
def test_records_that_are_none_begin_anew(folders: Folders, tmp_path: Path, content: str) -> None:
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        train(TINY, folders, run, Watcher(4))
    (run / "metrics.csv").write_text(content)
    train(TINY, folders, run, resume=True)
    assert [int(row["step"]) for row in metrics(run)] == list(range(5, 9))


def test_a_finished_run_resumes_to_its_end(folders: Folders, tmp_path: Path) -> None:
    train(TINY, folders, tmp_path / "run")
    (tmp_path / "run" / "metrics.csv").unlink()
    assert load_checkpoint(train(TINY, folders, tmp_path / "run", resume=True)).step == 8


def test_a_resume_with_other_settings_says_which(folders: Folders, tmp_path: Path) -> None:
    train(TINY, folders, tmp_path / "run")
    with pytest.raises(UsageError, match=r"ngf: 4 -> 8") as caught:
        train(replace(TINY, ngf=8, cache="none"), folders, tmp_path / "run", resume=True)
    assert "cache" not in str(caught.value)


def test_a_resume_with_other_pictures_says_which(folders: Folders, tmp_path: Path) -> None:
    train(TINY, folders, tmp_path / "run")
    (folders.train_a / "01.png").unlink()
    write_pictures(folders.train_b / "more", 1, 2)
    with pytest.raises(UsageError) as caught:
        train(TINY, folders, tmp_path / "run", resume=True)
    assert "- 01.png" in str(caught.value)
    assert "+ more/nested/00.png" in str(caught.value)


def test_a_resume_with_other_domains_says_which(folders: Folders, tmp_path: Path) -> None:
    train(TINY, folders, tmp_path / "run")
    renamed = replace(folders, domains=("cat", "dog"))
    with pytest.raises(UsageError, match="domains: red,blue -> cat,dog"):
        train(TINY, renamed, tmp_path / "run", resume=True)


def test_a_picture_of_the_same_size_but_other_content_is_another(
    folders: Folders, tmp_path: Path
) -> None:
    pictures = [Image.new("RGB", (24, 24), colour) for colour in ("red", "maroon")]
    changed = folders.train_a / "changed.bmp"
    pictures[0].save(changed)
    size = changed.stat().st_size
    train(TINY, folders, tmp_path / "run")
    pictures[1].save(changed)
    assert changed.stat().st_size == size
    with pytest.raises(UsageError, match=r"- changed\.bmp"):
        train(TINY, folders, tmp_path / "run", resume=True)


def test_a_resume_elsewhere_is_said(folders: Folders, tmp_path: Path) -> None:
    train(replace(TINY, steps=2), folders, tmp_path / "run")
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        train(replace(TINY, steps=2), folders, tmp_path / "run", watcher := Watcher(), resume=True)
    finally:
        torch.set_num_threads(threads)
    assert f"threads {threads} -> {threads + 1}" in watcher.text


def test_resuming_nothing(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        train(TINY, folders, tmp_path / "run", resume=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_compiled_run_resumes_bit_for_bit(folders: Folders, tmp_path: Path) -> None:
    config = replace(TINY, compile="on")
    whole = train(config, folders, tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(config, folders, tmp_path / "cut", Watcher(3))
    # What "auto" makes of it is what the run began with.
    last = train(replace(config, compile="auto"), folders, tmp_path / "cut", resume=True)
    assert load_checkpoint(last).environment["mode"] == "compiled"
    assert_same_model(whole, last)


class Failing(Watcher):
    """Fails as it is given the message that a step is shown."""

    def message(self, text: str) -> None:
        super().message(text)
        if text.startswith("samples of step 3"):
            raise ZeroDivisionError("a bug in what shows it")


def test_saving_comes_before_showing(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        train(replace(TINY, sample_every=3), folders, tmp_path / "run", Failing())
    assert load_checkpoint(tmp_path / "run").step == 3


def test_what_a_stop_between_saving_and_showing_left_out_is_made_up_for(
    folders: Folders, tmp_path: Path
) -> None:
    config, run = replace(TINY, sample_every=4), tmp_path / "run"
    train(config, folders, run)
    samples = sorted((run / "samples").iterdir())
    assert [path.name for path in samples] == ["step_0000004.png", "step_0000008.png"]
    whole = samples[1].read_bytes()
    samples[1].unlink()
    train(config, folders, run, resume=True)
    assert samples[1].read_bytes() == whole


@pytest.mark.parametrize(
    ("size", "checkpoint_every"),
    [
        (0, 1),
        (300, 100),
        (20_000, 1),
        (60_000, 100),
        *(
            pytest.param(*how, marks=pytest.mark.slow)
            for how in ((0, 100), (300, 1), (3000, 1), (3000, 100), (20_000, 100), (60_000, 1))
        ),
    ],
)
def test_a_disk_that_fills_up_is_an_output_error_and_the_run_goes_on_later(
    folders: Folders, tmp_path: Path, size: int, checkpoint_every: int
) -> None:
    run = tmp_path / "run"
    config = replace(TINY, sample_every=1, checkpoint_every=checkpoint_every)
    with pytest.raises(Interrupted):
        train(config, folders, run, Watcher(2))
    with largest_file(size), pytest.raises(OutputError, match=r"--resume|--out"):
        train(config, folders, run, resume=True)
    assert load_checkpoint(run).step >= 2
    assert load_checkpoint(train(config, folders, run, resume=True)).step == 8
    assert [int(row["step"]) for row in metrics(run)] == list(range(1, 9))


@pytest.mark.parametrize("name", ["config.toml", "metrics.csv", "tensorboard", "checkpoints"])
def test_something_else_under_the_name_of_a_record_is_an_output_error(
    folders: Folders, tmp_path: Path, name: str
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    if Path(name).suffix:
        (run / name / "sub").mkdir(parents=True)
    else:
        (run / name).write_text("a file")
    with pytest.raises(OutputError, match=str(run)):
        train(TINY, folders, run, overwrite=True)


def test_rows_that_are_no_numbers_are_dropped(folders: Folders, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(Interrupted):
        train(TINY, folders, run, Watcher(4))
    with (run / "metrics.csv").open("ab") as file:
        file.write(b",".join([b"\xff\x00"] * 12) + b"\n" + b",".join([b"-1"] * 12) + b"\n")
    train(TINY, folders, run, resume=True)
    assert [int(row["step"]) for row in metrics(run)] == list(range(1, 9))


def test_a_model_state_that_does_not_fit_is_an_input_error(
    folders: Folders, tmp_path: Path
) -> None:
    train(replace(TINY, steps=2), folders, tmp_path / "run")
    path = tmp_path / "run" / "checkpoints" / "latest.pt"
    content = torch.load(path, weights_only=True)
    del content["model"]["pool_a"]
    torch.save(content, path)
    with pytest.raises(InputError, match="'pool_a' is missing"):
        train(replace(TINY, steps=2), folders, tmp_path / "run", resume=True)
    content["model"]["G"] = content["model"]["average_G"] = {}
    torch.save(content, path)
    config = replace(TINY, start_from=str(path))
    with pytest.raises(InputError, match=r"latest\.pt"):
        train(config, folders, tmp_path / "other")
    assert not (tmp_path / "other").exists()
