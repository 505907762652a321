"""The line of tasks: what fails, hangs or is interrupted costs one file and nothing else."""

import gc
import json
import threading
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mediatrans import ConvertOptions, ExitCode, Observer, convert
from mediatrans.conversion.events import ResultCollector
from mediatrans.conversion.executors.local import LocalExecutor
from mediatrans.conversion.passage import Passage
from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import InputError
from mediatrans.media.read.picture_source import PictureSource
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.quality import metrics
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.zoo.find import find
from tests.conversion.long_videos import SEGMENT, UNEVEN
from tests.conversion.stand_ins import Greying
from tests.conversion.stopping import Stopping
from tests.media.clips import write_clip
from tests.media_files import write_picture
from tests.pairs import write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MemoryError(), ExitCode.INPUT, "not enough memory"),
        (InputError("too large"), ExitCode.INPUT, "too large"),
        (ZeroDivisionError("a bug"), ExitCode.INTERNAL, "a bug"),
    ],
)
def test_what_fails_on_a_picture_fails_it_alone(
    here: Path, batch_size: int, error: Exception, code: ExitCode, said: str
) -> None:
    write_pair(here / "models")
    for index in range(5):
        picture = np.full((16, 16, 3), 10 * index, np.uint8)
        Path("in").mkdir(exist_ok=True)
        Image.fromarray(picture).save(f"in/{index}.png")

    class Failing(Greying):
        def run(self, images: Pixels) -> Generated:
            if (images[..., 0] == 20).any():
                raise error
            return super().run(images)

    tools = Workshop(
        find("night"),
        ConvertOptions(batch_size=batch_size),
        engine_opener=lambda path, *, device, threads, precision: Failing(),
    )
    report = convert("in", "night", workshop=tools)
    assert {row.input.stem: row.status for row in report.jobs} == {
        "0": "ok", "1": "ok", "2": "failed", "3": "ok", "4": "ok",
    }  # fmt: skip
    (failed,) = (row for row in report.jobs if row.error)
    assert said in str(failed.error)
    assert "2.png" in str(failed.error)
    assert report.exit_code == code


@pytest.mark.parametrize("figure", ["ssim", "psnr", "l1"])
@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), MemoryError()])
def test_a_check_that_fails_keeps_the_translation(
    inputs: Path, figure: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*pictures: Pixels) -> float:
        raise error

    monkeypatch.setattr(metrics, figure, fail)
    report = convert(["in/1.png", "in/4.mp4"], "night")
    assert [row.status for row in report.jobs] == ["ok", "ok"]
    assert all(row.cycle is None for row in report.jobs)
    assert all("the round trip was not measured" in row.notes[-1] for row in report.jobs)
    assert Path("in/1-night.png").exists()
    assert Path("in/4-night.mp4").exists()
    is_bug = isinstance(error, ZeroDivisionError)
    assert report.exit_code == (ExitCode.INTERNAL if is_bug else ExitCode.OK)


def test_a_limit_does_not_hold_for_what_could_not_be_measured(
    inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*pictures: Pixels) -> float:
        raise MemoryError

    monkeypatch.setattr(metrics, "ssim", fail)
    report = convert("in/1.png", "night", ConvertOptions(limits={"psnr": 1.0}))
    assert report.exit_code == ExitCode.QUALITY


def test_a_picture_whose_reader_hangs_is_left_behind(inputs: Path) -> None:
    released = Event()

    class Hanging(PictureSource):
        def __iter__(self) -> Any:
            released.wait()
            yield from super().__iter__()

    def opened(wanted: Input, options: ReadOptions) -> Any:
        return Hanging(wanted.path) if wanted.path.stem == "2" else open_source(wanted, options)

    tools = Workshop(find("night"), ConvertOptions(reader_limit_s=0.3), source_opener=opened)
    report = convert(inputs, "night", workshop=tools)
    released.set()
    statuses = {row.input.name: row.status for row in report.jobs}
    assert statuses == {
        "1.png": "ok", "2.png": "failed", "3.png": "ok", "bad.png": "failed", "4.mp4": "ok",
    }  # fmt: skip
    (hung,) = (row for row in report.jobs if row.input.name == "2.png")
    assert "the decoder hangs: no frame for 0.3 s" in str(hung.error)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_rows_come_in_the_order_of_the_plan(inputs: Path, at: int) -> None:
    convert(inputs, "night", ConvertOptions(output=Path("out")))
    Path(f"out/{['1.png', '2.png', 'sub/3.png'][at - 1]}").unlink()
    report = convert(inputs, "night", ConvertOptions(output=Path("out")))
    names = [row.input.name for row in report.jobs]
    assert names == ["1.png", "2.png", "4.mp4", "bad.png", "3.png"]


def test_rows_of_what_needs_no_work_come_at_once(inputs: Path) -> None:
    convert(inputs, "night", ConvertOptions(output=Path("out")))
    Path("out/4.mp4").unlink()
    rows: list[str] = []

    class Stopping(Observer):
        def translated(self, job: object, frames: int, total: int | None) -> None:
            raise KeyboardInterrupt

        def finished(self, row: Any) -> None:
            rows.append(row.input.name)

    with pytest.raises(KeyboardInterrupt):
        convert(inputs, "night", ConvertOptions(output=Path("out")), Stopping())
    assert rows == ["1.png", "2.png"]


