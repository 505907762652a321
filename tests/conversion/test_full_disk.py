"""Disks that fill up under a conversion: the run ends, and the same command resumes it."""

import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mediatrans import ExitCode
from mediatrans.cli.main import run
from mediatrans.media.write.segments import segmented_sink
from mediatrans.media.write.segments.work_folder import work_path
from tests.conversion.long_videos import packets
from tests.conversion.test_faults import names
from tests.media.clips import noise, write_clip
from tests.media_files import write_picture


@pytest.fixture
def small_disk(pair: Path) -> Iterator[Callable[[str], None]]:
    """`disk/`, a file system of its own that is nearly full; the answer makes it larger."""
    disk = Path("disk").absolute()
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "mediatrans-test", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command to make a small file system with")
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")

    def enlarge(size: str) -> None:
        words = ["mount", "-o", f"remount,size={size}", str(disk)]
        subprocess.run(words, check=True)

    yield enlarge
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_under_a_video(
    small_disk: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small_disk("160k")
    monkeypatch.setattr(segmented_sink, "_LARGEST_SEGMENT", 50)
    monkeypatch.setattr(segmented_sink, "_SMALLEST_SEGMENT", 50)
    times = range(0, 40 * 160, 40)  # more than two segments
    write_clip(Path("day.mp4"), times, size=(32, 24), sound_s=2, draw=noise)
    words = "convert day.mp4 --to night --device cpu --stabilise 0 --check-every 0".split()
    assert run(words) == 0
    words += ["-o", "disk/day.mp4"]
    capsys.readouterr()
    assert run(words) == ExitCode.OUTPUT
    said = capsys.readouterr().err
    assert "no space left" in said
    assert "frames of day.mp4 are kept in disk/day.mp4.mediatrans" in said
    assert f"resume with: {shlex.join(['mediatrans', *words])}" in said
    assert names(Path("disk")) == {"day.mp4.mediatrans"}
    done = {path.name for path in work_path(Path("disk/day.mp4")).glob("*.packets")}
    assert done
    small_disk("20m")
    assert run(words) == 0
    assert names(Path("disk")) == {"day.mp4"}
    assert packets(Path("disk/day.mp4")) == packets(Path("day-night.mp4"))


def test_a_disk_that_fills_up_under_a_folder(
    small_disk: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    sources = {f"{i}.png": write_picture(Path(f"in/{i}.png"), 180, 160) for i in range(10)}
    words = ["convert", "in", "--to", "night", "-o", "disk"]
    assert run(words) == ExitCode.OUTPUT
    assert "no space left" in capsys.readouterr().err
    made = names(Path("disk")) - {".mediatrans.jsonl"}
    assert made < set(sources)
    small_disk("20m")
    assert run(words) == 0
    said = capsys.readouterr().out
    assert said.count("skipped") == len(made)
    assert names(Path("disk")) == {".mediatrans.jsonl", *sources}
