"""What a user of other programs expects of every command: short flags, messages, suggestions."""

import io
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mediatrans.cli.main import COMMANDS, run
from mediatrans.cli.messages import Wanted, messages
from tests.fork_server import mediatrans_words
from tests.media_files import write_picture

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


def mediatrans(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*mediatrans_words(), *words], capture_output=True, text=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_options_of_the_same_meaning_have_the_same_names(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    shown = capsys.readouterr().out
    for short, long in (("-y", "--overwrite"), ("-n", "--dry-run"), ("-o", "--output")):
        named = re.search(rf"^  (.*){long}\b", shown, re.MULTILINE)
        assert named is None or short in named[1]
    assert "--out PATH" not in shown.replace("--output, --out PATH", "")
    assert "-v, --verbose" in shown
    assert "--log-file" in shown


def test_y_replaces_and_n_only_shows(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("a.png"))
    Path("a-night.png").write_text("mine")
    assert run(["convert", "a.png", "--to", "night", "-n", "-y"]) == 0
    assert "(replaced)" in capsys.readouterr().out
    assert Path("a-night.png").read_text() == "mine"
    assert run(["convert", "a.png", "--to", "night"]) == 6
    assert run(["convert", "a.png", "--to", "night", "-y"]) == 0
    assert Path("a-night.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "words",
    [
        ["-v", "-v", "convert", "a.png", "--to", "night"],
        ["-v", "convert", "a.png", "--to", "night", "-v"],
        ["convert", "-vv", "a.png", "--to", "night"],
    ],
)
def test_verbosity_counts_before_and_behind_the_command(
    pair: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    write_picture(Path("a.png"))
    assert run([{"night": "dusk"}.get(word, word) for word in words]) == 4
    assert "DEBUG mediatrans: ends with ModelError" in capsys.readouterr().err
    done = mediatrans(*words)
    assert done.returncode == 0
    logged = re.findall(r"^(?:DEBUG|INFO) (\S+):", done.stderr, re.MULTILINE)
    assert all(name.startswith("mediatrans") for name in logged)


def test_without_v_only_warnings_are_shown(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "a.png", "--to", "dusk"]) == 4
    shown = capsys.readouterr().err
    assert "DEBUG" not in shown
    assert "Traceback" not in shown


def test_the_log_file_holds_everything_of_every_run(pair: Path) -> None:
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", "dusk", "--log-file", "log.txt"]) == 4
    assert run(["--log-file", "log.txt", "convert", "a.png", "--to", "dawn"]) == 4
    text = Path("log.txt").read_text()
    assert text.count("DEBUG mediatrans: ends with ModelError") == 2
    assert "dusk" in text
    assert "dawn" in text
    assert "PIL" not in text
    assert not logging.getLogger("mediatrans").handlers


def test_messages_go_to_the_standard_error_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A progress bar puts its own in place of it, and prints above itself what is written there."""
    with messages(Wanted()):
        monkeypatch.setattr(sys, "stderr", bar := io.StringIO())
        logging.getLogger("mediatrans.x").warning("film.mkv has no sound")
    assert bar.getvalue() == "WARNING: film.mkv has no sound\n"


def test_a_log_file_that_cannot_be_written_is_named(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "--log-file", "no/such/log.txt"]) == 6
    assert "no/such/log.txt" in capsys.readouterr().err
    if hasattr(os, "mkfifo"):  # it would be waited for
        os.mkfifo("pipe")
        assert run(["models", "--log-file", "pipe"]) == 6
        assert "named pipe" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["covnert", "a.png"], "convert"),
        (["export-onx"], "export-onnx"),
        (["convert", "a.png", "--overwite"], "--overwrite"),
        (["train", "--lambda-cycles", "3"], "--lambda-cycle"),
        (["models", "--jsn"], "--json"),
    ],
)
def test_a_mistyped_word_gets_a_suggestion(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], meant: str
) -> None:
    assert run(words) == 2
    shown = capsys.readouterr().err
    assert re.search(rf"Did you mean.*{meant}\b", shown)
