"""The command `evaluate`: tables, reports and entries of the card."""

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from mediatrans.cli.main import run
from mediatrans.training.evaluation.features import FEATURE_NETWORKS
from mediatrans.zoo.card import read_card
from tests.pairs import write_pair
from tests.training.colours import COLOURS, tinted
from tests.training.export.test_model_folder import write_run


@pytest.fixture(autouse=True)
def _small_features(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FEATURE_NETWORKS:
        monkeypatch.setitem(FEATURE_NETWORKS, name, lambda device: COLOURS)


@pytest.fixture
def words(here: Path) -> list[str]:
    """Flags for two folders of test pictures; `./models/day2night` inverts them."""
    write_pair(here / "models")
    for name, channel in (("testA", 0), ("testB", 2), ("trainA", 0), ("trainB", 2)):
        (here / name).mkdir()
        for index, pixels in enumerate(tinted(6, channel, ord(name[-2]) + channel)):
            Image.fromarray(pixels).save(here / name / f"{index}.png")
    return ["--a", "testA", "--b", "testB", "--resamples", "100", "--device", "cpu"]


def test_a_table_says_what_and_with_which_network(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "day2night", *words]) == 0
    out = capsys.readouterr().out
    assert "day -> night" in out
    assert "night -> day" in out
    assert "100.00 (100.00, 100.00, 100.00)" in out
    for figure in ("KID", "KID untranslated", "KID ratio", "FID", "domain accuracy"):
        assert f"{figure}, pooled colours" in out
    assert "too few (more than 24)" in out
    assert "The probe (pooled colours, trained on the other pictures, 5-fold)" in out


def test_json_and_report_hold_the_same(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    trained = ["--train-a", "trainA", "--train-b", "trainB"]
    assert run(["evaluate", "day2night", *words, *trained, "--json", "--report", "r.json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((here / "r.json").read_text())
    assert printed["longer_side"] == 512
    assert printed["probe"]["trained_on"] == "6 + 6 training pictures"
    assert printed["to_night"]["cycle"]["psnr_db"]["mean"] == 100.0
    assert run(["evaluate", "models/day2night", *words, *trained, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == printed


@pytest.mark.parametrize("place", ["notes.txt", "link", "folder"])
def test_a_report_replaces_nothing_unless_asked(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (here / "notes.txt").write_text("mine")
    (here / "link").symlink_to("nowhere")
    (here / "folder").mkdir()
    assert run(["evaluate", "day2night", *words, "--report", place]) == 6
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{place}: exists already, and is no report; replace it with --overwrite" in err
    assert (here / "notes.txt").read_text() == "mine"
    code = run(["evaluate", "day2night", *words, "--report", place, "--overwrite"])
    assert code == (6 if place == "folder" else 0)
    if place == "notes.txt":
        assert json.loads((here / place).read_text())["version"] == 1
        assert run(["evaluate", "day2night", *words, "--report", place]) == 0


def test_a_report_that_cannot_be_written_is_an_output_error(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "file").touch()
    assert run(["evaluate", "day2night", *words, "--report", "file/r.json"]) == 6
    assert "cannot write the report" in capsys.readouterr().err


def test_the_card_is_written_when_asked(here: Path, words: list[str]) -> None:
    folder = here / "models" / "day2night"
    assert run(["evaluate", "day2night", *words]) == 0
    assert read_card(folder).quality == {}
    assert run(["evaluate", "day2night", *words, "--write-card"]) == 0
    quality = read_card(folder).quality
    assert quality["to_night"]["kid_ratio"]["features"] == "pooled colours"


def test_a_run_is_evaluated_in_torch_and_has_no_card(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(here / "runs" / "red2blue")
    assert run(["evaluate", "runs/red2blue", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["domains"] == ["red", "blue"]
    assert run(["evaluate", "runs/red2blue", *words, "--write-card"]) == 2
    assert "export-onnx" in capsys.readouterr().err


def test_an_unreadable_picture_is_left_out_and_remembered(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "testA" / "broken.png").write_bytes(b"no picture")
    assert run(["evaluate", "day2night", *words, "--json"]) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["to_night"]["pictures"] == 6
    assert "broken.png" in err


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--train-a", "trainA"], 2),
        (["--a", "nowhere"], 3),
        (["--max-side", "1"], 2),
        (["--device", "gpu"], 2),
    ],
)
def test_what_bad_words_get(words: list[str], more: list[str], code: int) -> None:
    assert run(["evaluate", "day2night", *words, *more]) == code


def test_what_is_not_there_is_no_model(words: list[str]) -> None:
    assert run(["evaluate", "nothing", *words]) == 4
    assert run(["evaluate", "day2night"]) == 2


def test_without_torch_the_extra_is_named(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "mediatrans.training.evaluation.comparison", raising=False)
    monkeypatch.delitem(sys.modules, "mediatrans.training.evaluation.candidate", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(["evaluate", "day2night", *words]) == 2
    assert 'pip install "mediatrans[evaluate]"' in capsys.readouterr().err
