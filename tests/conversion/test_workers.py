"""Several workers write what one process writes, whatever becomes of them."""

import logging
import signal
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from mediatrans import ConvertOptions, Observer, Report, convert
from mediatrans.conversion.cut import cut_spans
from mediatrans.conversion.executors.messages import Item
from mediatrans.conversion.survey import Survey, survey
from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import DeviceError, ExitCode
from mediatrans.media.read.frame_times import FrameTimes, frame_times
from mediatrans.media.write.segments.work_folder import work_path
from mediatrans.translate.chain import STAGES
from mediatrans.zoo.find import find
from tests.conversion.fake_pool import Several
from tests.conversion.long_videos import SEGMENT, UNEVEN, packets
from tests.conversion.stand_ins import Trailing
from tests.media.clips import write_clip
from tests.media.ffmpeg_clips import ffmpeg, picture
from tests.media_files import write_picture
from tests.pairs import darkening, identity, write_pair

# A second, which is decoded before each span, is then a few frames.
SLOW = [10 * time for time in UNEVEN]


def rows(report: Report) -> list[Any]:
    """What a report says of each input, in its order."""
    return [
        (
            *(row.input, row.status, row.frames, row.cycle, row.error, row.repeated_frames),
            *(row.figures, row.verdict, row.notes),
        )
        for row in report.jobs
    ]


def contents(folder: str) -> dict[Path, Any]:
    """Every file of an output folder but the manifest: a picture's bytes, a video's packets."""
    return {
        path.relative_to(folder): packets(path) if path.suffix == ".mp4" else path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() and path.name != ".mediatrans.jsonl"
    }


BORDERS = [0, 12, 24, 36, 48, 50]


def trailing(output: str, stabilise: float = 0.0, **others: Any) -> Workshop:
    """A workshop whose chain looks back at two frames, or with `stabilise` at more."""
    how = ConvertOptions(
        output=Path(output), segment_frames=SEGMENT, device="cpu", stabilise=stabilise, **others
    )
    return Workshop(find("night"), how, stages=[*STAGES.values(), Trailing])


@pytest.fixture
def folder(inputs: Path) -> Path:
    """Pictures, one of them damaged, a short video and a long one of an uneven rate."""
    write_clip(inputs / "5.mp4", SLOW, sound_s=2, options={"g": "7", "bf": "2"})
    return inputs


@pytest.fixture
def clip(here: Path) -> Path:
    """The long video alone."""
    write_pair(here / "models", forward=darkening(), back=identity())
    return write_clip(Path("day.mp4"), SLOW, sound_s=2, options={"g": "7", "bf": "2"})


@pytest.mark.parametrize(
    ("size", "stabilise"),
    [(2, 1.0), (3, 0.0), *(pytest.param(n, 0.0, marks=pytest.mark.slow) for n in (1, 2))],
)
def test_workers_write_the_same(folder: Path, size: int, stabilise: float) -> None:
    reference = convert(folder, "night", workshop=trailing("a", stabilise))
    several = Several(size)
    made = convert(folder, "night", workshop=trailing("b", stabilise), executor=several)
    assert rows(made) == rows(reference)
    assert contents("b") == contents("a")
    # Spans are longer where each of them is warmed up on more frames.
    borders = BORDERS if size > 1 else (0, 12, 24, 36, 50)  # a few of equal length for each worker
    expected = [(0, 24), (24, 50)] if stabilise else [*pairwise(borders)]
    assert sorted(several.spans) == expected
    again = convert(folder, "night", workshop=trailing("b", stabilise), executor=Several(size))
    assert {row.status for row in again.jobs} == {"skipped", "failed"}


def test_whatever_worker_is_lost_the_outputs_are_the_same(folder: Path) -> None:
    """A worker is lost in each of the first items, after another number of messages each time."""
    reference = convert(folder, "night", workshop=trailing("a"))

    def losing(count: int, item: Item) -> int | None:
        return count % 5 if count % 2 == 0 and count < 24 else None

    several = Several(2, losing)
    report = convert(folder, "night", workshop=trailing("b"), executor=several)
    assert rows(report) == rows(reference)
    assert contents("b") == contents("a")
    assert len(several.pool.done) > 12


