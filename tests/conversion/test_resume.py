"""Long videos: an interrupted run that is gone on with ends in what an uninterrupted one gives."""

import logging
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import av
import pytest
from filelock import FileLock
from PIL import Image

from mediatrans import ExitCode, Observer, convert
from mediatrans.media.write import destination
from mediatrans.media.write.segments.work_folder import work_path
from mediatrans.translate.engines.backend import Backend
from mediatrans.translate.engines.choice import ENGINES
from mediatrans.translate.engines.device_words import NumberFormat
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from tests.conversion.long_videos import SEGMENT, UNEVEN, packets, same
from tests.conversion.stopping import FRAMES, Stopping, interrupt, options
from tests.media.clips import noise, times_of, write_clip
from tests.pairs import identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


@pytest.mark.parametrize(
    ("suffix", "batch_size", "stabilise"),
    [(".mp4", 1, 0.5), (".mp4", 5, 0.5), (".mkv", 1, 0.0), (".webm", 1, 0.0)],
)
def test_interrupted_again_and_again(
    clip: Path, suffix: str, batch_size: int, stabilise: float
) -> None:
    how = options(f"made{suffix}", batch_size=batch_size, stabilise=stabilise)
    reference = convert(clip, "night", replace(how, output=Path(f"whole{suffix}")))
    assert reference.exit_code == ExitCode.OK
    for at in (3, 21, 40, FRAMES):
        interrupt(clip, how, at)
        assert not Path(f"made{suffix}").exists()
    seen = Stopping(1000)
    report = convert(clip, "night", how, seen)
    assert seen.first is None or seen.first > 2 * SEGMENT
    assert same(report, reference)
    assert packets(Path(f"made{suffix}")) == packets(Path(f"whole{suffix}"))
    assert not work_path(Path(f"made{suffix}")).exists()


def test_segments_change_no_frame_no_time_and_no_other_stream(clip: Path) -> None:
    convert(clip, "night", options("segments.mp4"))
    convert(clip, "night", options("one.mp4", segment_frames=1000))
    assert times_of(Path("segments.mp4")) == times_of(Path("one.mp4")) == times_of(clip)
    with av.open("segments.mp4") as container:
        keys = [p.pts for p in container.demux(video=0) if p.is_keyframe]
    assert len(keys) == -(-FRAMES // SEGMENT)
    sound = [[p for p in packets(Path(name)) if p[0] == 1] for name in ("segments.mp4", "one.mp4")]
    assert sound[0] == sound[1]
    decoding = [p[2] for p in packets(Path("segments.mp4")) if p[0] == 0]
    whole = FRAMES // SEGMENT * SEGMENT  # an encoder of two frames does not reorder them
    assert decoding[:whole] == [p[2] for p in packets(Path("one.mp4")) if p[0] == 0][:whole]
    assert decoding == sorted(set(decoding))


@pytest.mark.parametrize("how", [{"start_s": 0.5}, {"end_s": 1.5}, {"preview": 30}])
def test_a_part_of_a_video(clip: Path, how: dict[str, float]) -> None:
    reference = convert(clip, "night", options("whole.mp4", **how))
    interrupt(clip, options("made.mp4", **how), 2 * SEGMENT + 2)
    assert same(convert(clip, "night", options("made.mp4", **how)), reference)
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch_size": 4}, "batch_size (was 1, is 4)"),
        ({"end_s": 1.7}, "end_s (was None, is 1.7)"),
        ({"crf": 30.0}, "crf (was None, is 30.0)"),
        ({"work_size": 8}, "work_size (was 360, is 8)"),
        ({"device": "cpu"}, "device (was auto, is cpu)"),
        ({"precision": "float32"}, "precision (was auto, is float32)"),
    ],
)
def test_changed_options_start_over(
    clip: Path, change: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    reference = convert(clip, "night", options("whole.mp4", **change))
    interrupt(clip, options("made.mp4"), 40)
    seen = Stopping(1000)
    report = convert(clip, "night", options("made.mp4", **change), seen)
    assert seen.first == change.get("batch_size", 1)
    assert said in caplog.text
    assert same(report, reference)
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))


class Elsewhere(OnnxRuntimeEngine):
    """The same pixels from a runtime of another name."""

    @property
    def identity(self) -> str:
        return "elsewhere 1"


