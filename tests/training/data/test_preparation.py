"""Preparing a folder for training: what is left out, and why."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mediatrans.errors import InputError, OutputError, UsageError
from mediatrans.training.data.folders import find_pictures
from mediatrans.training.data.preparation import (
    Linking,
    Preparation,
    Problem,
    lay_out,
    look_through,
)
from tests.training.full_disk import largest_file


def picture(path: Path, seed: int, side: int = 70, grey: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side + 6, 3), dtype=np.uint8)
    if grey:
        pixels = pixels[..., :1].repeat(3, axis=2)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Twenty good pictures of a, one nested, and fifteen of b."""
    for index in range(20):
        picture(tmp_path / "in" / "day" / ("old" if index == 0 else ".") / f"{index}.png", index)
    for index in range(15):
        picture(tmp_path / "in" / "night" / f"{index}.png", 100 + index)
    return {"trainA": tmp_path / "in" / "day", "trainB": tmp_path / "in" / "night"}


def problems(preparation: Preparation) -> dict[str, str]:
    return {finding.path.name: finding.problem for finding in preparation.findings}


def test_good_pictures_are_parted_and_all_kept(folders: dict[str, Path]) -> None:
    preparation = look_through(folders, test_share=0.3)
    assert preparation.findings == ()
    splits = preparation.splits
    assert len(splits["trainA"]) + len(splits["testA"]) == 20
    assert len(splits["trainB"]) + len(splits["testB"]) == 15
    assert 1 <= len(splits["testA"]) <= 12
    assert "old/0.png" in {*splits["trainA"], *splits["testA"]}
    assert preparation == look_through(folders, test_share=0.3)


