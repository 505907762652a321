"""The kill loop: commands killed at random moments, which then end as if nothing had happened.

    python -m tests.kill_loop --kills 100 --seed 1

Each of five kinds of work gets a fifth of the kills: a folder, a video, an animation, a training
and an export. A run is repeated by its seed, as far as the machine is equally fast.
"""

import argparse
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from mediatrans.media.write.segments.work_folder import work_path
from mediatrans.training.checkpoint import load_checkpoint
from tests.conversion.long_videos import packets
from tests.media_files import write_clip, write_picture
from tests.pairs import darkening, identity, write_pair
from tests.training.tiny import TINY_FLAGS, write_domains

__all__ = ["WORKS", "Figures", "Work", "kill"]

log = logging.getLogger(__name__)

_FIRST = 0.2
_STEPS = 150


class Work(ABC):
    """A command that is killed. All paths are in the current folder.

    Attributes:
        made: The output of the command that is killed.
    """

    made: Path

    @abstractmethod
    def prepare(self) -> None:
        """Write the inputs."""

    @abstractmethod
    def words(self, output: Path) -> list[str]:
        """The command line that begins, or goes on with, an output."""

    @abstractmethod
    def content(self, output: Path) -> Any:
        """What two outputs have to have in common; for an unfinished one, what it holds."""

    def is_begun(self) -> bool:
        """Whether a killed run has left something to go on with."""
        return self.made.exists()

    def check_unfinished(self, whole: Any) -> None:
        """Check that a killed run has left nothing half made under a final name."""
        if self.made.exists():
            assert self.content(self.made) == whole

    def check_left(self) -> None:
        """Check that a finished run has left nothing but its output."""
        left = {path.name for path in Path().iterdir() if self.made.stem in path.name}
        assert left == {self.made.name}, left


class _Video(Work):
    """A clip of many segments."""

    made = Path("made.mp4")

    def prepare(self) -> None:
        write_clip(Path("day.mp4"), frames=2000, width=64, height=48)

    def words(self, output: Path) -> list[str]:
        # Without it, a run that was killed after its end would be refused.
        again = ["--overwrite"] if self.made.exists() else []
        return ["convert", "day.mp4", "--to", "night", "-o", str(output), *again]

    def content(self, output: Path) -> Any:
        return packets(output)

    def is_begun(self) -> bool:
        return work_path(self.made).exists()


class _Animation(_Video):
    """A GIF, which is written in a single piece, over an earlier file."""

    made = Path("made.gif")

    def prepare(self) -> None:
        frames = [Image.linear_gradient("L").rotate(3 * turn).convert("RGB") for turn in range(60)]
        frames[0].save("day.gif", save_all=True, append_images=frames[1:], duration=40)

    def words(self, output: Path) -> list[str]:
        return ["convert", "day.gif", "--to", "night", "-o", str(output), "--overwrite"]

    def is_begun(self) -> bool:
        return self.made.exists()


class _Folder(Work):
    """Pictures in subfolders, a clip and an animated WebP."""

    made = Path("made")

    def prepare(self) -> None:
        for index in range(60):
            write_picture(Path(f"in/{index % 3}/{index}.png"), 200, 150)
        write_clip(Path("in/clip.mp4"), frames=30)
        frames = [Image.new("RGB", (60, 40), (20 * index, 0, 0)) for index in range(10)]
        frames[0].save("in/moving.webp", save_all=True, append_images=frames[1:], duration=40)

    def words(self, output: Path) -> list[str]:
        return ["convert", "in", "--to", "night", "-o", str(output)]

    def content(self, output: Path) -> Any:
        return {
            path.relative_to(output): packets(path) if path.suffix == ".mp4" else path.read_bytes()
            for path in output.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }

    def check_unfinished(self, whole: Any) -> None:
        found = self.content(self.made)
        assert all(content == whole[name] for name, content in found.items())

    def check_left(self) -> None:
        assert [path for path in self.made.rglob(".*") if path.name != ".mediatrans.jsonl"] == []