def test_another_engine_starts_over(
    clip: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    interrupt(clip, options("made.mp4"), 40)
    known: tuple[NumberFormat, ...] = ("float32",)
    other = Backend(
        lambda path, *, device, threads, precision: Elsewhere(path, threads=threads),
        known, lambda device: known, lambda: ["openvino"],
    )  # fmt: skip
    monkeypatch.setitem(ENGINES, "openvino", other)
    reference = convert(clip, "night", options("whole.mp4"))
    seen = Stopping(1000)
    assert same(convert(clip, "night", options("made.mp4"), seen), reference)
    assert seen.first == 1
    assert "engine (was ONNX Runtime" in caplog.text
    assert "is elsewhere 1)" in caplog.text


def test_a_changed_model_and_a_changed_input_start_over(
    clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupt(clip, options("made.mp4"), 40)
    write_pair(Path("models"), forward=identity(), back=identity())
    assert interrupt(clip, options("made.mp4"), 40).first == 1
    assert "model (was" in caplog.text
    write_clip(clip, UNEVEN[:48])
    seen = Stopping(1000)
    assert convert(clip, "night", options("made.mp4"), seen).jobs[0].frames == 48
    assert seen.first == 1
    assert "input_size (was" in caplog.text


def test_a_damaged_segment_is_made_again(clip: Path, caplog: pytest.LogCaptureFixture) -> None:
    reference = convert(clip, "night", options("whole.mp4"))
    folder = interrupt(clip, options("made.mp4"), 45).kept_in
    assert folder is not None
    second = sorted(folder.glob("*.packets"))[1]
    content = bytearray(second.read_bytes())
    content[len(content) // 2] ^= 1
    second.write_bytes(content)
    seen = Stopping(1000)
    assert same(convert(clip, "night", options("made.mp4"), seen), reference)
    assert seen.first == SEGMENT + 1
    assert "damaged" in caplog.text
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))


def test_a_second_process_is_refused(clip: Path) -> None:
    folder = interrupt(clip, options("made.mp4"), 40).kept_in
    assert folder is not None
    with FileLock(folder / "lock"):
        report = convert(clip, "night", options("made.mp4"))
    assert report.exit_code == ExitCode.OUTPUT
    assert "another process" in str(report.jobs[0].error)
    assert convert(clip, "night", options("made.mp4")).exit_code == ExitCode.OK


def test_what_was_there_before_stays_until_the_end(clip: Path) -> None:
    Path("made.mp4").write_bytes(b"older")
    interrupt(clip, options("made.mp4", overwrite=True), 40)
    assert Path("made.mp4").read_bytes() == b"older"
    assert convert(clip, "night", options("made.mp4")).exit_code == ExitCode.OUTPUT
    assert convert(clip, "night", options("made.mp4", overwrite=True)).exit_code == ExitCode.OK
    assert times_of(Path("made.mp4")) == times_of(clip)


@pytest.mark.parametrize("killed", ["before", "after"])
def test_killed_around_the_last_rename(
    clip: Path, killed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = convert(clip, "night", options("whole.mp4"))
    replace = Path.replace

    def replace_and_die(self: Path, target: Path) -> Path:
        if killed == "after":
            replace(self, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace_and_die)
        with pytest.raises(KeyboardInterrupt):
            convert(clip, "night", options("made.mp4"))
    assert Path("made.mp4").exists() == (killed == "after")
    assert work_path(Path("made.mp4")).exists()
    assert same(convert(clip, "night", options("made.mp4")), reference)
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))
    assert not work_path(Path("made.mp4")).exists()


