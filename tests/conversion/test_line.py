"""One road for every file: engines, stages and executors are exchanged, tasks run anywhere."""

import json
import pickle
import shutil
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mediatrans import ConvertOptions, ExitCode, Observer, Report, convert
from mediatrans.conversion.events import Events, ResultCollector
from mediatrans.conversion.executors.executor import Executor
from mediatrans.conversion.executors.local import LocalExecutor
from mediatrans.conversion.line import run
from mediatrans.conversion.task import Result, Span, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import InputError, UsageError
from mediatrans.media.frames import Mark
from mediatrans.media.read.picture_source import PictureSource
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.write.segments.segmented_sink import Notes
from mediatrans.media.write.segments.work_folder import WorkFolder
from mediatrans.quality import metrics
from mediatrans.translate.chain import STAGES
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.translate.stages.stage import Inner
from mediatrans.zoo.find import find
from tests.conversion.long_videos import SEGMENT, UNEVEN, packets, same
from tests.media.clips import write_clip
from tests.media_files import write_picture
from tests.pairs import darkening, identity, write_pair


class Elsewhere:
    """An executor that does each task as another process would: from its pickled parts."""

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        for task in tasks:
            there, tools = pickle.loads(pickle.dumps((task, workshop)))
            result: Result = pickle.loads(pickle.dumps(run(there, tools)))
            events.ended(result)


@pytest.fixture
def inputs(here: Path) -> Path:
    """Pictures and a video, and a pair that is no perfect cycle."""
    write_pair(here / "models", forward=darkening(), back=identity())
    for name in ("1", "2", "sub/3"):
        write_picture(Path(f"in/{name}.png"))
    Path("in/bad.png").write_bytes(b"no picture")
    write_clip(Path("in/4.mp4"), UNEVEN[:9], sound_s=1)
    return Path("in")


def rows(report: Report) -> list[Any]:
    return [(row.input, row.status, row.frames, row.cycle, row.exit_code) for row in report.jobs]


@pytest.mark.parametrize("executor", [LocalExecutor(), Elsewhere()])
def test_executors_give_the_same(inputs: Path, executor: Executor) -> None:
    reference = convert(inputs, "night", ConvertOptions(output=Path("a")))
    other = convert(inputs, "night", ConvertOptions(output=Path("b")), executor=executor)
    assert rows(other) == rows(reference)
    for path in (p for p in Path("a").rglob("*") if p.suffix == ".png"):
        assert (Path("b") / path.relative_to("a")).read_bytes() == path.read_bytes()
    assert packets(Path("b/4.mp4")) == packets(Path("a/4.mp4"))
    assert {
        row.status for row in convert(inputs, "night", ConvertOptions(output=Path("b"))).jobs
    } <= {
        "skipped",
        "failed",
    }


class Greying:
    """An engine that is none of ours."""

    identity = "greying 1"
    provider = "arithmetic"

    def run(self, images: Pixels) -> Generated:
        return Generated(np.full_like(images, 77))


def test_a_fake_engine(inputs: Path) -> None:
    tools = Workshop(
        find("night"),
        ConvertOptions(output=Path("out")),
        engine_opener=lambda path, *, device, threads: Greying(),
    )
    convert(inputs, "night", workshop=tools)
    with Image.open("out/1.png") as picture:
        assert np.unique(np.asarray(picture)).tolist() == [77]


class Trailing:
    """A stage that mixes each translation with those of the two frames before."""

    memory = 2

    def __init__(self, inner: Inner) -> None:
        self._inner = inner
        self._past: list[Pixels] = []

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        mixed = []
        for made in self._inner(frames):
            self._past = [*self._past[-2:], made]
            mixed.append(np.mean(self._past, axis=0).astype(np.uint8))
        return mixed

    def restart(self) -> None:
        self._past = []


class Stopping(Observer):
    def __init__(self, at: int) -> None:
        self.at = at

    def translated(self, job: object, frames: int, total: int | None) -> None:
        if frames >= self.at:
            raise KeyboardInterrupt


def trailing(output: str, segment: int | None = SEGMENT, batch_size: int = 1) -> Workshop:
    options = ConvertOptions(output=Path(output), segment_frames=segment, batch_size=batch_size)
    return Workshop(find("night"), options, stages=[*STAGES.values(), Trailing])


