"""Two processes over the real command line, as torchrun starts them, on the CPU with Gloo."""

import csv
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mediatrans.errors import UsageError
from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.config import TrainConfig
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.run.loop import train
from mediatrans.training.run_folder import read_run
from mediatrans.training.team import ALONE, Team, joined
from tests.training.tiny import TINY_FLAGS, write_domains

ROOT = Path(__file__).parents[2]
PROGRAM = "tests.training.troubled_train"
FLAGS = (*TINY_FLAGS, "--steps", "5", "--batch-size", "2", "--compile", "off")
TIMEOUT_S = 600


@dataclass
class Ended:
    """How the processes of a run ended, by rank."""

    codes: list[int]
    words: list[str]


def environment(place: Path, trouble: str = "-1 none 0") -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))),
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
        "SPIED": str(place / "spied"),
        "TROUBLE": trouble,
    }


def by_torchrun(
    place: Path, *arguments: str, trouble: str = "-1 none 0"
) -> subprocess.CompletedProcess[str]:
    launcher = "-m torch.distributed.run --standalone --nproc-per-node 2 -m".split()
    return subprocess.run(
        [sys.executable, *launcher, PROGRAM, "train", *arguments],
        cwd=place,
        env=environment(place, trouble),
        stderr=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT_S,
    )


def by_hand(
    place: Path, *arguments: str, trouble: str = "-1 none 0", second: tuple[str, ...] = ()
) -> Ended:
    """What torchrun does, but each process keeps its exit code and its words."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", PROGRAM, "train", *arguments, *more],
            cwd=place,
            env=environment(place, trouble) | address | {"RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank, more in (("0", ()), ("1", second))
    ]
    try:
        words = [process.communicate(timeout=TIMEOUT_S)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return Ended([process.returncode for process in processes], words)


def spied(place: Path) -> list[dict[str, dict[str, Tensor]]]:
    return [torch.load(place / "spied" / f"{rank}.pt", weights_only=True) for rank in range(2)]


def assert_same(first: dict[str, dict[str, Tensor]], second: dict[str, dict[str, Tensor]]) -> None:
    for network in ("G", "F", "D_A", "D_B", "average_G", "average_F"):
        for key, weight in first[network].items():
            assert torch.equal(weight, second[network][key]), f"{network} {key}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pictures `red` and `blue` in it."""
    place = tmp_path_factory.mktemp("data")
    write_domains(place)
    return place


@pytest.fixture(scope="module")
def whole(data: Path) -> subprocess.CompletedProcess[str]:
    """Five steps in two processes, in the run folder `whole`."""
    return by_torchrun(data, "red", "blue", *FLAGS, "-o", "whole")


def test_all_processes_hold_the_same_weights(
    whole: subprocess.CompletedProcess[str], data: Path
) -> None:
    assert whole.returncode == 0, whole.stderr
    first, second = spied(data)
    assert_same(first, second)
    assert_same(first, load_checkpoint(data / "whole").model)
    assert load_checkpoint(data / "whole").step == 5


def test_two_processes_train_as_one_does(
    whole: subprocess.CompletedProcess[str], data: Path
) -> None:
    settings = read_run(data / "whole")
    train(settings.config, settings.folders, data / "alone")
    one, two = (CycleGAN(settings.config, torch.device("cpu")) for _ in range(2))
    one.load_state_dict(load_checkpoint(data / "alone").model)
    two.load_state_dict(load_checkpoint(data / "whole").model)
    for name, network in one.networks().items():
        for key, weight in network.state_dict().items():
            # Instance norm takes away what the biases before it add: their gradients are rounding
            # errors, which Adam makes steps of. Only the last layers' biases do anything.
            if weight.dim() > 1 or key in ("decoder.7.bias", "body.8.bias"):
                other = two.networks()[name].state_dict()[key]
                torch.testing.assert_close(weight, other, rtol=0, atol=1e-5)
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        for name, network in one.networks().items():
            judged = network(pictures), two.networks()[name](pictures)
            torch.testing.assert_close(*judged, rtol=0, atol=1e-5)
    torch.testing.assert_close(losses(data / "alone"), losses(data / "whole"), rtol=0, atol=1e-4)


