"""Finding models: the order of the places, ambiguity, names, folders, lone files, digests."""

import shutil
from pathlib import Path

import pytest

from mediatrans.errors import ModelError
from mediatrans.zoo.card import read_card, write_card
from mediatrans.zoo.find import find
from tests.pairs import inverting, write_graph, write_pair


def test_card_survives_writing_and_reading(pair: Path) -> None:
    card = read_card(pair)
    write_card(pair, card)
    assert read_card(pair) == card
    assert card.domains == ("day", "night")


def test_domain_chooses_the_direction(pair: Path) -> None:
    night = find("night")
    assert (night.path.name, night.origin, night.place) == ("to_night.onnx", "day", "./models")
    assert find("day").path.name == "to_day.onnx"
    assert find("Night").to == "night"
    assert find("NIGHT", str(pair / "to_night.onnx")).to == "night"
    back = night.inverse()
    assert back is not None
    assert back.to == "day"
    assert back.inverse() == night


def test_first_place_with_a_match_wins(here: Path) -> None:
    write_pair(here / "data" / "mediatrans" / "models", "mine", ("day", "night"))
    assert find("night").name == "mine"
    write_pair(here / "models", "nearer", ("dawn", "night"))
    assert find("night").name == "nearer"
    assert find("day").name == "mine"


def test_two_matches_in_one_place_are_an_error_that_names_them(here: Path) -> None:
    write_pair(here / "models", "one")
    write_pair(here / "models", "two")
    with pytest.raises(ModelError, match=r"models/one, models/two.*--model"):
        find("night")
    assert find("night", "two").name == "two"


def test_no_match_lists_the_candidates(pair: Path) -> None:
    with pytest.raises(ModelError, match=r"'mars'.*day2night \(day <-> night\)"):
        find("mars")
    with pytest.raises(ModelError, match=r"'nothere'.*day2night"):
        find("night", "nothere")


def test_model_by_folder_and_by_file(here: Path) -> None:
    folder = write_pair(here / "elsewhere")
    assert find("night", str(folder)).path == folder / "to_night.onnx"
    by_file = find("night", str(folder / "to_night.onnx"))
    assert by_file.inverse_path == folder / "to_day.onnx"
    with pytest.raises(ModelError, match="translates to day and night"):
        find("mars", str(folder))


def test_lone_file_is_described_by_its_metadata(here: Path) -> None:
    file = write_graph(here / "lone.onnx", inverting(), "day", "night", stride=8)
    generator = find("night", str(file))
    assert (generator.origin, generator.size_rule.multiple, generator.inverse()) == ("day", 8, None)
    with pytest.raises(ModelError, match="--to night"):
        find("day", str(file))


def test_changed_file_is_refused(pair: Path) -> None:
    generator = find("night")
    generator.verify()
    with generator.path.open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(ModelError, match="sha256"):
        generator.verify()
    generator.path.unlink()
    with pytest.raises(ModelError, match="missing"):
        generator.verify()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name = ",
        'name = "x"\ndomains = ["a"]',
        "\x00",
        'name = "x"\ndomains = ["a", "b"]\nstride = 0',
        'name = "x"\ndomains = ["a", "a"]\nstride = 4',
    ],
)
def test_damaged_card_is_named_not_fatal(pair: Path, text: str) -> None:
    broken = shutil.copytree(pair, pair.parent / "broken")
    (broken / "card.toml").write_text(text)
    with pytest.raises(ModelError, match="damaged"):
        read_card(broken)
    assert find("night").name == "day2night"


def test_card_cannot_name_files_elsewhere(pair: Path) -> None:
    card = (pair / "card.toml").read_text().replace("to_night.onnx", "../to_night.onnx")
    (pair / "card.toml").write_text(card)
    with pytest.raises(ModelError, match="outside its folder"):
        find("night")


def test_a_path_that_leads_to_no_model_says_what_is_there(pair: Path) -> None:
    def said(path: str) -> str:
        with pytest.raises(ModelError) as caught:
            find("night", path)
        return str(caught.value)

    assert "no such model folder" in said("models/none")
    Path("empty").mkdir()
    assert "no file card.toml" in said("empty")
    assert "export-onnx makes one" in said("empty")
    assert "--model models/day2night" in said("models")
    Path("runs/a b/checkpoints").mkdir(parents=True)
    assert "mediatrans export-onnx 'runs/a b'" in said("runs/a b")
    write_graph(Path("empty/lone.onnx"), inverting(), "day", "night")
    assert "--model empty/lone.onnx" in said("empty")
    # A name of an installed model is that model, whatever the folder beside holds.
    Path("day2night").mkdir()
    assert find("night", "day2night").place == "./models"
