"""Whatever gives way under a run: the exit code and the message say it, and nothing is lost."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from mediatrans import ConvertOptions, ExitCode, Observer, Report, convert
from mediatrans.cli.main import run
from mediatrans.conversion.workshop import Workshop
from mediatrans.media.read.video_source import VideoSource
from mediatrans.quality.report.rows import JobReport
from mediatrans.zoo.find import find
from tests.conversion.long_videos import SEGMENT, SHORT, UNEVEN, packets
from tests.fork_server import python_words
from tests.media.clips import noise, times_of, write_clip
from tests.media_files import write_picture
from tests.pairs import identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

FRAMES = len(UNEVEN)


WORK = "day-night.mp4.mediatrans"


@pytest.fixture
def long(pair: Path) -> Path:
    """A clip that is written in segments where these are short."""
    return write_clip(Path("day.mp4"), UNEVEN, sound_s=2, options={"g": "7"})


@pytest.fixture
def pictures(pair: Path) -> Path:
    for index in range(40):
        write_picture(Path(f"in/{index}.png"))
    return Path("in")


class After(Observer):
    """Does something once, when so many frames or files are done."""

    def __init__(self, count: int, act: Callable[[], object]) -> None:
        self.count = count
        self.act: Callable[[], object] | None = act
        self.kept_in: Path | None = None

    def _reach(self, count: int) -> None:
        if count >= self.count and self.act is not None:
            act, self.act = self.act, None
            act()

    def translated(self, job: Any, frames: int, total: int | None) -> None:
        if job.kind == "video":
            self._reach(frames)

    def finished(self, row: JobReport) -> None:
        if row.kind == "image":
            self.count -= 1
            self._reach(self.count + 1 if self.count <= 0 else -1)

    def kept(self, job: object, folder: Path) -> None:
        self.kept_in = folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


HANGING = """
import ctypes, sys
from mediatrans import ConvertOptions, convert
from mediatrans.conversion.workshop import Workshop
from mediatrans.media.read.sources import open_source
from mediatrans.media.read.video_source import VideoSource
from mediatrans.zoo.find import find
after = int(sys.argv[1])
def hang():
    ctypes.CDLL(None).pause()  # in native code, where nothing can be raised
class Hanging(VideoSource):
    def __enter__(self):
        if after == 0:
            hang()
        return super().__enter__()
    def __iter__(self):
        for count, frame in enumerate(super().__iter__()):
            if count == after:
                hang()
            yield frame
def opened(wanted, options):
    if wanted.path.name == "day.mp4":
        return Hanging(wanted.path)
    return open_source(wanted, options)
