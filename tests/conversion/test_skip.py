"""Folder runs do again what is out of date, leave what is up to date, and touch nothing else."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mediatrans import ConvertOptions, ExitCode, Observer, Report, convert
from mediatrans.cli.main import run
from mediatrans.conversion.manifest import MANIFEST_NAME
from tests.media_files import times, write_clip, write_picture
from tests.pairs import darkening, identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


def statuses(report: Report) -> dict[str, str]:
    return {row.input.name: row.status for row in report.jobs}


@pytest.fixture
def folder(pair: Path) -> Path:
    """`in/`, three pictures and a clip, converted to `in-night/`."""
    for name in ("1", "2", "sub/3"):
        write_picture(Path(f"in/{name}.png"))
    write_clip(Path("in/4.mp4"), frames=5)
    assert convert("in", "night").exit_code == ExitCode.OK
    return Path("in-night")


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_second_run_skips_everything(folder: Path) -> None:
    before = contents(folder)
    first = convert("in", "night", ConvertOptions(output=Path("other")))
    report = convert("in", "night", ConvertOptions(batch_size=2, threads=1, overwrite=True))
    assert report.exit_code == ExitCode.OK
    assert set(statuses(report).values()) == {"skipped"}
    assert contents(folder) == before
    cycles = {row.input: (row.frames, row.cycle) for row in report.jobs}
    assert cycles == {row.input: (row.frames, row.cycle) for row in first.jobs}


@pytest.mark.parametrize(("name", "value"), [("device", "cpu"), ("precision", "float32")])
def test_another_device_or_precision_is_another_output(folder: Path, name: str, value: str) -> None:
    other = ConvertOptions(**{name: value})  # type: ignore[arg-type]
    assert set(statuses(convert("in", "night", other)).values()) == {"ok"}
    assert set(statuses(convert("in", "night", other)).values()) == {"skipped"}


def test_what_changed_or_is_missing_is_done_again(folder: Path) -> None:
    Path("in/1.png").touch()
    source = write_picture(Path("in/2.png"), 20, 20)
    (folder / "sub/3.png").unlink()
    report = convert("in", "night")
    assert statuses(report) == {"1.png": "ok", "2.png": "ok", "3.png": "ok", "4.mp4": "skipped"}
    with Image.open(folder / "2.png") as made:
        np.testing.assert_array_equal(np.asarray(made), 255 - source)
    assert set(statuses(convert("in", "night")).values()) == {"skipped"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs the time of a file's last change")
@pytest.mark.parametrize("replaces", [False, True])
def test_other_content_of_equal_size_and_time_is_done_again(folder: Path, replaces: bool) -> None:
    path = Path("in/1.png")
    before = path.stat()
    other = path.read_bytes()
    with Image.open(path) as source:
        pixels = 255 - np.asarray(source)
    if replaces:
        path.unlink()
    Image.fromarray(pixels).save(path)
    content = path.read_bytes()
    least = min(len(content), len(other))
    # PNG readers ignore what follows the end.
    path.write_bytes(content.ljust(before.st_size, b"\0") if least == len(content) else other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert statuses(convert("in", "night"))["1.png"] == "ok"
    assert set(statuses(convert("in", "night")).values()) == {"skipped"}


def test_an_input_of_equal_size_and_time_from_elsewhere_is_another(folder: Path) -> None:
    source = write_picture(Path("else/in/1.png"))
    stamp = Path("in/1.png").stat()
    data = Path("else/in/1.png").read_bytes().ljust(stamp.st_size, b"\0")[: stamp.st_size]
    Path("else/in/1.png").write_bytes(data)
    os.utime("else/in/1.png", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    report = convert("else/in", "night", ConvertOptions(output=folder))
    assert statuses(report) == {"1.png": "ok"}
    with Image.open(folder / "1.png") as made:
        np.testing.assert_array_equal(np.asarray(made), 255 - source)


def test_another_model_does_all_again(folder: Path) -> None:
    write_pair(Path("models"), forward=identity(), back=identity())
    assert set(statuses(convert("in", "night")).values()) == {"ok"}


def test_an_option_concerns_what_it_changes(folder: Path) -> None:
    report = convert("in", "night", ConvertOptions(end_s=0.1))
    assert statuses(report) == {
        "1.png": "skipped",
        "2.png": "skipped",
        "3.png": "skipped",
        "4.mp4": "ok",
    }
    assert len(times(folder / "4.mp4")) == 3


@pytest.mark.parametrize("knows", [True, False], ids=["changed", "unknown"])
def test_what_is_not_ours_is_left_alone(folder: Path, knows: bool) -> None:
    theirs = folder / "1.png"
    theirs.write_bytes(b"retouched by hand")
    if not knows:
        (folder / MANIFEST_NAME).unlink()
        for name in ("2.png", "sub/3.png", "4.mp4"):
            (folder / name).unlink()
    report = convert("in", "night")
    assert report.exit_code == ExitCode.OUTPUT
    assert statuses(report)["1.png"] == "failed"
    assert theirs.read_bytes() == b"retouched by hand"
    (row,) = (row for row in report.jobs if row.status == "failed")
    assert ("changed" in str(row.error)) == knows
    report = convert("in", "night", ConvertOptions(overwrite=True))
    assert statuses(report)["1.png"] == "ok"
    assert report.exit_code == ExitCode.OK


def test_a_copy_with_a_new_time_is_still_ours(folder: Path) -> None:
    (folder / "1.png").touch()
    assert set(statuses(convert("in", "night")).values()) == {"skipped"}


def test_a_torn_manifest_costs_one_file(folder: Path) -> None:
    manifest = folder / MANIFEST_NAME
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:-20])  # the figures of the last one
    assert set(statuses(convert("in", "night")).values()) == {"skipped"}
    lines = whole.splitlines(keepends=True)
    name = json.loads(lines[-1])["output"]
    others = [line for line in lines if json.loads(line)["output"] != name]
    manifest.write_bytes(b"".join(others) + lines[-1][:-20])
    report = convert("in", "night")
    assert sorted(statuses(report).values()) == ["failed", "skipped", "skipped", "skipped"]
    report = convert("in", "night", ConvertOptions(overwrite=True))
    assert sorted(statuses(report).values()) == ["ok", "skipped", "skipped", "skipped"]


def test_a_limit_holds_for_what_is_skipped(here: Path) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    write_picture(Path("in/a.png"), 40, 40)
    unmeasured = ConvertOptions(check_every=0)
    assert convert("in", "night", unmeasured).exit_code == ExitCode.OK
    limits = ConvertOptions(limits={"psnr": 60.0})
    report = convert("in", "night", limits)  # it was never measured, so it has to be done
    assert (statuses(report), report.exit_code) == ({"a.png": "ok"}, ExitCode.QUALITY)
    report = convert("in", "night", limits)
    assert (statuses(report), report.exit_code) == ({"a.png": "skipped"}, ExitCode.QUALITY)


def test_a_dry_run_and_the_json_say_what_is_skipped(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "1.png").unlink()
    words = ["convert", "in", "--to", "night", "--json"]
    assert run([*words, "--dry-run"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["action"] for row in rows] == ["convert", "skip", "skip", "skip"]
    assert run(words) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(row["status"] for row in rows) == ["ok", "skipped", "skipped", "skipped"]
    assert (rows[-1]["error"], rows[-1]["reason"]) == (None, "up to date")


def test_what_a_dead_writer_left_is_no_input(folder: Path) -> None:
    Path("in/.1.part.png").write_bytes(b"half")
    assert len(convert("in", "night").jobs) == 4


@pytest.mark.parametrize(
    ("options", "again"),
    [
        ({"quality": 50}, {"1.png", "2.png", "3.png"}),
        ({"strength": 0.5}, {"1.png", "2.png", "3.png", "4.mp4"}),
        ({"max_pixels": 1000}, set()),
        ({"spool_limit_mb": 1}, set()),
    ],
    ids=lambda value: "-".join(sorted(value)),
)
def test_an_option_does_again_what_it_changes(
    folder: Path, options: dict[str, Any], again: set[str]
) -> None:
    done = statuses(convert("in", "night", ConvertOptions(**options)))
    assert {name for name, status in done.items() if status == "ok"} == again


def test_a_picture_that_appears_after_the_plan_is_kept(folder: Path) -> None:
    class Writing(Observer):
        def planned(self, translator: object, jobs: object) -> None:
            Path("new").mkdir()
            Path("new/1.png").write_text("mine")

    report = convert("in", "night", ConvertOptions(output=Path("new")), Writing())
    assert statuses(report) == {"1.png": "failed", "2.png": "ok", "3.png": "ok", "4.mp4": "ok"}
    assert report.exit_code == ExitCode.OUTPUT
    assert Path("new/1.png").read_text() == "mine"


def test_a_video_that_vanishes_after_the_plan_is_an_unreadable_input(folder: Path) -> None:
    class Removing(Observer):
        def planned(self, translator: object, jobs: object) -> None:
            Path("in/4.mp4").unlink()

    report = convert("in", "night", ConvertOptions(output=Path("new")), Removing())
    assert report.exit_code == ExitCode.INPUT
    assert statuses(report)["4.mp4"] == "failed"
