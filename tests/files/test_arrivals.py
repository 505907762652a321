"""Files that arrive in a folder: when they are handed over, and what is left out."""

import os
import sys
from pathlib import Path

import pytest

from mediatrans.errors import InputError
from mediatrans.files.arrivals import Arrivals, has_writer


def arrivals(idle_s: float | None = None) -> Arrivals:
    folder = Path("in")
    return Arrivals(folder, lambda path: path.suffix == ".png", settle_s=0.0, idle_s=idle_s)


def write(name: str, content: bytes = b"picture") -> Path:
    path = Path("in", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def needs_leases(path: Path) -> None:
    if has_writer(path) is None:
        pytest.skip("this system does not tell who writes to a file")


def test_what_is_there_is_handed_over_once(here: Path) -> None:
    wanted = [write(name) for name in ("a.png", "sub/b.png")]
    for name in ("c.txt", ".hidden.png", ".d.part.png", "@eaDir/e.png"):
        write(name)
    write("empty.png", b"")
    assert list(arrivals(idle_s=0.0)) == [wanted]


def test_very_many_files_come_in_parts(here: Path) -> None:
    wanted = {write(f"{index}.png") for index in range(1600)}
    parts = list(arrivals(idle_s=0.0))
    assert all(len(part) <= 500 for part in parts)
    found = [path for part in parts for path in part]
    assert len(found) == 1600
    assert set(found) == wanted


def test_what_comes_later_is_handed_over(here: Path) -> None:
    write("a.png")
    found = iter(arrivals())
    assert next(found) == [Path("in/a.png")]
    write("b.png")
    assert next(found) == [Path("in/b.png")]
    write("b.png", b"another picture")
    assert next(found) == [Path("in/b.png")]
    Path("elsewhere/sub").mkdir(parents=True)
    Path("elsewhere/sub/c.png").write_bytes(b"picture")
    Path("elsewhere").rename("in/moved")
    assert next(found) == [Path("in/moved/sub/c.png")]
    Path("in/.d.png.tmp").write_bytes(b"picture")
    Path("in/.d.png.tmp").rename("in/d.png")
    assert next(found) == [Path("in/d.png")]


def test_a_file_that_somebody_writes_to_waits(here: Path) -> None:
    needs_leases(write("a.png"))
    with Path("in/half.png").open("wb", buffering=0) as file:
        file.write(b"half of ")
        found = iter(arrivals())
        assert next(found) == [Path("in/a.png")]
        write("b.png")
        assert next(found) == [Path("in/b.png")]
        file.write(b"a picture")
    assert next(found) == [Path("in/half.png")]


def test_a_writer_is_told(here: Path) -> None:
    path = write("a.png")
    needs_leases(path)
    with path.open("ab"):
        assert has_writer(path) is True
    with path.open("rb"):
        assert has_writer(path) is False
    assert has_writer(Path("in/missing.png")) is None


def test_a_file_that_grows_waits_until_it_stays_as_it_is(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without help from the system, only size and time tell."""
    path = write("slow.png")
    now_s = 0

    def later() -> int:
        nonlocal now_s
        now_s += 1
        if now_s < 12:
            with path.open("ab") as file:
                file.write(b" more")
        return now_s

    monkeypatch.setattr("mediatrans.files.arrivals.has_writer", lambda path: None)
    monkeypatch.setattr("mediatrans.files.arrivals.time.monotonic", later)
    found = iter(Arrivals(Path("in"), lambda path: True, settle_s=4.0))
    assert next(found) == [path]
    assert now_s >= 12 + 4


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names are Unicode there")
def test_a_name_that_is_no_text_ends_nothing(here: Path) -> None:
    write("a.png")
    found = iter(arrivals())
    assert next(found) == [Path("in/a.png")]
    odd = Path(os.fsdecode(b"in/\xff.png"))
    odd.write_bytes(b"picture")
    assert next(found) == [odd]


def test_a_folder_that_is_missing_or_removed_is_an_error(here: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        next(iter(arrivals()))
    write("a.png")
    found = iter(arrivals())
    assert next(found) == [Path("in/a.png")]
    Path("in/a.png").unlink()
    Path("in").rmdir()
    with pytest.raises(InputError, match="no such folder"):
        next(found)