workshop = Workshop(find("night"), ConvertOptions(reader_limit_s=1.0), source_opener=opened)
report = convert(["day.mp4", "next.mp4"], "night", workshop=workshop)
print([row.status for row in report.jobs], report.jobs[0].error)
sys.exit(int(report.exit_code))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a call that waits for ever")
@pytest.mark.parametrize("after", [0, 5], ids=["opening", "reading"])
def test_a_decoder_that_hangs_is_left_behind(pair: Path, after: int) -> None:
    write_clip(Path("day.mp4"), UNEVEN)
    write_clip(Path("next.mp4"), UNEVEN[:5])
    done = subprocess.run(
        [*python_words(), "-c", HANGING, str(after)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == ExitCode.INPUT, done.stderr
    assert "['failed', 'ok'] day.mp4: the decoder hangs: no frame for 1 s" in done.stdout
    assert {"next-night.mp4"} == {name for name in names(Path()) if "night" in name}


def test_a_reader_that_skips_is_not_taken_for_one_that_hangs(pair: Path) -> None:
    clip = write_clip(Path("day.mp4"), UNEVEN)
    pause = Event()

    class Skipping(VideoSource):
        def __iter__(self) -> Any:
            for _ in range(6):
                pause.wait(0.1)
                self.decoded += 1
            yield from super().__iter__()

    (row,) = converted(clip, lambda *_: Skipping(clip), reader_limit_s=0.3).jobs
    assert (row.status, row.frames) == ("ok", FRAMES)


def converted(clip: Path, opener: Any, observer: Observer | None = None, **how: Any) -> Report:
    workshop = Workshop(find("night"), ConvertOptions(**how), source_opener=opener)
    return convert(clip, "night", observer=observer, workshop=workshop)


def test_a_stall_keeps_the_segments(long: Path) -> None:
    released = Event()

    class Stalling(VideoSource):
        def __iter__(self) -> Any:
            for count, frame in enumerate(super().__iter__()):
                if count == 40:
                    released.wait()
                yield frame

    observer = After(FRAMES, lambda: None)
    report = converted(
        long,
        lambda *_: Stalling(long),
        observer,
        reader_limit_s=0.5,
        segment_frames=SEGMENT,
        stabilise=0.0,
    )
    released.set()
    assert report.exit_code == ExitCode.INPUT
    assert observer.kept_in == Path(WORK)
    assert convert(long, "night", SHORT).exit_code == ExitCode.OK
    assert times_of(Path("day-night.mp4")) == times_of(long)


def damaged(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    return path


@pytest.mark.parametrize("segments", [True, False], ids=["segments", "one piece"])
def test_keep_partial_keeps_what_was_good(pair: Path, segments: bool) -> None:
    short = SEGMENT if segments else None
    clip = damaged(write_clip(Path("day.mkv"), UNEVEN, sound_s=2, options={"g": "7"}))
    report = convert(clip, "night", ConvertOptions(segment_frames=short))
    assert report.exit_code == ExitCode.INPUT
    assert [name for name in names(Path()) if "night" in name] == []
    report = convert(clip, "night", ConvertOptions(keep_partial=True, segment_frames=short))
    (row,) = report.jobs
    assert (row.status, report.exit_code) == ("partial", ExitCode.INPUT)
    assert "truncated" in str(row.error)
    assert 20 < row.frames < FRAMES
    kept = times_of(Path("day-night.mkv"))
    assert kept == times_of(clip)[: row.frames]
    assert [name for name in names(Path()) if "night" in name] == ["day-night.mkv"]


def test_frames_that_the_decoder_leaves_out_are_damage(
    pair: Path, caplog: pytest.LogCaptureFixture
) -> None:
    times = [40 * i for i in range(60)]
    clip = write_clip(Path("day.mkv"), times, draw=noise, options={"g": "7"})
    content = bytearray(clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = bytes(20_000)
    clip.write_bytes(content)
    (row,) = convert(clip, "night").jobs
    assert (row.status, row.exit_code) == ("failed", ExitCode.INPUT)
    assert "damaged" in str(row.error)
    (row,) = convert(clip, "night", ConvertOptions(keep_partial=True)).jobs
    assert (row.status, row.exit_code) == ("partial", ExitCode.INPUT)
    assert 40 < row.frames < 60
    assert "day.mkv: damaged at 1." in caplog.text


def test_keep_partial_changes_nothing_for_a_whole_file(long: Path) -> None:
    convert(long, "night", SHORT)
    how = replace(SHORT, output=Path("other.mp4"), keep_partial=True)
    assert convert(long, "night", how).jobs[0].status == "ok"
    assert packets(Path("other.mp4")) == packets(Path("day-night.mp4"))


def test_a_partial_video_is_not_up_to_date(pair: Path) -> None:
    Path("in").mkdir()
    damaged(write_clip(Path("in/day.mkv"), UNEVEN))
    words = ["convert", "in", "--to", "night", "--keep-partial"]
    assert run(words) == ExitCode.INPUT
    assert run(words) == ExitCode.INPUT
    assert names(Path("in-night")) == {".mediatrans.jsonl", "day.mkv"}


def test_a_model_that_changes_stops_the_run(pictures: Path) -> None:
    other = After(3, lambda: write_pair(Path("models"), forward=identity(), back=identity()))
    report = convert(pictures, "night", observer=other)
    assert report.exit_code == ExitCode.MODEL
    counts = {status: report.count(status) for status in ("ok", "failed")}
    assert counts["ok"] >= 3
    assert counts["failed"] >= 1
    assert sum(counts.values()) == 40
    assert all("changed after it was loaded" in str(r.error) for r in report.jobs if r.error)
    assert convert(pictures, "night").count("ok") == 40


def test_a_model_that_changes_under_the_last_file_is_told_of(
    long: Path, caplog: pytest.LogCaptureFixture
) -> None:
    observer = After(10, lambda: write_pair(Path("models"), forward=identity(), back=identity()))
    report = convert(long, "night", SHORT, observer)
    assert [row.status for row in report.jobs] == ["ok"]
    assert report.exit_code == ExitCode.MODEL
    assert "changed after it was loaded" in caplog.text


def test_a_model_that_is_only_touched_has_not_changed(long: Path) -> None:
    observer = After(10, Path("models/day2night/to_night.onnx").touch)
    assert convert(long, "night", SHORT, observer).exit_code == ExitCode.OK


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script as ffmpeg")
def test_a_checker_that_is_killed(long: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = Path("ffmpeg.sh")
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    observer = After(FRAMES, lambda: None)
    with monkeypatch.context() as patched:
        patched.setenv("MEDIATRANS_FFMPEG", str(killed.absolute()))
        report = convert(long, "night", SHORT, observer)
    assert report.exit_code == ExitCode.OUTPUT
    assert "killed by signal 9" in str(report.jobs[0].error)
    assert not Path("day-night.mp4").exists()
    assert observer.kept_in == Path(WORK)
    assert convert(long, "night", SHORT).exit_code == ExitCode.OK


def test_the_output_folder_of_pictures_is_removed(pictures: Path) -> None:
    def remove() -> None:
        shutil.rmtree("in-night", ignore_errors=True)  # the next one may be written meanwhile

    report = convert(pictures, "night", observer=After(2, remove))
    assert report.exit_code == ExitCode.OUTPUT
    assert "taken away" in next(str(row.error) for row in report.jobs if row.error)


def test_the_output_folder_of_a_video_is_removed(long: Path) -> None:
    Path("out").mkdir()
    observer = After(20, lambda: shutil.rmtree("out"))
    report = convert(long, "night", replace(SHORT, output=Path("out/day.mp4")), observer)
    assert report.exit_code == ExitCode.OUTPUT
    assert "taken away" in str(report.jobs[0].error)
    assert not Path("out").exists()


LOCKED_OUT = """
import os, sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.conversion.test_faults import After
from mediatrans import convert
from tests.conversion.long_videos import SHORT
def lock(): os.chmod(sys.argv[3], 0o555)
how = replace(SHORT, device="cpu")
report = convert(sys.argv[2], "night", how, After(int(sys.argv[4]), lock))
print(report.count("ok"), [row.error for row in report.jobs if row.error])
sys.exit(int(report.exit_code))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs permissions as POSIX has them")
@pytest.mark.parametrize(
    ("source", "locked", "after"), [("in", "in-night", 2), ("day.mp4", WORK, 20)]
)
def test_permission_that_is_lost(here: Path, source: str, locked: str, after: int) -> None:
    write_pair(Path("models"))
    for index in range(40):
        write_picture(Path(f"in/{index}.png"))
    write_clip(Path("day.mp4"), UNEVEN)
    command = [sys.executable, "-c", LOCKED_OUT, str(Path(__file__).parents[2])]
    if os.geteuid() == 0:  # whom no permission holds back
        if shutil.which("setpriv") is None:
            pytest.skip("root can only give up its rights with setpriv, which is not here")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run([*command, source, locked, str(after)], capture_output=True, text=True)
    assert done.returncode == ExitCode.OUTPUT, done.stderr
    assert "permission denied" in done.stdout
    assert not Path("day-night.mp4").exists()
    Path(locked).chmod(0o755)
    assert convert(source, "night", replace(SHORT, device="cpu")).exit_code == ExitCode.OK


def test_a_file_that_does_not_open_leaves_no_thread_behind(pair: Path) -> None:
    Path("bad.mp4").write_bytes(b"no video")
    before = set(threading.enumerate())
    assert convert("bad.mp4", "night").exit_code == ExitCode.INPUT
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
