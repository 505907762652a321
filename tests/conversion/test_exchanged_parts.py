"""Engines, stages and executors are exchanged, and spans of a video are done anywhere."""

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mediatrans import ConvertOptions, Observer, Report, convert
from mediatrans.conversion.executors.executor import Executor
from mediatrans.conversion.executors.local import LocalExecutor
from mediatrans.conversion.line import run
from mediatrans.conversion.task import Result, Span, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import UsageError
from mediatrans.media.frames import Mark
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.write.segments.segmented_sink import Notes
from mediatrans.media.write.segments.work_folder import WorkFolder
from mediatrans.translate.chain import STAGES
from mediatrans.zoo.find import find
from tests.conversion.long_videos import SEGMENT, UNEVEN, packets, same
from tests.conversion.stand_ins import Elsewhere, Greying, Trailing
from tests.media.clips import write_clip
from tests.pairs import darkening, identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


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


def test_a_fake_engine(inputs: Path) -> None:
    tools = Workshop(
        find("night"),
        ConvertOptions(output=Path("out")),
        engine_opener=lambda path, *, device, threads, precision: Greying(),
    )
    convert(inputs, "night", workshop=tools)
    with Image.open("out/1.png") as picture:
        assert np.unique(np.asarray(picture)).tolist() == [77]


class Stopping(Observer):
    def __init__(self, at: int) -> None:
        self.at = at

    def translated(self, job: object, frames: int, total: int | None) -> None:
        if frames >= self.at:
            raise KeyboardInterrupt


def trailing(output: str, segment: int | None = SEGMENT, batch_size: int = 1) -> Workshop:
    options = ConvertOptions(
        output=Path(output), segment_frames=segment, batch_size=batch_size, stabilise=0.0
    )
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
