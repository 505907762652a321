"""The card: what is damaged is named."""

import errno
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from mediatrans.errors import ModelError, OutputError
from mediatrans.zoo.card import read_card, write_card


def damage(pair: Path, change: dict[str, Any]) -> None:
    """Change a card's fields; None takes one away."""
    table = tomllib.loads((pair / "card.toml").read_text()) | change
    kept = {key: value for key, value in table.items() if value is not None}
    (pair / "card.toml").write_text(tomli_w.dumps(kept))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stride": None}, "stride: missing"),
        ({"stride": "4"}, "stride: expected a whole number, got a text"),
        ({"stride": 0}, "stride: 0"),
        ({"stride": 10**30}, "stride: 1000"),
        ({"opset": 18.5}, "opset: expected a whole number, got a number"),
        ({"domains": ["day"]}, "domains: expected a list of length 2"),
        ({"domains": ["day", "day"]}, "domains: 'day' and 'day'"),
        ({"domains": ["day", "dusk"]}, "generators.dusk: missing"),
        ({"generators": {"day": {}, "night": {}}}, "file: missing"),
        ({"generators": []}, "generators: expected a table, got a list"),
        ({"quality": 5}, "quality: expected a table"),
        ({"versions": {"torch": 2}}, "versions"),
        ({"name": "red\x1b[31m"}, "name: 'red"),
    ],
)
def test_the_damaged_field_is_named(pair: Path, change: dict[str, Any], words: str) -> None:
    damage(pair, change)
    with pytest.raises(ModelError) as failed:
        read_card(pair)
    assert words in str(failed.value)
    assert str(pair / "card.toml") in str(failed.value)


def test_fields_of_a_later_version_are_passed_over(pair: Path) -> None:
    before = read_card(pair)
    damage(pair, {"tiles": True})
    assert read_card(pair) == before


def test_brackets_without_end_are_a_damaged_card(pair: Path) -> None:
    (pair / "card.toml").write_text("name = " + "[" * 200_000)
    with pytest.raises(ModelError, match="nested too deeply"):
        read_card(pair)


def test_a_card_that_cannot_be_written_leaves_the_one_before(
    pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, before = read_card(pair), (pair / "card.toml").read_bytes()

    def refuse(*args: object, **options: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(OutputError, match="no space left"):
        write_card(pair, card)
    assert (pair / "card.toml").read_bytes() == before
    assert not list(pair.glob(".*"))
