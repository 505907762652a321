"""`mediatrans models`, `doctor` and `demo`."""

import json
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from tests.media_files import levels
from tests.pairs import write_pair


def test_models_lists_the_zoo(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pair(pair.parent.parent / "data" / "mediatrans" / "models", "mine", ("a", "b"))
    (pair.parent / "broken").mkdir()
    (pair.parent / "broken" / "card.toml").write_text("no card")
    assert run(["models"]) == 0
    shown = capsys.readouterr().out
    assert "day2night: day <-> night" in shown
    assert "mine: a <-> b" in shown
    assert "damaged" in shown
    assert run(["models", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["name"]: row["domains"] for row in rows}["day2night"] == ["day", "night"]


@pytest.mark.parametrize("line", ['parameters = "many"', "parameters = [1]", "parameters = 1e9999"])
def test_a_card_that_counts_strangely_is_listed_all_the_same(
    pair: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    card = (pair / "card.toml").read_text()
    assert "[architecture]" not in card
    (pair / "card.toml").write_text(f"{card}\n[architecture]\n{line}\n")
    assert run(["models"]) == 0
    assert "day2night: day <-> night" in capsys.readouterr().out


def test_doctor_finds_this_machine_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "convert can run on this machine" in shown
    assert "cpu: works" in shown
    assert "ffmpeg version" in shown


def test_doctor_fails_without_ffmpeg(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIATRANS_FFMPEG", "/no/such/ffmpeg")
    assert run(["doctor"]) == 5
    assert "/no/such/ffmpeg" in capsys.readouterr().err


def test_doctor_names_an_ffmpeg_that_is_none(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("ffmpeg").write_text("no program")
    Path("ffmpeg").chmod(0o755)
    monkeypatch.setenv("MEDIATRANS_FFMPEG", str(here / "ffmpeg"))
    assert run(["doctor"]) == 5
    assert "MEDIATRANS_FFMPEG" in capsys.readouterr().err


def test_demo_needs_no_files(here: Path) -> None:
    write_pair(here / "models", "summer2winter", ("summer", "winter"))
    assert run(["demo", "--seconds", "1"]) == 0
    assert len(levels(Path("demo/summer.mp4"))) == len(levels(Path("demo/winter.mp4"))) == 25
    assert Path("demo/before-after.png").exists()


@pytest.mark.parametrize("name", ["summer.mp4", "winter.mp4", "before-after.png"])
def test_demo_replaces_nothing_unasked(
    here: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("demo").mkdir()
    Path("demo", name).write_text("mine")
    assert run(["demo", "--seconds", "1"]) == 6
    assert Path("demo", name).read_text() == "mine"
    assert [path.name for path in Path("demo").iterdir()] == [name]
    assert f"demo/{name}" in capsys.readouterr().err