def test_a_partial_video_killed_after_the_last_rename_stays_partial(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    clip = write_clip(clip, [40 * i for i in range(60)], draw=noise, options={"g": "7"})
    content = bytearray(clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = bytes(20_000)
    clip.write_bytes(content)
    replace = Path.replace

    def replace_and_die(self: Path, target: Path) -> Path:
        replace(self, target)
        raise KeyboardInterrupt

    how = options("made.mp4", keep_partial=True)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace_and_die)
        with pytest.raises(KeyboardInterrupt):
            convert(clip, "night", how)
    (again,) = convert(clip, "night", how).jobs
    assert again.status == "partial"
    assert "damaged after frame" in str(again.error)
    assert not work_path(Path("made.mp4")).exists()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_animations_have_no_segments(clip: Path, suffix: str) -> None:
    assert interrupt(clip, options(f"made{suffix}"), 40).kept_in is None
    assert [path for path in Path().iterdir() if "made" in path.name] == []


def test_a_short_video_has_no_segments(clip: Path) -> None:
    assert interrupt(clip, options("made.mp4", preview=2 * SEGMENT), 20).kept_in is None
    assert not work_path(Path("made.mp4")).exists()


def test_nothing_is_kept_before_the_first_whole_segment(clip: Path) -> None:
    assert interrupt(clip, options("made.mp4"), 3).kept_in is None
    assert [path for path in Path().iterdir() if "made" in path.name] == []


def test_a_video_in_a_folder_goes_on_as_well(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("in").mkdir()
    clip.rename("in/day.mp4")
    convert(Path("in/day.mp4"), "night", options("whole.mp4", device="cpu", stabilise=0.0))
    how = options("out", device="cpu", stabilise=0.0)
    interrupt(Path("in"), how, 40)
    calls: list[int] = []
    run = OnnxRuntimeEngine.run

    def counted(self: OnnxRuntimeEngine, images: Any) -> Any:
        calls.append(len(images))
        return run(self, images)

    monkeypatch.setattr(OnnxRuntimeEngine, "run", counted)
    assert [row.status for row in convert("in", "night", how).jobs] == ["ok"]
    assert 0 < sum(calls) < FRAMES
    assert packets(Path("out/day.mp4")) == packets(Path("whole.mp4"))
    assert [row.status for row in convert("in", "night", how).jobs] == ["skipped"]


def test_an_unreadable_end_leaves_no_folder(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    content = clip.read_bytes()
    clip.write_bytes(content[: len(content) // 2])
    report = convert(clip, "night", options("made.mp4"))
    assert report.exit_code == ExitCode.INPUT
    assert not work_path(Path("made.mp4")).exists()


def test_a_folder_of_frames_goes_on_unless_a_frame_was_changed(clip: Path) -> None:
    Path("frames").mkdir()
    for index in range(FRAMES):
        level = 40 + index * 7 % 160
        Image.new("RGB", (32, 24), (level, 90, 200 - level)).save(f"frames/{index}.png")
    how = options("made.mp4", fps=Fraction(25))
    whole = options("whole.mp4", fps=Fraction(25))
    convert("frames", "night", whole)
    interrupt(Path("frames"), how, FRAMES - 1)
    seen = Stopping(1000)
    assert convert("frames", "night", how, seen).exit_code == ExitCode.OK
    assert seen.first is None or seen.first > SEGMENT
    assert packets(Path("made.mp4")) == packets(Path("whole.mp4"))
    again = options("again.mp4", fps=Fraction(25))
    interrupt(Path("frames"), again, FRAMES - 1)
    Image.new("RGB", (32, 24), "red").save("frames/0.png")
    seen = Stopping(1000)
    assert convert("frames", "night", again, seen).exit_code == ExitCode.OK
    assert seen.first == 1


def test_what_appears_while_a_video_is_made_is_kept(clip: Path) -> None:
    class Writing(Observer):
        def translated(self, job: object, frames: int, total: int | None) -> None:
            if frames == 20:
                Path("made.mp4").write_text("mine")

    report = convert(clip, "night", options("made.mp4"), Writing())
    assert report.exit_code == ExitCode.OUTPUT
    assert Path("made.mp4").read_text() == "mine"
    Path("made.mp4").unlink()
    assert convert(clip, "night", options("made.mp4")).exit_code == ExitCode.OK


def test_frames_go_on_beside_an_output_in_their_own_folder(clip: Path) -> None:
    Path("frames").mkdir()
    for index in range(FRAMES):
        Image.new("RGB", (32, 24), (40 + index * 7 % 160, 90, 60)).save(f"frames/{index}.png")
    how = options("frames/made.mp4", fps=Fraction(25))
    interrupt(Path("frames"), how, FRAMES - 1)
    seen = Stopping(1000)
    assert convert("frames", "night", how, seen).exit_code == ExitCode.OK
    assert seen.first is None or seen.first > SEGMENT


def test_a_cut_video_that_is_kept_can_be_joined_again(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    whole = write_clip(Path("day.mkv"), [40 * i for i in range(60)], options={"g": "7"})
    whole.write_bytes(whole.read_bytes()[:-2000])
    how = options("made.mkv", keep_partial=True)
    reference = convert(whole, "night", options("whole.mkv", keep_partial=True))
    assert reference.jobs[0].status == "partial"
    with monkeypatch.context() as patched:
        patched.setattr(destination, "verify_video", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            convert(whole, "night", how)
    again = convert(whole, "night", how)
    assert (again.jobs[0].status, again.jobs[0].frames) == ("partial", reference.jobs[0].frames)
    assert times_of(Path("made.mkv")) == times_of(Path("whole.mkv"))
