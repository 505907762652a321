"""The atomic write."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mediatrans.errors import OutputError
from mediatrans.files.publish import (
    output_errors,
    part_path,
    publishing,
    publishing_folder,
    recover_folder,
)


def fail_midway(final: Path, error: BaseException) -> None:
    with publishing(final) as part:
        part.write_bytes(b"half")
        raise error


def test_a_file_appears_whole_with_its_folders(tmp_path: Path) -> None:
    final = tmp_path / "new" / "folder" / "a.png"
    with publishing(final) as part:
        part.write_bytes(b"whole")
        assert not final.exists()
        assert part.suffix == ".png"
    assert final.read_bytes() == b"whole"
    assert list(final.parent.iterdir()) == [final]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    final = tmp_path / "a.png"
    final.write_bytes(b"older")
    with pytest.raises(error):
        fail_midway(final, error())
    assert final.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(errno.ENOSPC, "free some space"), (errno.EACCES, "may write to"), (errno.EROFS, "read-only")],
)
def test_a_system_error_names_the_file_and_the_remedy(
    tmp_path: Path, code: int, remedy: str
) -> None:
    final = tmp_path / "a.png"
    with pytest.raises(OutputError, match=remedy) as caught:
        fail_midway(final, OSError(code, "said the system"))
    assert caught.value.path == final
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_of_a_folder_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError), publishing(tmp_path / "file" / "a.png"):
        pass


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_folder_that_takes_no_files_is_not_called_removed() -> None:
    place = Path("/proc/x.jpg")
    with pytest.raises(OutputError, match="no file can be made") as failed, publishing(place):
        pass
    assert "taken away" not in str(failed.value)


def test_a_folder_that_is_removed_meanwhile_is_named(tmp_path: Path) -> None:
    final = tmp_path / "out" / "a.png"
    with pytest.raises(OutputError, match="taken away"), publishing(final):
        shutil.rmtree(final.parent)


def test_a_folder_in_the_way_of_the_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="folder stands"), publishing(tmp_path / "a.png"):
        pass


def test_the_part_name_is_hidden_and_keeps_the_suffix() -> None:
    assert part_path(Path("x/summer.tar.mp4")) == Path("x/.summer.tar.part.mp4")


def test_the_file_before_is_kept_under_its_name(tmp_path: Path) -> None:
    final, earlier = tmp_path / "latest.pt", tmp_path / "previous.pt"
    for text in ("1", "2", "3"):
        with publishing(final, earlier=earlier) as part:
            part.write_text(text)
    assert (final.read_text(), earlier.read_text()) == ("3", "2")
    with pytest.raises(ValueError, match="midway"), publishing(final, earlier=earlier) as part:
        raise ValueError("midway")
    assert (final.read_text(), earlier.read_text()) == ("3", "2")


def test_an_error_says_what_and_the_remedy_that_it_was_given(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        pytest.raises(OutputError) as failed,
        output_errors(tmp_path, what="the notes", remedy="buy a disk"),
    ):
        raise full
    assert str(failed.value) == (
        f"{tmp_path}: cannot write the notes: no space left on device; buy a disk"
    )


def fill(folder: Path, text: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "file").write_text(text)


def content(folder: Path) -> str:
    return (folder / "sub" / "file").read_text()


def test_a_folder_appears_whole_and_replaces_the_one_before(tmp_path: Path) -> None:
    final = tmp_path / "new" / "model"
    for text in ("first", "second"):
        with publishing_folder(final) as part:
            fill(part, text)
            assert not final.exists() or content(final) == "first"
        assert content(final) == text
        assert list(final.parent.iterdir()) == [final]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_an_error_leaves_the_folder_that_was_there(
    tmp_path: Path, error: type[BaseException]
) -> None:
    final = tmp_path / "model"
    with publishing_folder(final) as part:
        fill(part, "first")

    def fail() -> None:
        with publishing_folder(final) as part:
            fill(part, "second")
            raise error

    with pytest.raises((error, OutputError)):
        fail()
    assert content(final) == "first"
    assert list(tmp_path.iterdir()) == [final]


class Killed(BaseException):
    """The end of the process: nothing is cleaned up after it."""


@pytest.mark.parametrize("at", range(6))
def test_a_kill_at_any_rename_or_removal_is_cleaned_up_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    final = tmp_path / "model"
    with publishing_folder(final) as part:
        fill(part, "first")
    calls = 0

    def counted(plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > at:  # from here on nothing is done any more, the clean-up included
                raise Killed
            return plain(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", counted(Path.rename))
        patch.setattr(shutil, "rmtree", counted(shutil.rmtree))
        try:
            with publishing_folder(final) as part:
                fill(part, "second")
        except Killed:
            pass
    recover_folder(final)
    assert content(final) in ("first", "second")
    with publishing_folder(final) as part:
        fill(part, "third")
    assert content(final) == "third"
    assert list(tmp_path.iterdir()) == [final]


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"), publishing_folder(tmp_path / "file" / "model"):
        pass


def test_a_failing_last_rename_puts_the_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = tmp_path / "model"
    with publishing_folder(final) as part:
        fill(part, "first")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name.endswith(".part"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="no space"), publishing_folder(final) as part:
        fill(part, "second")
    assert content(final) == "first"
    assert list(tmp_path.iterdir()) == [final]


def test_a_linked_folder_is_replaced_and_its_target_left(tmp_path: Path) -> None:
    target, final = tmp_path / "elsewhere", tmp_path / "model"
    target.mkdir()
    fill(target, "mine")
    final.symlink_to(target)
    with publishing_folder(final) as part:
        fill(part, "new")
    assert (content(final), content(target)) == ("new", "mine")
    assert not final.is_symlink()
