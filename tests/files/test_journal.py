"""The crash-safe record."""

from pathlib import Path

import pytest

from mediatrans.files.journal import Journal


def test_records_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    assert list(journal.read()) == []
    journal.append({"a": 1.1, "name": "Schnee\nvon gestern"})
    Journal(journal.path).append({"b": None})
    assert list(journal.read()) == [{"a": 1.1, "name": "Schnee\nvon gestern"}, {"b": None}]


def test_every_torn_end_costs_the_last_record_alone(tmp_path: Path) -> None:
    whole = Journal(tmp_path / "whole.jsonl")
    whole.append({"first": 1})
    kept = whole.path.stat().st_size
    whole.append({"second": 2})
    content = whole.path.read_bytes()
    for size in range(kept, len(content)):
        torn = Journal(tmp_path / f"{size}.jsonl")
        torn.path.write_bytes(content[:size])
        torn.append({"third": 3})
        expected = [{"first": 1}, {"third": 3}]
        if size == len(content) - 1:  # only the end of the line is missing
            expected.insert(1, {"second": 2})
        assert list(torn.read()) == expected


def test_a_block_of_zeros_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    journal.append({"first": 1})
    with journal.path.open("ab") as file:
        file.write(bytes(300))  # what some file systems leave after a power cut
    journal.append({"second": 2})
    assert list(journal.read()) == [{"first": 1}, {"second": 2}]


def test_a_file_that_was_taken_away_is_not_made_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    journal.append({"first": 1})
    journal.path.unlink()
    with pytest.raises(FileNotFoundError):
        journal.append({"second": 2})


def test_names_that_are_not_utf8_come_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"output": "a\udcff.png"})
    assert list(Journal(journal.path).read()) == [{"output": "a\udcff.png"}]
