"""The atomic write."""

import errno
from pathlib import Path

import pytest

from mediatrans.errors import OutputError
from mediatrans.files.publish import part_path, publishing


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


def test_a_folder_in_the_way_of_the_file_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="folder stands"), publishing(tmp_path / "a.png"):
        pass


def test_the_part_name_is_hidden_and_keeps_the_suffix() -> None:
    assert part_path(Path("x/summer.tar.mp4")) == Path("x/.summer.tar.part.mp4")
