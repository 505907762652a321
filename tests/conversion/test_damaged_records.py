"""Manifests and work folders that are unreadable, foreign or damaged: told of, and nothing lost."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mediatrans import ExitCode, Observer, convert
from mediatrans.cli.main import run
from mediatrans.conversion import batch
from mediatrans.conversion.manifest import MANIFEST_NAME
from mediatrans.media.write.segments.work_folder import work_path
from tests.conversion.long_videos import SHORT, UNEVEN, packets
from tests.media.clips import times_of, write_clip
from tests.media_files import write_picture
from tests.pairs import darkening, identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

DEEP = "[" * 200_000 + "]" * 200_000


@pytest.fixture
def folder(pair: Path) -> Path:
    """An output folder of two pictures."""
    for name in "12":
        write_picture(Path(f"in/{name}.png"))
    assert convert("in", "night").exit_code == ExitCode.OK
    return Path("in-night")


def entry(folder: Path) -> dict[str, Any]:
    lines = (folder / MANIFEST_NAME).read_text().splitlines()
    record: dict[str, Any] = json.loads(next(line for line in lines if line))
    return record


@pytest.mark.parametrize(
    "change",
    [
        {"output": ["x"]},
        {"output": 5},
        {"origin": None},
        {"origin": {"input": 1}},
        {"fingerprint": {"size": "1"}},
        {"fingerprint": []},
        {"frames": "many"},
        {"frames": 1.5},
        {"cycle": {"psnr_db": 3}},
        {"is_partial": "no"},
    ],
    ids=str,
)
def test_a_damaged_record_of_a_manifest_is_passed_over(
    folder: Path, change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    manifest = folder / MANIFEST_NAME
    whole = manifest.read_text()
    manifest.write_text(whole + json.dumps(entry(folder) | change) + "\n")
    report = convert("in", "night")
    assert [row.status for row in report.jobs] == ["skipped", "skipped"]
    assert next(iter(change)) in caplog.text


@pytest.mark.parametrize(
    "line", [DEEP, '{"a": ' * 100_000, "5", "null", '"text"', "\0\0\0", "[1, 2]"], ids=len
)
def test_lines_that_are_no_records_are_passed_over(folder: Path, line: str) -> None:
    manifest = folder / MANIFEST_NAME
    manifest.write_text(line + "\n" + manifest.read_text())
    assert [row.status for row in convert("in", "night").jobs] == ["skipped", "skipped"]


def test_a_folder_in_the_place_of_a_manifest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / MANIFEST_NAME).unlink()
    (folder / MANIFEST_NAME).mkdir()
    made = (folder / "1.png").read_bytes()
    assert run(["convert", "in", "--to", "night"]) == ExitCode.OUTPUT
    said = capsys.readouterr().err
    assert MANIFEST_NAME in said
    assert "delete it, or grant permission" in said
    assert (folder / "1.png").read_bytes() == made


class Stopping(Observer):
    def translated(self, job: object, frames: int, total: int | None) -> None:
        if frames >= 40:
            raise KeyboardInterrupt


@pytest.fixture
def stopped(here: Path) -> Path:
    """The work folder of a video whose conversion was interrupted."""
    write_pair(here / "models", forward=darkening(), back=identity())
    clip = write_clip(Path("day.mp4"), UNEVEN)
    with pytest.raises(KeyboardInterrupt):
        convert(clip, "night", SHORT, Stopping())
    return work_path(Path("day-night.mp4"))


def damaged(journal: Path, record: Any) -> None:
    text = record if isinstance(record, str) else json.dumps(record)
    journal.write_text(journal.read_text() + text + "\n")


@pytest.mark.parametrize(
    "record",
    [
        {"published": 5},
        {"published": {"size": 1}},
        {"published": None, "damage": 3},
        {"segment": 5, "total": None},
        {"segment": {"first": 0}, "total": None},
        {"segment": None, "total": "all"},
        {"something": "else"},
        {"segment": {"first": 500, "frames": 12, "size": 1, "crc": 1, "begin": 0, "tail": [],
                     "mark": None, "notes": None}, "total": None},
        {"segment": {"first": 36, "frames": 12, "size": 1, "crc": 1, "begin": 0, "tail": [],
                     "mark": None, "notes": 5}, "total": None},
        {"segment": {"first": 36, "frames": 12, "size": 1, "crc": 1, "begin": 0, "tail": [],
                     "mark": None, "notes": {"x": {}}}, "total": None},
        {"segment": None, "total": 7},
        {"segment": {"first": 36, "frames": 12, "size": 1, "crc": 1, "begin": 0, "tail": [],
                     "mark": {"index": 3, "pts": 1, "crc": 1}, "notes": None}, "total": None},
        {"segment": {"first": 36, "frames": 12, "size": 1, "crc": 1, "begin": 0, "tail": [],
                     "mark": {"index": 47, "pts": 10**30, "crc": 1}, "notes": None},
         "total": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_journal_has_the_video_made_anew(
    stopped: Path, record: Any, caplog: pytest.LogCaptureFixture
) -> None:
    damaged(stopped / "journal.jsonl", record)
    report = convert("day.mp4", "night", SHORT)
    assert [row.status for row in report.jobs] == ["ok"]
    assert "journal is damaged" in caplog.text
    assert not stopped.exists()
    convert("day.mp4", "night", replace(SHORT, output=Path("other.mp4")))
    assert packets(Path("day-night.mp4")) == packets(Path("other.mp4"))


def test_a_journal_that_lost_a_line_has_the_video_made_anew(stopped: Path) -> None:
    journal = stopped / "journal.jsonl"
    lines = journal.read_text().splitlines()
    lines[2] = lines[2][:-20]
    journal.write_text("\n".join(lines) + "\n")
    (row,) = convert("day.mp4", "night", SHORT).jobs
    assert (row.status, row.frames) == ("ok", len(UNEVEN))
    assert len(times_of(Path("day-night.mp4"))) == len(UNEVEN)


@pytest.mark.parametrize("first", ['{"identity": 5}', DEEP, "{}", "nonsense"], ids=len)
def test_a_journal_that_is_not_ours_has_the_video_made_anew(stopped: Path, first: str) -> None:
    (stopped / "journal.jsonl").write_text(first + "\n")
    assert convert("day.mp4", "night", SHORT).exit_code == ExitCode.OK


def test_a_folder_in_the_place_of_a_journal(stopped: Path) -> None:
    (stopped / "journal.jsonl").unlink()
    (stopped / "journal.jsonl").mkdir()
    report = convert("day.mp4", "night", SHORT)
    assert report.exit_code == ExitCode.OUTPUT
    assert "day-night.mp4" in str(report.jobs[0].error)


@pytest.mark.parametrize("content", ["notes of mine", "{}", '{"version": "1"}', ""])
def test_a_report_replaces_no_file_of_another_kind(
    pair: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    notes = Path("notes.txt")
    notes.write_text(content)
    words = ["convert", "a.png", "--to", "night", "--report", "notes.txt"]
    assert run(words) == ExitCode.OUTPUT
    assert "use --overwrite" in capsys.readouterr().err
    assert notes.read_text() == content
    assert not Path("a-night.png").exists()
    assert run([*words, "--overwrite"]) == ExitCode.OK
    assert json.loads(notes.read_text())["summary"]["ok"] == 1
    Path("a-night.png").unlink()
    assert run(words) == ExitCode.OK  # a report of an earlier run is ours


def test_an_interrupt_before_the_plan_writes_no_report(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_picture(Path("a.png"))
    Path("notes.txt").write_text("notes of mine")

    def interrupted(*inputs: object, **how: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "plan", interrupted)
    words = ["convert", "a.png", "--to", "night", "--report", "notes.txt"]
    assert run(words) == ExitCode.SIGINT
    assert Path("notes.txt").read_text() == "notes of mine"


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_a_report_replaces_nothing_but_files(
    pair: Path, kind: str, overwrite: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    report = Path("there")
    if kind == "pipe":
        os.mkfifo(report)
    elif kind == "folder":
        report.mkdir()
    else:
        report.symlink_to("nowhere")
    before = report.lstat()
    words = ["convert", "a.png", "--to", "night", "--report", "there", *overwrite]
    assert run(words) in (ExitCode.OUTPUT, ExitCode.USAGE)
    assert report.lstat() == before
    assert not Path("a-night.png").exists()