def test_a_file_that_ends_every_worker_costs_one_row(folder: Path) -> None:
    def losing(count: int, item: Item) -> int | None:
        task = item.task if isinstance(item, Survey) else item
        return 0 if task.input.name == "2.png" else None

    report = convert(folder, "night", workshop=trailing("b"), executor=Several(2, losing))
    by_name = {row.input.name: row for row in report.jobs}
    assert by_name["2.png"].exit_code == ExitCode.INPUT
    assert "signal 9" in (by_name["2.png"].error or "")
    assert sorted(name for name, row in by_name.items() if row.status == "failed") == [
        "2.png",
        "bad.png",
    ]
    assert not list(Path("b").rglob("*.part.*"))


def test_a_span_that_ends_every_worker_fails_its_video(folder: Path) -> None:
    def losing(count: int, item: Item) -> int | None:
        return 1 if isinstance(item, Task) and item.span and item.span.first == 24 else None

    report = convert(folder, "night", workshop=trailing("b"), executor=Several(2, losing))
    by_name = {row.input.name: row for row in report.jobs}
    assert by_name["5.mp4"].status == "failed"
    assert report.count("ok") == 4
    # What was done before stays, and is gone on with.
    several = Several(2)
    convert(folder, "night", workshop=trailing("b"), executor=several)
    assert (0, 12) not in several.spans
    assert (24, 36) in several.spans
    convert(folder, "night", workshop=trailing("a"))
    assert contents("b") == contents("a")


class Stopping(Observer):
    def __init__(self, at: int) -> None:
        self.at = at
        self.folder: Path | None = None
        self.frames: list[int] = []

    def translated(self, job: object, frames: int, total: int | None) -> None:
        self.frames.append(frames)
        if frames >= self.at:
            raise KeyboardInterrupt

    def kept(self, job: object, folder: Path) -> None:
        self.folder = folder


@pytest.mark.parametrize("begins", ["one", "several"])
def test_an_interrupted_video_is_gone_on_with(clip: Path, begins: str) -> None:
    convert(clip, "night", workshop=trailing("whole.mp4"))
    one, several = None, Several(2)
    first, second = (one, several) if begins == "one" else (several, one)
    stopping = Stopping(40)
    with pytest.raises(KeyboardInterrupt):
        convert(clip, "night", None, stopping, workshop=trailing("made.mp4"), executor=first)
    assert stopping.folder == work_path(Path("made.mp4"))
    resumed = Stopping(1000)
    convert(clip, "night", None, resumed, workshop=trailing("made.mp4"), executor=second)
    assert min(resumed.frames) > SEGMENT
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))
    assert sorted(path.name for path in Path().iterdir() if "made" in path.name) == ["made.mp4"]


def test_a_video_that_cannot_be_cut_is_one_span_and_the_log_says_why(
    clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recording = write_clip(Path("day.ts"), [40 * n for n in range(50)])
    caplog.set_level(logging.INFO)
    several = Several(2)
    convert(recording, "night", workshop=trailing("b.mp4"), executor=several)
    assert several.spans == [(0, None)]
    said = "day.ts: converted as one span: keyframes of mpegts are not found exactly"
    assert said in caplog.text
    convert(recording, "night", workshop=trailing("a.mp4"))
    assert packets(Path("b.mp4")) == packets(Path("a.mp4"))


def test_a_video_with_few_keyframes_has_few_spans(clip: Path) -> None:
    few = write_clip(Path("few.mp4"), SLOW, options={"g": "1000", "bf": "0"})
    several = Several(2)
    convert(few, "night", workshop=trailing("b.mp4"), executor=several)
    assert len(several.spans) <= 2
    convert(few, "night", workshop=trailing("a.mp4"))
    assert packets(Path("b.mp4")) == packets(Path("a.mp4"))


def test_spans_are_equally_long_however_few_keyframes_there_are() -> None:
    def lengths(frames: int, keyframes: list[int], workers: int = 2) -> list[int]:
        found = FrameTimes(list(range(frames)), keyframes)
        how: dict[str, Any] = {"first": 0, "workers": workers, "memory": 26}
        return [
            (span.end or 0) - span.first for span in cut_spans(found, Fraction(1, 25), 25, **how)
        ]

    assert lengths(200, [0]) == [100, 100]
    assert lengths(1000, [0]) == [500, 500]
    assert lengths(500, list(range(0, 500, 10)), workers=5) == 5 * [100]
    for keyframes in (range(0, 907, 250), [0, 300, 310, 620]):
        spans = lengths(907, list(keyframes))
        assert sum(spans) == 907
        loads = [0, 0]
        for span in spans:  # whoever is free takes the next
            loads[loads.index(min(loads))] += span
        assert max(loads) < 0.58 * 907
    assert lengths(60, [0], workers=1) == []


def test_frames_that_are_elsewhere_than_their_packets_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    convert(folder, "night", workshop=trailing("a"))

    def wrong(*arguments: Any) -> Any:
        times = frame_times(*arguments)
        times.times[30] += 1
        return times

    monkeypatch.setattr("mediatrans.conversion.survey.frame_times", wrong)
    caplog.set_level(logging.INFO)
    several = Several(2)
    convert(folder, "night", workshop=trailing("b"), executor=several)
    assert "converted as one span" in caplog.text
    assert several.spans[-1][1] is None
    assert contents("b") == contents("a")


@pytest.mark.parametrize("keep_partial", [False, True])
def test_a_damaged_video_says_the_same(folder: Path, keep_partial: bool) -> None:
    data = bytearray((folder / "5.mp4").read_bytes())
    for place in range(len(data) * 5 // 10, len(data) * 6 // 10):
        data[place] = 0
    (folder / "5.mp4").write_bytes(data)
    one = convert(folder, "night", workshop=trailing("a", keep_partial=keep_partial))
    several = convert(
        folder,
        "night",
        workshop=trailing("b", keep_partial=keep_partial),
        executor=Several(2),
    )
    assert rows(several) == rows(one)
    assert contents("b") == contents("a")


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("day.avi", {}, "avi"),
        ("day.ts", {}, "mpegts"),
        ("day.mp4", {"x264-params": "tff=1:interlaced=1"}, "interlaced"),
        ("day.mp4", {}, None),
        ("day.mkv", {}, None),
    ],
)
def test_what_can_be_told_before_decoding(
    clip: Path, name: str, options: dict[str, str], reason: str | None
) -> None:
    Path("x").mkdir()
    made = write_clip(Path("x", name), [40 * n for n in range(50)], options=options)
    task = Task(made, Path("out.mp4"), "video")
    found = survey(task, trailing("out.mp4"))
    assert found.length == SEGMENT
    if reason is None:
        assert found.times is not None
        assert len(found.times.times) == 50
    else:
        assert found.times is None
        assert reason in (found.reason or "")


