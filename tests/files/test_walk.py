"""The walk through a folder."""

import os
from pathlib import Path

import pytest

from mediatrans.files.publish import part_path
from mediatrans.files.walk import LeftOut, WalkProblem, describe_left_out, is_hidden, walk


def is_picture(path: Path) -> bool:
    return path.suffix == ".png"


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def walked(root: Path, *, repeats: bool = True) -> list[str]:
    """What is found by relative path, problems with what is wrong."""
    return [
        f"{found.path.relative_to(root).as_posix()}: {found.problem}"
        if isinstance(found, WalkProblem)
        else found.relative_to(root).as_posix()
        for found in walk(root, is_picture, repeats=repeats)
        if not isinstance(found, LeftOut)
    ]


def left_out(root: Path) -> list[LeftOut]:
    return [found for found in walk(root, is_picture) if isinstance(found, LeftOut)]


def test_files_come_in_order_those_of_a_folder_before_its_folders(tmp_path: Path) -> None:
    tree(tmp_path, "b/2.png", "b/1.png", "a/c/3.png", "z.png", "y.png", "a/notes.txt")
    assert walked(tmp_path) == ["y.png", "z.png", "a/c/3.png", "b/1.png", "b/2.png"]


def test_part_files_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path, "a.png", part_path(Path("a.png")).name)
    assert walked(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    "name",
    [
        "._x.png", ".thumbnails/a.png", "@eaDir/x.png/SYNOPHOTO.png", "__MACOSX/._a.png",
        "$RECYCLE.BIN/a.png", "System Volume Information/a.png", "#recycle/a.png",
        "LOST.DIR/1.png", "deep/@EADIR/a.png",
    ],
)  # fmt: skip
def test_what_is_hidden_or_of_the_system_is_left_out_and_told(tmp_path: Path, name: str) -> None:
    tree(tmp_path, name, "a.png", "deep/b.png")
    assert walked(tmp_path) == ["a.png", "deep/b.png"]
    (found,) = left_out(tmp_path)
    assert is_hidden(found.path.name)
    assert found.label == "hidden"


def test_hidden_files_that_nobody_would_want_are_not_told(tmp_path: Path) -> None:
    tree(tmp_path, ".DS_Store", "Thumbs.db", "desktop.ini", ".mediatrans.jsonl", "a.png")
    assert walked(tmp_path) == ["a.png"]
    assert left_out(tmp_path) == []


def test_what_is_left_out_is_counted_by_its_suffix(tmp_path: Path) -> None:
    tree(tmp_path, "1.DNG", "sub/2.dng", "3.psd", "README", "a.png")
    found = left_out(tmp_path)
    assert sorted(file.path.name for file in found) == ["1.DNG", "2.dng", "3.psd", "README"]
    assert describe_left_out(found) == "4 files left out (.dng 2, .psd 1, no suffix 1)"


def test_links_are_followed_and_loops_reported(tmp_path: Path) -> None:
    tree(tmp_path, "root/a.png", "root/sub/b.png", "other/c.png")
    root = tmp_path / "root"
    (root / "out").symlink_to(tmp_path / "other")
    (root / "sub" / "up").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    (root / "gone.png").symlink_to("nowhere.png")
    (root / "gone.txt").symlink_to("nowhere.txt")
    assert walked(root) == [
        "a.png",
        "gone.png: a broken link",
        "out/c.png",
        "sub/up: a link to a folder that contains it",
        "sub/b.png",
    ]


def test_a_folder_under_two_names_is_walked_twice_or_once(tmp_path: Path) -> None:
    tree(tmp_path, "a/1.png")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert walked(tmp_path) == ["a/1.png", "b/1.png"]
    assert walked(tmp_path, repeats=False) == ["a/1.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    tree(tmp_path, "a.png")
    asked = []

    def ask(path: Path) -> bool:
        asked.append(path.name)
        return True

    assert list(walk(tmp_path, ask)) == [tmp_path / "a.png"]
    assert asked == ["a.png"]  # whoever opens the pipe to tell its kind waits for ever


def test_a_folder_that_cannot_be_listed_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, "a.png", "shut/b.png")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert walked(tmp_path) == ["a.png", "shut: the folder cannot be listed (Permission denied)"]