class _Training(Work):
    """A run of many small steps with frequent checkpoints."""

    made = Path("made")

    def prepare(self) -> None:
        write_domains(Path())

    def words(self, output: Path) -> list[str]:
        if (output / "checkpoints" / "latest.pt").exists():
            return ["train", "--resume", "-o", str(output)]
        flags = [*TINY_FLAGS, "--steps", str(_STEPS), "--checkpoint-every", "7"]
        return ["train", "red", "blue", *flags, "-o", str(output), "--overwrite"]

    def content(self, output: Path) -> Any:
        checkpoint = load_checkpoint(output)
        networks = ("G", "F", "D_A", "D_B", "average_G", "average_F")
        weights = [tensor for name in networks for tensor in checkpoint.model[name].values()]
        return checkpoint.step, [tensor.numpy(force=True).tobytes() for tensor in weights]

    def is_begun(self) -> bool:
        return (self.made / "checkpoints" / "latest.pt").exists()

    def check_unfinished(self, whole: Any) -> None:
        if self.is_begun():
            assert 0 <= self.content(self.made)[0] <= _STEPS  # one is saved before the first step

    def check_left(self) -> None:
        names = [path.name for path in self.made.rglob("*")]
        assert [name for name in names if ".part" in name or ".old" in name] == []


class _Export(Work):
    """A model folder, written over an earlier one."""

    made = Path("made")

    def prepare(self) -> None:
        write_domains(Path())
        assert _run(["train", "red", "blue", *TINY_FLAGS, "-o", "run"]) == 0

    def words(self, output: Path) -> list[str]:
        return ["export-onnx", "run", "-o", str(output), "--overwrite"]

    def content(self, output: Path) -> Any:
        return {path.name: path.read_bytes() for path in output.iterdir()}


WORKS: dict[str, type[Work]] = {
    "folder": _Folder,
    "video": _Video,
    "animation": _Animation,
    "training": _Training,
    "export": _Export,
}
"""The kinds of work by name."""


@dataclass(slots=True)
class Figures:
    """What came of the kills.

    Attributes:
        kills: Runs that were at work when they were killed.
        completed: Runs to the end after up to three kills in a row.
        continued: How many of them went on with something.
    """

    kills: int = 0
    completed: int = 0
    continued: int = 0


def kill(name: str, kills: int, seed: int) -> Figures:
    """Kill a kind of work, again and again, in the current folder.

    Args:
        name: One of `WORKS`.
        kills: The least number of kills; there are more until a run goes on with something.
        seed: Decides the moments.

    Raises:
        AssertionError: Something was lost, left or different.
    """
    work, moments, figures = WORKS[name](), random.Random(f"{name} {seed}"), Figures()
    work.prepare()
    whole_path = work.made.with_name(f"whole{work.made.suffix}")
    begun_s = time.monotonic()
    assert _run(work.words(whole_path)) == 0
    lasts_s = time.monotonic() - begun_s
    whole = work.content(whole_path)
    while figures.kills < kills or not figures.continued:
        for _ in range(moments.randint(1, 3)):
            moment_s = moments.uniform(_FIRST, 1.0) * lasts_s
            figures.kills += _was_killed(work.words(work.made), moment_s)
            if work.made.exists():
                work.check_unfinished(whole)
        figures.continued += work.is_begun()
        assert _run(work.words(work.made)) == 0
        figures.completed += 1
        log.info("%s: %s", name, figures)
        assert work.content(work.made) == whole
        work.check_left()
        if moments.random() < 0.5:  # else the next run replaces it
            shutil.rmtree(work.made) if work.made.is_dir() else work.made.unlink()
    return figures


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "mediatrans", *words]


def _run(words: Sequence[str]) -> int:
    done = subprocess.run(_command(words), capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    if done.returncode:
        sys.stderr.write(done.stderr)
    return done.returncode


def _was_killed(words: Sequence[str], seconds: float) -> bool:
    """Start a run and kill it after so long; whether it was still at work."""
    with subprocess.Popen(
        _command(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return True
    return False


@contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    os.environ["XDG_DATA_HOME"] = str(folder)
    write_pair(folder / "models", forward=darkening(), back=identity())
    try:
        yield
    finally:
        os.chdir(before)


def main() -> None:
    """Kill every kind of work, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100, help="kills in all (100)")
    parser.add_argument("--seed", type=int, default=1, help="decides the moments (1)")
    parser.add_argument("--only", choices=sorted(WORKS), help="one kind of work")
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    for name in [wanted.only] if wanted.only else WORKS:
        with tempfile.TemporaryDirectory() as folder, _standing_in(Path(folder)):
            begun_s = time.monotonic()
            figures = kill(name, -(-wanted.kills // len(WORKS)), wanted.seed)
            sys.stdout.write(f"{name}: {figures}, {time.monotonic() - begun_s:.0f} s\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