def test_frames_of_vp8_that_are_never_shown_are_none(clip: Path) -> None:
    hidden = Path("day.webm")
    words = ("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "50k")
    for number in ("1", "2"):  # only the second pass hides some
        ffmpeg(*picture(4), *words, "-g", "50", "-pass", number, "-passlogfile", "log", hidden)
    with av.open(str(hidden)) as container:
        count = sum(packet.size > 0 for packet in container.demux(video=0))
    assert count > 100
    found = survey(Task(hidden, Path("out.mp4"), "video"), trailing("out.mp4"))
    assert found.times is not None
    assert found.times.times == [40 * index for index in range(100)]


def test_no_model_is_needed_to_tell_how_far_a_chain_looks_back(clip: Path) -> None:
    shop = trailing("b.mp4", stabilise=1.0)
    assert shop.memory("video") == shop.chain("video").memory > shop.memory("image") == 2


def test_a_worker_with_another_engine_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = trailing("b")
    shop.translator.identity = "another engine"
    with pytest.raises(DeviceError, match="another engine"):
        convert(folder, "night", workshop=shop, executor=Several(2))


def test_there_are_no_more_workers_than_pictures(here: Path) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    for name in "abc":
        write_picture(Path(f"in/{name}.png"))
    several = Several(8)
    report = convert(Path("in"), "night", workshop=trailing("b"), executor=several)
    assert [row.status for row in report.jobs] == ["ok"] * 3
    assert several.pool.size == 3


@pytest.mark.slow
def test_real_processes(folder: Path) -> None:
    """Options of the command line, and a worker that is killed in the middle."""
    import multiprocessing
    import os

    how: dict[str, Any] = {"segment_frames": SEGMENT, "device": "cpu", "threads": 1}
    reference = convert(folder, "night", ConvertOptions(output=Path("a"), **how))

    class Killing(Observer):
        killed = 0

        def translated(self, job: object, frames: int, total: int | None) -> None:
            if self.killed < 3:
                self.killed += 1
                workers = multiprocessing.active_children()
                os.kill(workers[0].pid or 0, signal.SIGKILL)

    killing = Killing()
    report = convert(folder, "night", ConvertOptions(output=Path("b"), workers=2, **how), killing)
    assert killing.killed == (0 if sys.platform == "win32" else 3)
    assert rows(report) == rows(reference)
    assert contents("b") == contents("a")
    assert not multiprocessing.active_children()
