"""`mediatrans models`, `doctor` and `demo`."""

import json
import re
import shutil
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from mediatrans.zoo.find import find, places
from tests.media_files import levels, write_picture
from tests.pairs import identity, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


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


def test_the_model_that_wins_is_marked_and_the_one_it_hides_is_named(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = pair.parent.parent / "data" / "mediatrans" / "models"
    hidden = write_pair(data, "day2night", ("day", "night"), identity())
    write_pair(data, "day2dusk", ("day", "dusk"))
    assert run(["models"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  day2")]
    assert [line.partition("  <- ")[2] for line in lines] == [
        "--to day, --to night",
        "--to dusk",
        "",
    ]
    assert run(["models", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    taken = {row["path"]: row["taken_for"] for row in rows}
    assert taken[str(hidden)] == []
    assert taken["models/day2night"] == ["day", "night"]
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", "night"]) == 0
    shown = capsys.readouterr().err
    assert shown.count("WARNING") == 1
    assert "models/day2night is used and hides another model of the same name" in shown
    assert f"--model {hidden}" in shown
    assert run(["convert", "a.png", "--to", "night", "-y", "--model", str(hidden)]) == 0
    assert "WARNING" not in capsys.readouterr().err


def test_two_models_for_one_domain_in_one_place_win_nothing(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(pair.parent, "dusk2night", ("dusk", "night"))
    assert run(["models"]) == 0
    shown = capsys.readouterr().out
    assert "<- --to dusk\n" in shown
    assert "<- --to day\n" in shown
    assert run(["convert", "a.png", "--to", "night"]) == 4


def test_a_copy_of_the_same_model_hides_nothing(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(pair, pair.parent.parent / "data" / "mediatrans" / "models" / "day2night")
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", "night"]) == 0
    assert "WARNING" not in capsys.readouterr().err


def test_the_first_place_wins_though_the_last_is_the_same_folder(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = places()[-1][1]
    Path("models").symlink_to(shipped)
    write_pair(here / "data" / "mediatrans" / "models", "summer2winter", ("summer", "winter"))
    assert find("winter").place == "./models"
    assert run(["models"]) == 0
    marked = [line for line in capsys.readouterr().out.splitlines() if "<- --to" in line]
    assert len(marked) == 1
    assert "summer2winter" in marked[0]


def test_doctor_calls_no_runtime_missing_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^ONNX Runtime \d", shown, re.MULTILINE)
    assert "onnxruntime: not installed" not in shown


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
