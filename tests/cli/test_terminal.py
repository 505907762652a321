"""What files put on the terminal: their names and texts, never what a terminal obeys."""

import json
import re
import sys
from pathlib import Path

import pytest

from mediatrans.cli.main import run
from mediatrans.cli.terminal import fitted, json_line
from mediatrans.printable import printable
from tests.media_files import write_clip, write_picture
from tests.pairs import write_pair
from tests.terminals import on_a_terminal

HOSTILE = "a\x1b[2J\nb\x9b31m\u202e[red]\x7f"
"""Clears the screen, breaks the line, turns the text around, and is rich's markup."""
SHOWN = r"a\x1b[2J\nb\x9b31m\u202e[red]\x7f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (HOSTILE, SHOWN),
        ("Grüße aus 東京 👨\u200d👩 \u00a0.png", "Grüße aus 東京 👨\u200d👩 \u00a0.png"),
        ("bytes \udcff that are not UTF-8", r"bytes \udcff that are not UTF-8"),
        ("\r\t\0", r"\r\t\x00"),
    ],
)
def test_control_characters_are_escaped_and_nothing_else(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_json_stays_json() -> None:
    row = {"input": HOSTILE, "name": "Grüße \udcff"}
    line = json_line(row)
    assert json.loads(line) == row
    assert line.isprintable()
    assert "Grüße" in line


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--dry-run"],
        ["--json"],
        ["--dry-run", "--json"],
        ["--quiet", "-o", "night.gif"],
        ["--no-such-flag\x1b[2J"],
        ["--fail-under", "psnr=90"],
    ],
)
def test_a_hostile_file_name_reaches_no_terminal(
    pair: Path, words: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = Path(HOSTILE)
    folder.mkdir()
    write_clip(folder / f"{HOSTILE}.mp4")
    write_picture(folder / f"{HOSTILE}.png")
    (folder / f"bad{HOSTILE}.png").write_bytes(b"no picture")
    assert run(["convert", folder.name, "--to", "night", *words]) != 1
    shown = b"".join(capfdbinary.readouterr()).decode()
    assert shown
    assert "Traceback" not in shown
    assert not [line for line in shown.split("\n") if not line.isprintable()]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")
def test_a_hostile_model_reaches_no_terminal(
    here: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    pair = write_pair(Path("models"))
    card = (pair / "card.toml").read_text()
    (pair / "card.toml").write_text(card.replace('name = "day2night"', 'name = "[red]pair"'))
    (Path("models") / HOSTILE).mkdir()
    (Path("models") / HOSTILE / "card.toml").write_text("broken")
    write_picture(Path("a.png"))
    for words in (["models"], ["models", "--json"], ["convert", "a.png", "--to", "night"]):
        code = run(words)
        shown = b"".join(capfdbinary.readouterr()).decode()
        assert code == 0, shown
        assert "--json" in words or "[red]pair" in shown
        assert r"\x1b[2J" in shown or r"\u001b[2J" in shown
        assert not [line for line in shown.split("\n") if not line.isprintable()]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals of this kind")
def test_nothing_hostile_reaches_a_pseudo_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pair = write_pair(Path("models"))
    card = (pair / "card.toml").read_text()
    (pair / "card.toml").write_text(card.replace('name = "day2night"', 'name = "[/red]pair"'))
    folder = Path(HOSTILE)
    folder.mkdir()
    write_clip(folder / f"{HOSTILE}.mp4", frames=40)
    write_picture(folder / f"{HOSTILE}.png")
    (folder / f"bad{HOSTILE}.png").write_bytes(b"no picture")
    code, shown = on_a_terminal("convert", folder.name, "--to", "night")
    assert code == 3
    assert "[/red]pair" in shown
    assert "Traceback" not in shown
    assert r"a\x1b[2J\nb" in shown
    for raw in ("\x1b[2J", "\x9b31m", "\u202e"):
        assert raw not in shown


def test_a_line_is_broken_between_words_at_the_width_of_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = "in/" + "x" * 60 + ".png"
    line = f"ok      good: like the card's pictures, {path} -> out/a-b.png, cycle 23.07 dB"
    assert fitted(line, is_terminal=False) == line
    first, *others = fitted(line, is_terminal=True).split("\n")
    assert first.startswith("ok      good")
    assert all(other.startswith(" " * 8) and other[8] != " " for other in others)
    assert [other.strip() for other in (first, *others) if len(other) > 40] == [path]
    words = " ".join([first, *others]).split()
    assert words == line.split()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
def test_results_fit_a_terminal_of_80_columns(pair: Path) -> None:
    write_picture(Path("a folder/a picture with a name of its own.png"))
    Path("a folder/bad.png").write_text("no picture")
    code, shown = on_a_terminal("convert", "a folder", "--to", "night", columns=80)
    assert code == 3
    shown = re.sub(r"[^\n]*(\r|\x1b\[2K)", "", shown.replace("\r\n", "\n"))  # drawn over
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).splitlines()]
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("ok      ") for line in lines)
    assert any(line.startswith("failed  ") for line in lines)
