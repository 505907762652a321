"""What every source and every sink promises, whatever the medium."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from mediatrans.media.endpoints import Sink, Source
from mediatrans.media.frames import Frame
from mediatrans.media.read import sources
from mediatrans.media.read.folder_source import FrameFolder
from mediatrans.media.read.sources import Input
from mediatrans.media.read_options import ReadOptions
from mediatrans.media.write import sinks
from mediatrans.media.write.picture_writer import write_picture
from mediatrans.media.write.segments.segmented_sink import Notes, Resumable
from mediatrans.media.write.sinks import Output
from mediatrans.media.write_options import WriteOptions
from tests.media.clips import (
    MILLISECOND,
    create_video,
    moving_square,
    open_video,
    write_animation,
    write_clip,
)

COUNT = 6


@dataclass(frozen=True)
class Medium:
    """A medium of some frames, and where a sink for them writes."""

    open_source: Callable[[], Source]
    open_sink: Callable[[Source], Sink]
    folder: Path
    finals: list[Path]
    count: int = COUNT

    def leftovers(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if path not in self.finals]


def picture(tmp_path: Path) -> Medium:
    path = tmp_path / "in.png"
    write_picture(Frame(moving_square(0, 32, 24), 0, path.name), path)
    folder = tmp_path / "out"
    folder.mkdir()
    final = folder / "out.png"

    def open_sink(source: Source) -> Sink:
        return sinks.open_sink(Output(final, "image", source.info), WriteOptions())

    return Medium(
        lambda: sources.open_source(Input(path, "image"), ReadOptions()),
        open_sink,
        folder,
        [final],
        count=1,
    )


def spans(tmp_path: Path) -> Medium:
    """A video that is written in segments of two frames."""
    path = write_clip(tmp_path / "in.mp4", range(0, 40 * COUNT, 40))
    folder = tmp_path / "out"
    folder.mkdir()
    final = folder / "out.mp4"

    def open_sink(source: Source) -> Sink:
        resumable = Resumable({}, 2, Notes(), lambda: None)
        output = Output(final, "video", source.info, resumable=resumable)
        return sinks.open_sink(output, WriteOptions())

    def open_source() -> Source:
        return sources.open_source(Input(path, "video"), ReadOptions())

    return Medium(open_source, open_sink, folder, [final])


def medium_of(path: Path, tmp_path: Path) -> Medium:
    folder = tmp_path / "out"
    folder.mkdir()
    final = folder / f"out{path.suffix}"

    def open_sink(source: Source) -> Sink:
        return create_video(final, source.info)

    return Medium(lambda: open_video(path), open_sink, folder, [final])


def video(suffix: str) -> Callable[[Path], Medium]:
    def make(tmp_path: Path) -> Medium:
        path = tmp_path / f"in{suffix}"
        if suffix in (".webp", ".apng"):
            write_animation(path, [40] * COUNT)
            return medium_of(path, tmp_path)
        codec = {".webm": "libvpx-vp9", ".gif": "gif"}.get(suffix, "libx264")
        pixel_format = "rgb8" if suffix == ".gif" else "yuv420p"
        time_base = Fraction(1, 100) if suffix == ".gif" else MILLISECOND
        write_clip(
            path,
            [index * 4 for index in range(COUNT)],
            time_base=time_base * 10 if suffix != ".gif" else time_base,
            codec=codec,
            pixel_format=pixel_format,
        )
        return medium_of(path, tmp_path)

    return make


def frame_folder(tmp_path: Path) -> Medium:
    inputs = [tmp_path / f"in{index}.png" for index in range(COUNT)]
    for index, path in enumerate(inputs):
        write_picture(Frame(moving_square(index, 32, 24), index, path.name), path)
    folder = tmp_path / "out"
    folder.mkdir()
    final = folder / "out.mp4"

    def open_sink(source: Source) -> Sink:
        return create_video(final, source.info)

    return Medium(lambda: FrameFolder(tmp_path, inputs, Fraction(24)), open_sink, folder, [final])


def fail_midway(medium: Medium, error: BaseException) -> None:
    with medium.open_source() as source, medium.open_sink(source) as sink:
        sink.write(next(iter(source)))
        raise error


MEDIA = {"picture": picture, "frame folder": frame_folder, "segments": spans} | {
    suffix: video(suffix) for suffix in (".mp4", ".mov", ".mkv", ".webm", ".gif", ".apng", ".webp")
}


@pytest.fixture(params=MEDIA)
def medium(request: pytest.FixtureRequest, tmp_path: Path) -> Medium:
    return MEDIA[request.param](tmp_path)


def test_frames_come_in_order_as_rgb(medium: Medium) -> None:
    with medium.open_source() as source:
        assert source.info.frame_count == medium.count
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(medium.count))
    for frame in frames:
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.ndim == 3
        assert frame.pixels.flags.c_contiguous


def test_a_source_can_be_read_on_another_thread(medium: Medium) -> None:
    seen: list[int] = []
    with medium.open_source() as source:
        thread = Thread(target=lambda: seen.extend(frame.index for frame in source))
        thread.start()
        thread.join()
    assert seen == list(range(medium.count))


def test_a_source_can_be_closed_midway(medium: Medium) -> None:
    with medium.open_source() as source:
        frames = iter(source)
        first = next(frames)
    del frames
    assert first.index == 0


def test_what_is_written_can_be_read_back(medium: Medium) -> None:
    with medium.open_source() as source, medium.open_sink(source) as sink:
        for frame in source:
            sink.write(frame)
    assert all(path.is_file() for path in medium.finals)
    assert medium.leftovers() == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_nothing_half_written(medium: Medium, error: type[BaseException]) -> None:
    last = medium.finals[-1]
    with pytest.raises(error):
        fail_midway(medium, error())
    assert not last.exists()
    assert medium.leftovers() == []


def test_an_error_leaves_the_older_output_alone(medium: Medium) -> None:
    last = medium.finals[-1]
    last.write_bytes(b"older")
    with pytest.raises(RuntimeError):
        fail_midway(medium, RuntimeError())
    assert last.read_bytes() == b"older"


def test_progress_is_seen(medium: Medium) -> None:
    with medium.open_source() as source:
        before = source.decoded
        frames = list(source)
        assert source.decoded >= before
        assert source.decoded >= len(frames)


def test_a_whole_medium_is_whole(medium: Medium) -> None:
    with medium.open_source() as source:
        source.check_whole()


def test_a_source_can_begin_anew(medium: Medium) -> None:
    with medium.open_source() as source:
        first = [frame.pixels.sum() for frame in source]
        source.restart(None)
        assert [frame.pixels.sum() for frame in source] == first


def test_a_sink_says_what_is_done_and_kept(medium: Medium) -> None:
    with medium.open_source() as source, medium.open_sink(source) as sink:
        assert sink.done.frames == 0
        for frame in source:
            sink.write(frame)
    assert sink.kept is None
    assert sink.segment is None
