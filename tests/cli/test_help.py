"""The help texts: whole, with examples that work, and the reference that is made of them."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

import mediatrans
from mediatrans.cli.command import Command
from mediatrans.cli.main import COMMANDS, cli, run
from mediatrans.cli.reference import reference
from tests.fork_server import mediatrans_words
from tests.media_files import write_picture
from tests.terminals import on_a_terminal

PAGE = Path(mediatrans.__file__).parent.parent / "docs" / "cli.md"


def command_of(name: str) -> Command:
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, Command)
    return command


@pytest.mark.parametrize("columns", ["50", "80"])
def test_no_summary_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run(["--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "..." not in shown.replace("[ARGS]...", "")
    for name in COMMANDS:
        summary = command_of(name).short_help
        assert summary is not None
        assert f"{name} {summary}" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_examples_that_the_command_accepts(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    ends = capsys.readouterr().out.partition("\nExamples:\n")[2]
    assert ends.count(f"mediatrans {name}") == len(command_of(name).examples) > 0
    for line, meaning in command_of(name).examples:
        assert line in ends
        assert meaning.endswith(".")
        words = shlex.split(line.partition(" < ")[0].partition(" > ")[0])
        with command_of(words[0]).make_context(words[0], words[1:], obj=words) as context:
            assert not context.args


def test_the_reference_is_that_of_the_commands() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "write it anew with: make docs"


def test_the_reference_is_printed_as_a_program_and_at_any_width() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mediatrans.cli.reference"],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"COLUMNS": "40"},
        check=True,
    )
    assert done.stdout == reference()
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(here: Path, shell: str) -> None:
    script = subprocess.run(
        [*mediatrans_words(), "completion", shell], capture_output=True, text=True, check=True
    ).stdout
    variable = "_MEDIATRANS_COMPLETE"
    assert f"{variable}={shell}_complete" in script
    for typed, words, found in (
        ("exp", "mediatrans exp", "export-onnx"),
        ("--over", "mediatrans convert --over", "--overwrite"),
        ("f", "mediatrans convert --verify f", "full"),
    ):
        place = str(len(words.split()) - 1)
        asked = {variable: f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": place}
        if shell == "fish":
            asked["COMP_CWORD"] = typed
        done = subprocess.run(
            mediatrans_words(), capture_output=True, text=True, env=os.environ | asked, check=True
        )
        assert found in done.stdout
        assert "\\t" not in script + done.stdout  # what a shell would show as it is


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == 2
    assert "bash" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colours_in_a_pipe_are_asked_for(
    pair: Path, environment: dict[str, str], is_coloured: bool
) -> None:
    write_picture(Path("in/a.png"))
    Path("in/bad.png").write_text("no picture")
    clean = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "NO_COLOR")}
    done = subprocess.run(
        [*mediatrans_words(), "convert", "in", "--to", "night"],
        capture_output=True,
        text=True,
        env=clean | {"TERM": "xterm"} | environment,
    )
    assert done.returncode == 3
    assert ("\x1b[31m" in done.stderr) == is_coloured
    assert "\x1b[?25l" not in done.stderr  # the cursor is hidden while a bar is drawn


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
def test_a_terminal_without_colours_has_a_bar_all_the_same(pair: Path) -> None:
    write_picture(Path("in/a.png"))
    Path("in/bad.png").write_text("no picture")
    for value, is_coloured in (("1", False), ("", True)):
        code, shown = on_a_terminal("convert", "in", "--to", "night", "-y", NO_COLOR=value)
        assert code == 3
        assert ("\x1b[31m" in shown) == is_coloured
        assert "\x1b[?25l" in shown