def test_the_split_follows_the_pixels_not_the_names(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    before = {
        p.read_bytes() for p in look_through(folders, test_share=0.3).splits["testA"].values()
    }
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for index, name in enumerate(reversed(find_pictures(folders["trainA"]))):
        shutil.copy(folders["trainA"] / name, renamed / f"z{index}.png")
    picture(renamed / "new.png", 999)
    again = look_through(folders | {"trainA": renamed}, test_share=0.3).splits["testA"]
    after = {path.read_bytes() for path in again.values()}
    assert before <= after
    assert len(after - before) <= 1


def test_no_share_means_no_test_split(folders: dict[str, Path]) -> None:
    assert set(look_through(folders, test_share=0).splits) == {"trainA", "trainB"}


def test_what_is_wrong_is_found_and_left_out(folders: dict[str, Path]) -> None:
    day = folders["trainA"]
    (day / "torn.jpg").write_bytes((day / "1.png").read_bytes()[:300])
    (day / "empty.png").touch()
    (day / "notes.txt").write_text("no picture by its name")
    picture(day / "thumb.png", 500, side=63)
    picture(day / "bw.png", 501, grey=True)
    Image.open(day / "2.png").convert("RGB").save(day / "z-again.bmp")
    shutil.copy(folders["trainB"] / "3.png", day / "z-night.png")
    preparation = look_through(folders, test_share=0.2)
    assert problems(preparation) == {
        "torn.jpg": "unreadable",
        "empty.png": "unreadable",
        "thumb.png": "tiny",
        "bw.png": "grey",
        "z-again.bmp": "duplicate",
        "z-night.png": "in both domains",
        "3.png": "in both domains",
    }
    used = {path for files in preparation.splits.values() for path in files.values()}
    assert len(used) == 20 + 14
    assert {day / "2.png", day / "3.png"} <= used
    assert folders["trainB"] / "3.png" not in used
    assert preparation.counts()["unreadable"] == 2


def test_what_is_asked_for_is_kept(folders: dict[str, Path]) -> None:
    day = folders["trainA"]
    picture(day / "thumb.png", 500, side=20)
    picture(day / "bw.png", 501, grey=True)
    picture(day / "small-bw.png", 502, side=20, grey=True)
    keep: tuple[Problem, ...] = ("grey",)
    preparation = look_through(folders, test_share=0, keep=keep)
    assert {"bw.png"} == {"thumb.png", "bw.png", "small-bw.png"} & set(preparation.splits["trainA"])
    assert len(preparation.findings) == 4
    assert "thumb.png" in look_through(folders, test_share=0, least_side=20).splits["trainA"]


def test_a_picture_in_test_and_training_stays_in_the_test(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(folders["trainB"], tmp_path / "in" / "held")
    picture(tmp_path / "in" / "held" / "extra.png", 700)
    for index in range(5, 15):
        (tmp_path / "in" / "held" / f"{index}.png").unlink()
    preparation = look_through(folders | {"testB": tmp_path / "in" / "held"}, test_share=0)
    assert len(preparation.splits["testB"]) == 6
    assert len(preparation.splits["trainB"]) == 10
    assert "testA" not in preparation.splits


def test_too_few_are_an_error_that_says_where(folders: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="0 usable training pictures") as caught:
        look_through(folders, least_side=1000)
    assert str(folders["trainA"]) in str(caught.value)


@pytest.mark.parametrize("linking", ["auto", "symlink", "hardlink", "copy"])
def test_the_layout_holds_links_and_the_originals_stay(
    folders: dict[str, Path], tmp_path: Path, linking: Linking
) -> None:
    before = sorted(p for p in (tmp_path / "in").rglob("*"))
    preparation = look_through(folders, test_share=0.3)
    means = lay_out(preparation, tmp_path / "out", linking)
    assert means == ("symlink" if linking == "auto" else linking)
    for split, files in preparation.splits.items():
        assert find_pictures(tmp_path / "out" / split) == sorted(files)
        for name, original in files.items():
            place = tmp_path / "out" / split / name
            assert place.read_bytes() == original.read_bytes()
            assert place.is_symlink() == (means == "symlink")
            assert place.samefile(original) == (means != "copy")
    assert sorted(p for p in (tmp_path / "in").rglob("*")) == before
    report = json.loads((tmp_path / "out" / "prepared.json").read_text())
    assert report["counts"] == preparation.counts()


def test_links_that_are_not_allowed_become_copies(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(1, "not permitted")

    preparation = look_through(folders)
    monkeypatch.setattr(os, "symlink", refuse)
    assert lay_out(preparation, tmp_path / "hard") == "hardlink"
    monkeypatch.setattr(os, "link", refuse)
    assert lay_out(preparation, tmp_path / "copied") == "copy"
    with pytest.raises(UsageError, match="no symlink can be made here"):
        lay_out(preparation, tmp_path / "never", "symlink")
    assert not (tmp_path / "never").exists()


def test_only_what_was_prepared_is_replaced(folders: dict[str, Path], tmp_path: Path) -> None:
    preparation = look_through(folders)
    out = tmp_path / "out"
    lay_out(preparation, out)
    (out / "trainA" / "stale.png").touch()
    with pytest.raises(OutputError, match="--overwrite"):
        lay_out(preparation, out)
    lay_out(preparation, out, overwrite=True)
    assert not (out / "trainA" / "stale.png").exists()
    with pytest.raises(OutputError, match="not made by prepare"):
        lay_out(preparation, folders["trainA"], overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_a_killed_replacement_is_cleaned_up(folders: dict[str, Path], tmp_path: Path) -> None:
    preparation = look_through(folders)
    out, old = tmp_path / "out", tmp_path / ".out.old"
    lay_out(preparation, out)
    out.rename(old)
    with pytest.raises(OutputError, match="prepared before"):
        lay_out(preparation, out)
    shutil.copytree(out, old, symlinks=True)
    lay_out(preparation, out, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_a_full_disk_is_an_output_error(folders: dict[str, Path], tmp_path: Path) -> None:
    preparation = look_through(folders)
    with largest_file(10), pytest.raises(OutputError, match=r"prepared folder: .* -o"):
        lay_out(preparation, tmp_path / "out", "copy")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"prepared folder: .* -o"):
        lay_out(preparation, tmp_path / "file" / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "in"]


@pytest.mark.parametrize("linking", ["auto", "symlink", "hardlink"])
def test_a_disk_without_space_for_links_is_an_output_error(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linking: Linking
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    preparation = look_through(folders)
    monkeypatch.setattr(os, "symlink", refuse)
    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OutputError, match="no space left on device; free some space"):
        lay_out(preparation, tmp_path / "out", linking)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
