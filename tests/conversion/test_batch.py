"""The whole line from Python: files in, files and a report out."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mediatrans import ConvertOptions, ExitCode, Observer, convert
from mediatrans.conversion.manifest import MANIFEST_NAME
from mediatrans.errors import InputError, UsageError
from mediatrans.media.read.picture_reader import read_picture
from mediatrans.quality.report.rows import JobReport, Report
from mediatrans.translate.engines.engine import Generated
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from tests.media_files import audio_packets, levels, times, write_clip, write_picture
from tests.pairs import darkening, identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_folder_keeps_its_structure_and_every_size(pair: Path, batch_size: int) -> None:
    sizes = {"a.png": (1, 1), "b/c.png": (3, 5), "b/d.png": (65, 67), "b/e.png": (65, 67)}
    sources = {name: write_picture(Path("photos") / name, *size) for name, size in sizes.items()}
    report = convert(["photos"], to="night", options=ConvertOptions(batch_size=batch_size))
    assert report.exit_code == ExitCode.OK
    assert [row.status for row in report.jobs] == ["ok"] * 4
    for name, source in sources.items():
        np.testing.assert_array_equal(pixels(Path("photos-night") / name), 255 - source)


def test_video_keeps_frames_times_and_sound(pair: Path) -> None:
    clip = write_clip(Path("day.mp4"))
    report = convert([clip], to="night", options=ConvertOptions(check_every=5))
    (row,) = report.jobs
    assert (row.status, row.frames, row.output) == ("ok", 12, Path("day-night.mp4"))
    assert row.cycle is not None
    assert (row.cycle.checked_frames, row.cycle.psnr_db.mean) == (3, 100.0)
    made = Path("day-night.mp4")
    assert times(made) == times(clip)
    assert audio_packets(made) == audio_packets(clip)
    np.testing.assert_allclose(levels(made), [255 - level for level in levels(clip)], atol=2)


def test_preview_and_part_of_a_video(pair: Path) -> None:
    clip = write_clip(Path("day.mp4"), frames=50)
    first = convert([clip], "night", ConvertOptions(output=Path("p.mp4"), preview=3))
    assert first.jobs[0].frames == len(times(Path("p.mp4"))) == 3
    convert([clip], "night", ConvertOptions(output=Path("part.mp4"), start_s=0.4, end_s=1.2))
    part = times(Path("part.mp4"))
    assert len(part) == 20
    assert part[0] == 0


def test_bad_files_are_reported_and_passed_over(pair: Path) -> None:
    write_picture(Path("in/1.png"))
    Path("in/2.jpg").write_text("this is no picture")
    Path("in/3.png").write_bytes(b"")
    Path("in/4.mp4").write_bytes(write_clip(Path("whole.mp4")).read_bytes()[:700])
    write_picture(Path("in/5.png"))
    write_picture(Path("out/in-the-way.png/x.png"))
    write_picture(Path("in/in-the-way.png"))
    report = convert(["in"], "night", ConvertOptions(output=Path("out")))
    status = {row.input.name: row.status for row in report.jobs}
    assert [name for name, word in status.items() if word == "ok"] == ["1.png", "5.png"]
    assert report.exit_code == ExitCode.OUTPUT
    for row in report.jobs:
        assert row.status == "ok" or str(row.input.name) in str(row.error)
    assert sorted(path.name for path in Path("out").iterdir()) == [
        MANIFEST_NAME,
        "1.png",
        "5.png",
        "in-the-way.png",
    ]


def fail_on_width(monkeypatch: pytest.MonkeyPatch, width: int, error: Exception) -> None:
    run = OnnxRuntimeEngine.run

    def run_or_fail(self: OnnxRuntimeEngine, images: np.ndarray) -> Generated:
        if images.shape[2] == width:
            raise error
        return run(self, images)

    monkeypatch.setattr(OnnxRuntimeEngine, "run", run_or_fail)


def test_a_picture_that_cannot_be_translated(pair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, width in (("1", 16), ("2", 32), ("3", 16)):
        write_picture(Path(f"in/{name}.png"), width)
    fail_on_width(monkeypatch, 32, InputError("no memory for this one"))
    report = convert(["in"], "night", ConvertOptions(device="cpu"))
    assert {row.input.stem: row.status for row in report.jobs} == {
        "1": "ok",
        "2": "failed",
        "3": "ok",
    }
    assert report.exit_code == ExitCode.INPUT


def test_a_bug_is_no_bad_input(
    pair: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clip = write_clip(Path("a.mp4"), width=48)
    write_picture(Path("b.png"))
    fail_on_width(monkeypatch, 48, RuntimeError("a bug"))
    report = convert([clip, "b.png"], "night", ConvertOptions(device="cpu"))
    assert [row.status for row in report.jobs] == ["failed", "ok"]
    assert report.exit_code == ExitCode.INTERNAL
    assert "RuntimeError: a bug" in caplog.text
    assert not Path("a-night.mp4").exists()


def test_a_video_that_fails_midway_leaves_nothing(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_clip(Path("a.mp4"), frames=40)
    calls = iter(range(1000))
    run = OnnxRuntimeEngine.run

    def run_twenty(self: OnnxRuntimeEngine, images: np.ndarray) -> Generated:
        if next(calls) == 20:
            raise InputError("enough")
        return run(self, images)

    monkeypatch.setattr(OnnxRuntimeEngine, "run", run_twenty)
    report = convert([clip], "night", ConvertOptions(check_every=0, device="cpu"))
    assert report.exit_code == ExitCode.INPUT
    assert [path.name for path in Path().iterdir() if "night" in path.name] == []


def test_cycle_is_measured_and_limits_are_held(here: Path) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    write_picture(Path("a.png"), 40, 40)
    report = convert(["a.png"], "night", ConvertOptions(limits={"psnr": 60.0}))
    (row,) = report.jobs
    assert row.cycle is not None
    assert 3 < row.cycle.psnr_db.mean < 20
    assert report.exit_code == ExitCode.QUALITY
    assert Path("a-night.png").exists()
    lenient = ConvertOptions(limits={"psnr": 1.0}, overwrite=True)
    assert convert(["a.png"], "night", lenient).exit_code == ExitCode.OK


def test_check_off_and_lone_file_measure_nothing(pair: Path) -> None:
    write_picture(Path("a.png"))
    report = convert(["a.png"], "night", ConvertOptions(check_every=0))
    assert report.jobs[0].cycle is None
    lone = Path("lone.onnx")
    lone.write_bytes((pair / "to_night.onnx").read_bytes())
    options = ConvertOptions(model=str(lone), output=Path("b.png"))
    assert convert("a.png", "night", options).jobs[0].cycle is None
    held = ConvertOptions(model=str(lone), output=Path("c.png"), limits={"psnr": 1.0})
    with pytest.raises(UsageError, match="reverse generator is missing"):
        convert("a.png", "night", held)


def test_observer_hears_everything_in_the_calling_thread(pair: Path) -> None:
    write_picture(Path("in/1.png"))
    write_clip(Path("in/2.mp4"), frames=5)
    heard: list[str] = []

    class Listener(Observer):
        def planned(self, translator: object, jobs: object) -> None:
            heard.append("planned")

        def translated(self, job: object, frames: int, total: int | None) -> None:
            heard.append(f"{frames}/{total}")

        def finished(self, row: JobReport) -> None:
            heard.append(row.input.name)

    convert(["in"], "night", observer=Listener())
    assert heard[:3] == ["planned", "1/1", "1.png"]
    assert heard[-2:] == ["5/5", "2.mp4"]


def test_report_as_json(pair: Path) -> None:
    write_picture(Path("a.png"))
    report = convert(["a.png", "missing.png"], "night").to_dict()
    assert report["version"] == 2
    assert report["model"] == "day2night"
    failed, good = sorted(report["jobs"], key=lambda job: str(job["status"]))
    verdicts = {"good": 0, "doubtful": 0, "poor": 0} | {good["verdict"]["word"]: 1}
    counts = {"ok": 1, "skipped": 0, "partial": 0, "failed": 1, "left_out": 0, "exit_code": 3}
    assert report["summary"] == counts | {"verdicts": verdicts}
    assert failed["error"].startswith("missing.png: ")
    assert good["cycle"]["psnr_db"].keys() >= {"mean", "p05", "min"}
    assert (good["kind"], good["frames"], good["checked_frames"]) == ("image", 1, 1)


def test_every_kind_of_picture_comes_through(pair: Path) -> None:
    Path("in").mkdir()
    colour = write_picture(Path("in/rgb.png"), 10, 7)
    alpha = np.arange(70, dtype=np.uint8).reshape(7, 10)
    Image.fromarray(np.dstack([colour, alpha])).save("in/rgba.png")
    Image.fromarray(alpha).save("in/grey.png")
    Image.fromarray(alpha.astype(np.uint16) * 900).save("in/sixteen.png")
    Image.fromarray(colour).quantize(8).save("in/palette.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: 90 degrees clockwise is upright
    Image.fromarray(colour).save("in/turned.jpg", exif=exif, quality=100)
    report = convert(["in"], "night")
    assert [row.status for row in report.jobs] == ["ok"] * 6
    with Image.open("in-night/rgba.png") as kept:
        assert np.asarray(kept)[..., 3].tolist() == alpha.tolist()
    with Image.open("in-night/turned.jpg") as upright:
        assert upright.size == (7, 10)
        assert upright.getexif().get(0x0112, 1) == 1
    np.testing.assert_array_equal(pixels(Path("in-night/grey.png"))[..., 0], 255 - alpha)
    assert Path("in-night/sixteen.png").read_bytes()[24] == 16  # IHDR's bit depth


def test_an_interrupted_folder_reports_what_is_written(pair: Path) -> None:
    for index in range(6):
        write_picture(Path(f"in/{index}.png"))
    rows: list[JobReport] = []

    class Impatient(Observer):
        def translated(self, job: object, frames: int, total: int | None) -> None:
            if len(rows) >= 1:
                raise KeyboardInterrupt

        def finished(self, row: JobReport) -> None:
            rows.append(row)

    with pytest.raises(KeyboardInterrupt):
        convert("in", "night", observer=Impatient())
    assert {row.output for row in rows} == set(Path("in-night").glob("*.png"))
    # Also the picture in hand: the next run skips it.
    assert all(row.verdict for row in rows)
    assert all(row.verdict for row in convert("in", "night").jobs)


def test_a_bug_in_one_picture_is_that_pictures(pair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(3):
        write_picture(Path(f"in/{index}.png"))

    def read(path: Path, **options: Any) -> Any:
        if path.stem == "1":
            raise ZeroDivisionError("a bug")
        return read_picture(path, **options)

    monkeypatch.setattr("mediatrans.media.read.picture_source.read_picture", read)
    report = convert("in", "night")
    assert sorted(row.status for row in report.jobs) == ["failed", "ok", "ok"]
    assert report.exit_code == ExitCode.INTERNAL


@pytest.mark.parametrize("batch_size", [1, 4])
def test_frames_equal_to_the_one_before_are_generated_once(
    pair: Path, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [30, 30, 30, 90, 91, 91]
    with av.open("still.mkv", "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "bgr0"
        for level in shown:
            frame = av.VideoFrame.from_ndarray(np.full((24, 32, 3), level, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    given: list[int] = []
    run = OnnxRuntimeEngine.run

    def counted(session: OnnxRuntimeEngine, images: NDArray[np.uint8]) -> Generated:
        given.extend(int(image[0, 0, 0]) for image in images)
        return run(session, images)

    monkeypatch.setattr(OnnxRuntimeEngine, "run", counted)
    options = ConvertOptions(batch_size=batch_size, check_every=0, device="cpu")
    (row,) = convert("still.mkv", "night", options).jobs
    assert given == [30, 90, 91]
    assert (row.frames, row.repeated_frames) == (6, 3)
    assert row.limited_by in ("decode", "generate", "encode")
    assert row.output is not None
    assert levels(row.output) == pytest.approx([255 - level for level in shown], abs=2)


@pytest.mark.parametrize("names", [[], ["a.png"], ["a.png", "b.png", "missing.png"]])
def test_the_report_written_in_parts_is_the_whole_report(pair: Path, names: list[str]) -> None:
    for name in names[:2]:
        write_picture(Path(name))
    report = convert(names, "night") if names else Report("m", (), ExitCode.OK)
    text = "".join(report.json_parts())
    assert text == json.dumps(report.to_dict(), indent=2) + "\n"


def test_the_limit_of_one_run_is_not_that_of_another(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow has one limit for the process, which also holds what else the program reads."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 77)
    write_picture(Path("a.png"), 64, 48)
    small = convert("a.png", "night", ConvertOptions(max_pixels=1000))
    assert small.exit_code == ExitCode.INPUT
    assert Image.MAX_IMAGE_PIXELS == 77
    write_clip(Path("b.mp4"), frames=3)
    whole = convert("b.mp4", "night", ConvertOptions(output=Path("b.webp")))
    assert [row.error for row in whole.jobs] == [None]
    assert Image.MAX_IMAGE_PIXELS == 77