def losses(run: Path) -> Tensor:
    with (run / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return torch.tensor([[float(row[key]) for key in ("gan_g", "cycle_b", "d_a")] for row in rows])


def test_one_process_writes_and_speaks(whole: subprocess.CompletedProcess[str], data: Path) -> None:
    for words in ("run folder: whole", "red: 5 pictures", "step 5/5", "samples of", "trained: "):
        assert whole.stderr.count(words) == 1, words
    assert len(losses(data / "whole")) == 5
    assert len(list((data / "whole" / "tensorboard").iterdir())) == 1
    assert load_checkpoint(data / "whole").environment["device"] == "2 x cpu"


@pytest.mark.slow
def test_a_signal_to_one_stops_both_and_the_run_goes_on_bit_for_bit(
    whole: subprocess.CompletedProcess[str], data: Path
) -> None:
    cut = by_hand(data, "red", "blue", *FLAGS, "-o", "cut", trouble="1 SIGINT 3")
    assert cut.codes == [130, 130], cut.words
    assert "Step 3 of 5 is saved" in cut.words[0]
    assert cut.words[1] == ""
    assert load_checkpoint(data / "cut").step == 3
    resumed = by_hand(data, "--resume", "--out", "cut")
    assert resumed.codes == [0, 0], resumed.words
    assert "not bit for bit" not in resumed.words[0]
    assert_same(load_checkpoint(data / "cut").model, load_checkpoint(data / "whole").model)
    assert_same(*spied(data))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "code", "said"),
    [
        ("1 nan 4", 8, " at step 4; the last good checkpoint is kept"),
        ("0 full 5", 6, "no space left"),
    ],
)
def test_what_ends_one_ends_both_with_its_code(
    data: Path, trouble: str, code: int, said: str
) -> None:
    run = f"ended-{code}"
    ended = by_hand(data, "red", "blue", *FLAGS, "-o", run, trouble=trouble)
    assert ended.codes == [code, code], ended.words
    assert said in ended.words[0]
    assert ended.words[1] == ""
    assert load_checkpoint(data / run).step == 3


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "code"), [("bug", 1), ("SIGKILL", -9)])
def test_a_lost_process_leaves_none_waiting(data: Path, kind: str, code: int) -> None:
    ended = by_hand(data, "red", "blue", *FLAGS, "-o", kind, trouble=f"1 {kind} 4")
    assert ended.codes == [5, code], ended.words
    assert "another process of this run ended" in ended.words[0]
    assert ("ZeroDivisionError" in ended.words[1]) == (kind == "bug")
    assert load_checkpoint(data / kind).step == 3


@pytest.mark.slow
def test_ctrl_c_at_the_launcher_saves(data: Path) -> None:
    ended = by_torchrun(
        data, "red", "blue", *FLAGS, "--steps", "3000", "-o", "ctrl-c", trouble="0 launcher 4"
    )
    assert ended.returncode != 0
    assert ended.stderr.count("is saved; resume with: torchrun ... -m mediatrans train") == 1
    assert 4 <= load_checkpoint(data / "ctrl-c").step < 3000


@pytest.mark.slow
def test_a_run_goes_on_in_another_number_of_processes(
    whole: subprocess.CompletedProcess[str], data: Path
) -> None:
    cut = by_hand(data, "red", "blue", *FLAGS, "-o", "fewer", trouble="0 SIGTERM 3")
    assert cut.codes == [143, 143], cut.words
    settings = read_run(data / "fewer")
    heard: list[str] = []

    class Listener:
        def message(self, text: str) -> None:
            heard.append(text)

        def progress(self, progress: object) -> None:
            """Of no interest."""

    train(settings.config, settings.folders, data / "fewer", Listener(), resume=True)
    assert "device 2 x cpu -> cpu" in "\n".join(heard)
    torch.testing.assert_close(losses(data / "fewer"), losses(data / "whole"), rtol=0, atol=1e-4)


@pytest.mark.slow
def test_processes_that_differ_are_refused(data: Path) -> None:
    ended = by_hand(data, "red", "blue", *FLAGS, "-o", "differ", second=("--seed", "1"))
    assert ended.codes == [2, 2], ended.words
    assert "differ in their settings, weights" in ended.words[0]
    assert ended.words[1] == ""
    assert not (data / "differ").exists()


@pytest.mark.slow
def test_what_all_do_wrong_is_said_once(data: Path) -> None:
    ended = by_hand(data, "red", "blue", *FLAGS, "-o", "odd", "--batch-size", "3")
    assert ended.codes == [2, 2], ended.words
    assert "--batch-size 2, or a multiple" in ended.words[0]
    assert ended.words[1] == ""


@pytest.mark.slow
def test_what_one_does_wrong_that_one_says(data: Path) -> None:
    ended = by_hand(data, "red", "blue", *FLAGS, "-o", "lone", second=("--device", "cuda:63"))
    assert ended.codes == [2, 2], ended.words
    assert "mediatrans: " not in ended.words[0]
    assert "cuda:63 is one GPU for 2 processes" in ended.words[1]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_each_reads_its_own_data(
    whole: subprocess.CompletedProcess[str], data: Path, mode: str
) -> None:
    flags = "--cache disk --workers 2 --compile".split()
    wanted = "on" if mode == "compiled" else "off"
    ended = by_hand(data, "red", "blue", *FLAGS, *flags, wanted, "-o", mode)
    assert ended.codes == [0, 0], ended.words
    assert_same(*spied(data))
    assert load_checkpoint(data / mode).environment["mode"] == mode
    torch.testing.assert_close(losses(data / mode), losses(data / "whole"), rtol=0, atol=1e-3)
    assert not (data / mode / "cache").exists()


def test_a_batch_is_shared_out_evenly() -> None:
    assert [list(Team(rank, 3).share(6)) for rank in range(3)] == [[0, 1], [2, 3], [4, 5]]
    assert list(ALONE.share(2)) == [0, 1]
    with pytest.raises(UsageError, match="multiple"):
        Team(0, 2).share(3)


def test_every_process_has_a_gpu_of_its_own_or_none() -> None:
    assert Team(1, 2, 1).device("cpu") == torch.device("cpu")
    with pytest.raises(UsageError, match="CUDA_VISIBLE_DEVICES"):
        Team(1, 2, 1).device("cuda:0")


def test_alone_without_a_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined() as team:
        assert team is ALONE
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(UsageError, match="RANK"), joined():
        pass


def test_the_defaults_are_for_one_process() -> None:
    assert list(ALONE.share(TrainConfig().batch_size)) == [0]
