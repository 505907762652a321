"""`--report`: JSON and pages, at once, after interruptions, and what they may replace."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from mediatrans.cli.closing_table import closing_table
from mediatrans.cli.main import run
from tests.child_processes import Child
from tests.fork_server import mediatrans_words
from tests.media_files import write_clip, write_picture
from tests.pairs import identity, inverting, write_pair
from tests.quality.report.reports import picture_row, rows

WORDS = ["--to", "night", "--device", "cpu"]
PAGE = b'<!doctype html>\n<html lang="en" data-generator="mediatrans-report">'


def test_both_reports_at_once_and_again_over_themselves(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("in/a.png"), 320, 240)
    write_clip(Path("in/b.mp4"))
    words = ["convert", "in", *WORDS, "--check-every", "2", "--report", "r.json"]
    assert run([*words, "--report", "r.html"]) == 0
    err = capsys.readouterr().err.splitlines()
    assert err[-2:] == ["report: r.json", "report: r.html"]
    page = Path("r.html").read_text("utf-8")
    assert page.encode().startswith(PAGE)
    # One frame of a picture and three of a film, each four pictures.
    assert page.count('src="data:image/') == 16
    assert 'href="in-night/b.mp4"' in page
    assert json.loads(Path("r.json").read_text())["summary"]["ok"] == 2
    assert run([*words, "--report", "r.html"]) == 0
    assert "skipped" in Path("r.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("reports", "code", "said"),
    [
        (["r.html", "r.html"], 2, "two reports cannot have the same name"),
        (["r.json", "./r.json"], 2, "two reports cannot have the same name"),
        (["mine.html"], 6, "mine.html: exists already and is not a report"),
        (["r.json", "a.png"], 6, "the report would replace a file of this run"),
        (
            ["no/such/r.html"],
            6,
            "no/such/r.html: the report cannot be written: its folder does not exist",
        ),
    ],
)
def test_reports_replace_nothing_else(
    pair: Path,
    capsys: pytest.CaptureFixture[str],
    reports: list[str],
    code: int,
    said: str,
) -> None:
    write_picture(Path("a.png"))
    Path("mine.html").write_text("<!doctype html>\n<title>mine</title>")
    named = [word for report in reports for word in ("--report", report)]
    assert run(["convert", "a.png", *WORDS, *named]) == code
    assert said in capsys.readouterr().err
    assert Path("mine.html").read_text() == "<!doctype html>\n<title>mine</title>"
    assert not Path("a-night.png").exists()
    assert not Path("r.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
def test_an_interrupted_run_writes_a_page_of_what_it_has(pair: Path) -> None:
    write_picture(Path("a.png"), 320, 240)
    write_clip(Path("long.mp4"), frames=1500, width=160, height=120)
    words = ["convert", "a.png", "long.mp4", *WORDS, "--json", "--report", "r.html"]
    with Child(
        [*mediatrans_words(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["status"] == "ok"
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
    assert process.returncode == 130, err
    assert "report: r.html" in err
    page = Path("r.html").read_text("utf-8")
    assert "The run was interrupted: 1 of 2 files had ended." in page
    assert page.count('src="data:image/') == 4


def test_check_writes_reports_as_well(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pair(here / "models", forward=identity(), back=inverting())
    write_picture(Path("a.png"), 64, 48)
    write_picture(Path("b.png"), 64, 48)
    reports = ["--report", "r.html", "--report", "r.json"]
    assert run(["check", "a.png", "b.png", *reports]) == 0
    assert json.loads(Path("r.json").read_text())["model"] == ""
    page = Path("r.html").read_text("utf-8")
    assert "source → result" in page
    assert page.count('src="data:image/') == 3  # without a model nothing is translated back
    assert run(["check", "a.png", "b.png", "--to", "night", "--report", "r.html"]) == 0
    assert "day → night" in Path("r.html").read_text("utf-8")
    assert run(["check", "a.png", "b.png", "--report", "b.png"]) == 6


def drawn(*words: str) -> str:
    """The closing table as a terminal shows it."""
    table = closing_table([row for row in rows() if row.input.name not in words])
    console = Console(width=100)
    with console.capture() as capture:
        if table is not None:
            console.print(table)
    return capture.get()


def test_the_table_begins_with_the_worst() -> None:
    lines = [line.split()[0] for line in drawn().splitlines() if not line.startswith(" ")]
    assert lines == ["verdict", "failed", "poor", "doubtful", "good", "good", "good"]
    shown = drawn()
    assert "it is a copy of its source, changed by 0.1 of 255" in " ".join(shown.split())
    assert r"\u202e" in shown
    assert "\u202e" not in shown


def test_ten_rows_at_most() -> None:
    many = [picture_row(f"{number}.png", "good", 20.0 + number) for number in range(25)]
    table = closing_table([*many, replace(many[0], input=Path("in/worst.png"), verdict=None)])
    assert table is not None
    assert table.row_count == 10
    assert table.caption == "and 15 more"
    assert closing_table(many[:1]) is None
    assert closing_table([replace(row, verdict=None) for row in many]) is None


def test_quiet_shows_neither_table_nor_report(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("in/a.png"))
    write_picture(Path("in/b.png"))
    assert run(["convert", "in", *WORDS, "-q", "--report", "r.html"]) == 0
    assert capsys.readouterr() == ("", "")
    assert Path("r.html").exists()
    assert run(["convert", "in", *WORDS, "-o", "again", "--report", "r.html"]) == 0
    err = capsys.readouterr().err
    assert err.index("verdict ") < err.index("2 files in") < err.index("report: r.html")
