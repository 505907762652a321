"""Folders of training pictures: what is found, held out and recognised as changed."""

from pathlib import Path

import pytest

from mediatrans.errors import InputError, UsageError
from mediatrans.training.data.folders import (
    find_pictures,
    parse_domains,
    resolve_folders,
    split_hold_out,
)


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).mkdir(parents=True)


def test_two_folders_name_the_domains(tmp_path: Path) -> None:
    make(tmp_path, "summer", "winter")
    folders = resolve_folders([tmp_path / "summer", tmp_path / "winter"], None)
    assert folders.domains == ("summer", "winter")
    assert folders.pair == "summer2winter"
    assert folders.test_a is None


def test_names_given_win(tmp_path: Path) -> None:
    make(tmp_path, "x", "y")
    folders = resolve_folders([tmp_path / "x", tmp_path / "y"], "day,night")
    assert folders.domains == ("day", "night")


def test_a_root_with_its_test_split(tmp_path: Path) -> None:
    make(tmp_path, "trainA", "trainB", "testA", "testB")
    folders = resolve_folders([tmp_path], "a,b")
    assert folders.train_b == tmp_path / "trainB"
    assert folders.test_a == tmp_path / "testA"


def test_a_root_without_names_says_what_to_add(tmp_path: Path) -> None:
    make(tmp_path, "trainA", "trainB")
    with pytest.raises(UsageError, match="--domains"):
        resolve_folders([tmp_path], None)


def test_a_root_of_another_layout(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="trainA"):
        resolve_folders([tmp_path], "a,b")


def test_a_missing_folder(tmp_path: Path) -> None:
    make(tmp_path, "a")
    with pytest.raises(InputError, match="nowhere"):
        resolve_folders([tmp_path / "a", tmp_path / "nowhere"], None)


def test_the_same_folder_twice_is_refused_under_any_name(tmp_path: Path) -> None:
    make(tmp_path, "a", "a/b")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for other in ("a", "link", "a/b"):
        with pytest.raises(UsageError, match="same pictures"):
            resolve_folders([tmp_path / "a", tmp_path / other], "x,y")


@pytest.mark.parametrize("words", ["one", "a,b,c", "a,a", "a,A", "a,b/c", "a, ", "a,b c", "..,b"])
def test_bad_domain_names(words: str) -> None:
    with pytest.raises(UsageError, match="domains"):
        parse_domains(words)


def test_pictures_are_found_nested_sorted_and_once(tmp_path: Path) -> None:
    make(tmp_path, "sub", ".hidden")
    for name in ("b.PNG", "a.jpg", "sub/c.webp", "notes.txt", ".x.png", ".hidden/y.png"):
        (tmp_path / name).touch()
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    assert find_pictures(tmp_path) == ["a.jpg", "b.PNG", "sub/c.webp"]


def test_what_cannot_be_followed_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(tmp_path, "sub")
    (tmp_path / "a.png").touch()
    (tmp_path / "gone.png").symlink_to("nowhere.png")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    assert find_pictures(tmp_path) == ["a.png", "gone.png"]
    assert "loop: a link to a folder that contains it; remove the link" in caplog.text
    assert "gone.png" not in caplog.text


NAMES = [f"{i}.jpg" for i in range(1000)]


def test_about_one_in_ten_is_held_out_and_stays_so() -> None:
    train, held = split_hold_out(NAMES, "auto", has_test=False)
    assert 70 < len(held) < 130
    assert sorted(train + held) == sorted(NAMES)
    again, _ = split_hold_out([*NAMES, "new.jpg"], "auto", has_test=False)
    assert set(train) <= set(again)


def test_a_test_split_replaces_the_hold_out_unless_asked() -> None:
    assert split_hold_out(NAMES, "auto", has_test=True) == (NAMES, [])
    assert split_hold_out(NAMES, "never", has_test=False) == (NAMES, [])
    assert split_hold_out(NAMES, "always", has_test=True)[1]


@pytest.mark.parametrize("count", range(5))
def test_small_folders_keep_two_for_training(count: int) -> None:
    train, held = split_hold_out(NAMES[:count], "auto", has_test=False)
    assert len(train) >= min(count, 2)
    assert bool(held) == (count > 2)


@pytest.mark.parametrize("words", ["Sommer 2020,Winter", "summer,Wintér", "_a,b"])
def test_a_character_that_is_not_allowed_is_named(words: str) -> None:
    with pytest.raises(UsageError, match="not allowed") as refused:
        parse_domains(words)
    assert "two different names" not in str(refused.value)
    assert "a to z" in str(refused.value)