@pytest.mark.parametrize("batch_size", [1, 5])
def test_a_stage_that_remembers_is_warmed_up(here: Path, batch_size: int) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    clip = write_clip(Path("day.mp4"), UNEVEN, sound_s=2, options={"g": "7", "bf": "2"})

    def made(name: str) -> Workshop:
        return trailing(name, batch_size=batch_size)

    whole = convert(clip, "night", workshop=made("whole.mp4"))
    for at in (20, 40):
        with pytest.raises(KeyboardInterrupt):
            convert(clip, "night", observer=Stopping(at), workshop=made("made.mp4"))
    assert same(convert(clip, "night", workshop=made("made.mp4")), whole)
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_spans_of_a_video_are_done_anywhere_and_joined(here: Path, suffix: str) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    clip = write_clip(Path("day.mp4"), UNEVEN, sound_s=2, options={"g": "7", "bf": "2"})
    whole = convert(clip, "night", workshop=trailing(f"whole{suffix}"))
    output = Path(f"made{suffix}")
    tools = trailing(str(output))
    with open_source(Input(clip, "video"), ReadOptions()) as source:
        info = source.info
    task = Task(clip, output, "video")
    resumable = tools.resumable(task, info, Notes())
    assert resumable is not None
    mark: Mark | None = None
    with WorkFolder(output, resumable.identity) as work:
        for first in range(0, len(UNEVEN), SEGMENT):
            end = first + SEGMENT if first + SEGMENT < len(UNEVEN) else None
            span = Task(clip, output, "video", span=Span(first, end, mark))
            there, others = pickle.loads(pickle.dumps((span, tools)))
            result: Result = pickle.loads(pickle.dumps(run(there, others)))
            assert result.failure is None, result.failure
            assert result.segment is not None
            mark = result.segment.mark
            total = len(UNEVEN) if end is None else None
            work.add(result.segment, total)
    assert same(convert(clip, "night", workshop=tools), whole)
    assert packets(output) == packets(Path(f"whole{suffix}"))


def test_a_span_without_a_mark_is_found_by_counting(here: Path) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    clip = write_clip(Path("day.mp4"), UNEVEN)
    tools = trailing("made.mp4")
    result = run(Task(clip, Path("made.mp4"), "video", span=Span(24, 36)), tools)
    assert result.segment is not None
    assert (result.segment.first, result.segment.frames) == (24, 12)


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
        engine_opener=lambda path, *, device, threads: Failing(),
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


def test_pictures_do_not_remind_a_stage_of_each_other(here: Path) -> None:
    write_pair(here / "models", forward=identity(), back=identity())
    for index, size in enumerate((16, 16, 24)):
        picture = np.full((size, size, 3), 100 * index, np.uint8)
        Path("in").mkdir(exist_ok=True)
        Image.fromarray(picture).save(f"in/{index}.png")
    for batch_size in (1, 3):
        options = ConvertOptions(output=Path(f"out{batch_size}"), batch_size=batch_size)
        tools = Workshop(find("night"), options, stages=[*STAGES.values(), Trailing])
        convert("in", "night", workshop=tools)
        for index in range(3):
            with Image.open(f"out{batch_size}/{index}.png") as made:
                assert np.unique(np.asarray(made)).tolist() == [100 * index]


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
        engine_opener=lambda path, *, device, threads: Slow(),
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


def test_a_workshop_has_its_own_domain_and_options(inputs: Path) -> None:
    tools = Workshop(find("night"), ConvertOptions())
    with pytest.raises(UsageError, match="workshop"):
        convert(inputs, "day", workshop=tools)
    with pytest.raises(UsageError, match="workshop"):
        convert(inputs, "night", ConvertOptions(), workshop=tools)


def test_a_workshop_can_be_used_again(inputs: Path) -> None:
    tools = Workshop(find("night"), ConvertOptions(output=Path("out")))
    convert(inputs, "night", workshop=tools)
    shutil.rmtree("out")
    report = convert(inputs, "night", workshop=tools)
    assert report.count("ok") == 4


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
