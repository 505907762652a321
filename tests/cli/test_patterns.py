"""Patterns among words, as the shells of Windows leave them to the program."""

from pathlib import Path

import pytest

from mediatrans.cli.main import run
from mediatrans.cli.patterns import expand_patterns
from tests.media_files import write_picture


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["convert", "*.png"], ["convert", "a.png", "b.png"]),
        (["sub/*"], ["sub/c.png"]),
        (["**/*.png"], ["a.png", "b.png", "sub/c.png"]),
        (["[ab].png", "-o", "out"], ["a.png", "b.png", "-o", "out"]),
        (["x[1].png"], ["x[1].png"]),
        (["*.jpg"], ["*.jpg"]),
        (["--to=*", "-"], ["--to=*", "-"]),
    ],
)
def test_patterns_become_files(here: Path, words: list[str], expected: list[str]) -> None:
    Path("sub").mkdir()
    for name in ("a.png", "b.png", "sub/c.png", "x[1].png"):
        Path(name).touch()
    if "x[1].png" not in words:
        Path("x[1].png").unlink()
    assert expand_patterns(words) == [str(Path(word)) for word in expected]


def test_windows_expands_them(pair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "b.png"):
        write_picture(Path(name))
    monkeypatch.setattr("sys.argv", ["mediatrans", "convert", "?.png", "--to", "night"])
    assert run() == 3  # other shells have expanded what they could
    monkeypatch.setattr("mediatrans.cli.main.sys.platform", "win32")
    assert run() == 0
    assert Path("b-night.png").exists()
