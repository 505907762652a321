"""Names beside an output, whatever its own name is."""

import os
from pathlib import Path

import pytest

from mediatrans.files.names import is_too_long, name_beside
from mediatrans.files.publish import is_part, part_path, publishing, publishing_folder


@pytest.mark.parametrize("stem", ["x" * 251, "ü" * 125, "\udcff" * 251, "summer"])
def test_part_names_are_names(tmp_path: Path, stem: str) -> None:
    final = tmp_path / f"{stem}.png"
    part = part_path(final)
    assert len(os.fsencode(part.name)) <= 255
    assert part.suffix == ".png"
    assert is_part(part)
    with publishing(final) as place:
        place.write_bytes(b"content")
    assert [path.name for path in tmp_path.iterdir()] == [final.name]


def test_long_names_have_parts_of_their_own() -> None:
    names = {part_path(Path(f"{letter}{'x' * 250}.png")).name for letter in "ab"}
    assert len(names) == 2
    assert name_beside("summer.mp4", ".part", hidden=True) == ".summer.mp4.part"


def test_a_folder_with_a_long_name_is_published(tmp_path: Path) -> None:
    final = tmp_path / ("x" * 255)
    for content in (b"one", b"two"):
        with publishing_folder(final) as part:
            (part / "file").write_bytes(content)
    assert (final / "file").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == [final.name]


def test_what_is_too_long(tmp_path: Path) -> None:
    assert is_too_long(tmp_path / ("x" * 256))
    assert not is_too_long(tmp_path / ("x" * 255))
    assert not is_too_long(tmp_path / "absent")
