"""The command `evaluate`: tables, reports and entries of the card."""

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from mediatrans.cli.main import run
from mediatrans.training.evaluation import session
from mediatrans.training.evaluation.features import FEATURE_NETWORKS
from mediatrans.zoo.card import read_card, write_card
from tests.pairs import write_pair
from tests.training.colours import COLOURS, GRADIENTS, loaded, tinted
from tests.training.export.test_model_folder import write_run


@pytest.fixture(autouse=True)
def _small_features(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FEATURE_NETWORKS:
        network = replace(COLOURS, name=f"colours of {name}")
        monkeypatch.setitem(FEATURE_NETWORKS, name, partial(loaded, network))
    monkeypatch.setattr(session, "load_texture_network", lambda device: GRADIENTS)


@pytest.fixture
def words(here: Path) -> list[str]:
    """Flags for two folders of test pictures; `./models/day2night` inverts them."""
    write_pair(here / "models")
    for name, channel in (("testA", 0), ("testB", 2), ("trainA", 0), ("trainB", 2)):
        (here / name).mkdir()
        for index, pixels in enumerate(tinted(6, channel, ord(name[-2]) + channel)):
            Image.fromarray(pixels).save(here / name / f"{index}.png")
    return ["--a", "testA", "--b", "testB", "--resamples", "100", "--device", "cpu"]


def trained_with_lite0(folder: Path) -> None:
    """Let a model's card say that EfficientNet-Lite0 was in its discriminators."""
    write_card(folder, replace(read_card(folder), training={"lambda_projected": 1.0}))


def test_a_table_says_what_and_with_which_network(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "day2night", *words]) == 0
    out = capsys.readouterr().out
    assert "day -> night" in out
    assert "night -> day" in out
    assert "100.00 (100.00, 100.00, 100.00)" in out
    name = "colours of efficientnet-lite0"
    textures, features = out.split(f"features, by {name}")
    for figure in ("", ", untranslated", ", colour transfer", ", real halves", " ratio"):
        assert f"  KID{figure} " in features
    for figure in (
        "KID ratio, colour transfer",
        "colour transfer over ours",
        "FID",
        "domain accuracy",
        "accuracy, colour transfer",
    ):
        assert f"  {figure} " in features
    assert "textures, by gradients" in textures
    for figure in ("ratio", "ratio, colour transfer", "ratio, real halves"):
        assert f"  texture {figure} " in textures
    assert "too few (more than 24)" in out
    assert f"The probe ({name}, trained on the other pictures, 5-fold)" in out
    assert "seen in training" not in out


def test_names_of_domains_are_no_markup(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models", "marked", ("[red]", "night"))
    assert run(["evaluate", "models/marked", *words]) == 0
    assert "[red] -> night" in capsys.readouterr().out


def test_several_networks_judge_the_same_translations(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    two = ["--features", "efficientnet-lite2", "--features", "efficientnet-lite1"]
    assert run(["evaluate", "day2night", *words, *two, "--json"]) == 0
    both = json.loads(capsys.readouterr().out)
    assert both["judges"] == ["colours of efficientnet-lite2", "colours of efficientnet-lite1"]
    one = ["--features", "efficientnet-lite1"]
    assert run(["evaluate", "day2night", *words, *one, "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert both["networks"][1] == alone["networks"][0]
    assert both["to_night"] == alone["to_night"]


def test_an_unknown_network_is_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "day2night", *words, "--features", "vgg"]) == 2
    assert "'vgg' is not one of auto, inception, efficientnet-lite0" in capsys.readouterr().err


def test_a_network_of_the_training_is_marked_and_not_put_into_the_card(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = here / "models" / "day2night"
    trained_with_lite0(folder)
    two = ["--features", "efficientnet-lite0", "--features", "efficientnet-lite2"]
    assert run(["evaluate", "day2night", *words, *two, "--write-card", "--report", "r.json"]) == 0
    out, err = capsys.readouterr()
    first, second = out[out.index("features, by") :].split("features, by")[1:]
    lines = [line for line in first.splitlines() if line.strip()]
    assert len(lines) == 12
    assert all("(seen in training)" in line for line in lines)
    assert "KID ratio (seen in training)" in first
    assert second.startswith(" colours of efficientnet-lite2")
    assert "seen in training" not in second
    assert "trained with colours of efficientnet-lite0: its figures are too good" in second
    assert "the pair was trained with colours of efficientnet-lite0" in err
    table = json.loads((here / "r.json").read_text())
    assert [network["seen_in_training"] for network in table["networks"]] == [True, False]
    assert table["trained_with"] == ["efficientnet-lite0"]
    quality = read_card(folder).quality
    assert quality["trained_with"] == ["efficientnet-lite0"]
    assert quality["judges"] == ["colours of efficientnet-lite2"]
    assert "efficientnet-lite0" not in str(quality["networks"])


def test_a_pair_is_not_judged_by_its_own_network(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    trained_with_lite0(here / "models" / "day2night")
    assert run(["evaluate", "day2night", *words, "--features", "efficientnet-lite0"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "name another with --features: inception, efficientnet-lite1" in err
    assert run(["evaluate", "day2night", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["judges"] == ["colours of efficientnet-lite2"]


def test_json_and_report_hold_the_same(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    trained = ["--train-a", "trainA", "--train-b", "trainB"]
    assert run(["evaluate", "day2night", *words, *trained, "--json", "--report", "r.json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((here / "r.json").read_text())
    assert printed["longer_side"] == 512
    assert printed["networks"][0]["probe"]["trained_on"] == "6 + 6 training pictures"
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
        assert json.loads((here / place).read_text())["version"] == 2
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
    (network,) = quality["networks"]
    assert network["to_night"]["kid_ratio"]["features"] == "colours of efficientnet-lite0"
    assert set(quality["flat_frames"]["to_day"]) == {"black", "grey", "white", "blue"}
    assert quality["trained_with"] == []
    assert quality["hidden_signal"]["to_night"]["noise"]["hidden_db"] < 0.5
    assert set(quality["percentiles"]) == {"to_night", "to_day"}


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
        (["--sizes", "250"], 2),
        (["--sizes", "250,big"], 2),
        (["--sizes", "250,100000"], 2),
        (["--sheet", "sheet.jpg"], 2),
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
    for module in ("session", "comparison", "candidate"):
        name = f"mediatrans.training.evaluation.{module}"
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(["evaluate", "day2night", *words]) == 2
    assert 'pip install "mediatrans[evaluate]"' in capsys.readouterr().err


def test_a_report_may_be_a_page_and_json_at_once(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    reports = ["--report", "r.html", "--report", "r.json"]
    assert run(["evaluate", "day2night", *words, *reports]) == 0
    page = Path("r.html").read_text("utf-8")
    assert page.count('class="card panel"') == 12
    assert page.count('src="data:image/') == 4 * 12
    assert json.loads(Path("r.json").read_text())["version"] == 2
    assert run(["evaluate", "day2night", *words, "--report", "r.html"]) == 0
    assert run(["evaluate", "day2night", *words, "--report", "r.html", "--report", "r.html"]) == 2
    Path("mine.html").write_text("<!doctype html>")
    assert run(["evaluate", "day2night", *words, "--report", "mine.html"]) == 6
    assert "mine.html: exists already, and is no report" in capsys.readouterr().err