def test_the_folder_to_go_on_from_is_named_when_opening_fails(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pair(here / "models")
    clip = write_clip(Path("day.mp4"), UNEVEN)
    options = ConvertOptions(segment_frames=SEGMENT)
    with pytest.raises(KeyboardInterrupt):
        convert(clip, "night", options, Stopping(40))
    kept: list[Path] = []

    class Listening(Observer):
        def kept(self, job: object, folder: Path) -> None:
            kept.append(folder)

    monkeypatch.setenv("MEDIATRANS_FFMPEG", str(here / "no-such-program"))
    report = convert(clip, "night", options, Listening())
    assert report.exit_code == ExitCode.USAGE
    assert kept == [Path("day-night.mp4.mediatrans")]


def test_a_failed_check_leaves_no_figures_behind(
    inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssim, calls = metrics.ssim, iter(range(100))

    def fail_later(*pictures: Pixels) -> float:
        if next(calls) == 2:
            raise MemoryError
        return ssim(*pictures)

    limits = {"psnr": 1.0}
    options = ConvertOptions(output=Path("out"), check_every=3, limits=limits)
    Path("one").mkdir()
    Path("in/4.mp4").rename("one/4.mp4")
    with monkeypatch.context() as patched:
        patched.setattr(metrics, "ssim", fail_later)
        assert convert("one", "night", options).exit_code == ExitCode.QUALITY
    (row,) = convert("one", "night", options).jobs
    assert (row.status, row.cycle is not None) == ("ok", True)


@pytest.mark.parametrize("count", [2, 3])
def test_what_limits_is_judged_for_each_video(here: Path, count: int) -> None:
    write_pair(here / "models")
    clips = [write_clip(Path(f"{n}.mp4"), UNEVEN[:20]) for n in range(count)]

    class Slow(Greying):
        def run(self, images: Pixels) -> Generated:
            Event().wait(0.02)
            return super().run(images)

    tools = Workshop(
        find("night"),
        ConvertOptions(check_every=0),
        engine_opener=lambda path, *, device, threads, precision: Slow(),
    )
    report = convert(clips, "night", workshop=tools)
    assert [row.limited_by for row in report.jobs] == ["generate"] * count


def test_a_slow_list_of_tasks_is_no_hanging_decoder(inputs: Path) -> None:
    tools = Workshop(find("night"), ConvertOptions(reader_limit_s=0.2))

    def slowly() -> Any:
        for name in ("1", "2"):
            Event().wait(0.6)
            yield Task(Path(f"in/{name}.png"), Path(f"{name}-night.png"), "image")

    collected = ResultCollector()
    LocalExecutor().run(slowly(), tools, collected)
    assert [result.failure for result in collected.results] == [None, None]


def test_a_manifest_of_an_earlier_version_is_read(inputs: Path) -> None:
    convert(inputs, "night", ConvertOptions(output=Path("out")))
    manifest = Path("out/.mediatrans.jsonl")
    records = [json.loads(line) for line in manifest.read_text().splitlines() if line]
    for record in records:
        for figure in ("psnr_db", "ssim", "l1"):
            del record["cycle"][figure]["p50"]
    manifest.write_text("".join(json.dumps(record) + "\n" for record in records))
    report = convert(inputs, "night", ConvertOptions(output=Path("out")))
    assert report.count("skipped") == 4


def test_a_reader_that_wakes_up_disturbs_no_later_one(inputs: Path) -> None:
    released = Event()
    pause = Event()

    class Late(PictureSource):
        def __iter__(self) -> Any:
            pause.wait(1.0)
            raise OSError("the disk came back, and failed")

    class Never(PictureSource):
        def __iter__(self) -> Any:
            pause.wait(0.2)  # the late one fails meanwhile
            self.decoded += 1
            pause.wait(0.2)
            self.decoded += 1
            pause.wait(0.2)
            self.decoded += 1
            released.wait()
            yield from super().__iter__()

    def opened(wanted: Input, options: ReadOptions) -> Any:
        kinds: dict[str, Any] = {"1": Late, "2": Never}
        kind = kinds.get(wanted.path.stem)
        return kind(wanted.path) if kind else open_source(wanted, options)

    tools = Workshop(find("night"), ConvertOptions(reader_limit_s=0.6), source_opener=opened)
    report = convert(inputs, "night", workshop=tools)
    released.set()
    hung = [row.input.name for row in report.jobs if "decoder hangs" in str(row.error)]
    assert hung == ["1.png", "2.png"]
    assert report.count("ok") == 2


@pytest.mark.parametrize("at", [2, 5])
def test_a_second_interrupt_leaves_no_thread_behind(
    inputs: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(12):
        write_picture(Path(f"many/{index}.png"))
    rows: list[str] = []

    class Impatient(Observer):
        def translated(self, job: object, frames: int, total: int | None) -> None:
            if len(rows) >= at:
                raise KeyboardInterrupt

        def finished(self, row: Any) -> None:
            rows.append(row.output.name)

    class Interrupted(closing[Any]):
        def __exit__(self, *error: object) -> None:
            if error[0] is KeyboardInterrupt:
                raise KeyboardInterrupt
            super().__exit__(*error)

    monkeypatch.setattr("mediatrans.conversion.line.closing", Interrupted)
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        convert("many", "night", observer=Impatient())
    assert set(threading.enumerate()) - before == set()
    assert set(rows) == {path.name for path in Path("many-night").glob("*.png")}


def test_what_is_done_is_freed_without_the_garbage_collector(inputs: Path) -> None:
    for index in range(30):
        write_picture(Path(f"many/{index}.png"))
    alive: list[int] = []

    def count() -> int:
        return sum(type(thing) is Passage for thing in gc.get_objects())

    class Counting(Observer):
        def finished(self, row: object) -> None:
            alive.append(count())

    gc.collect()
    gc.disable()
    gc.freeze()  # what is there before is not counted: other tests leave hanging threads
    try:
        convert("many", "night", observer=Counting())
        convert(inputs, "night", observer=Counting())
    finally:
        gc.unfreeze()
        gc.enable()
    assert len(alive) == 35
    assert max(alive) <= 12  # two queues of 4, and those in between
