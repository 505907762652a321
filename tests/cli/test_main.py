"""The edge of the program: laziness, stdout, exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from mediatrans.cli import main
from mediatrans.cli.main import COMMANDS, run

HEAVY = {"numpy", "cv2", "onnx", "onnxruntime", "openvino", "av", "torch", "PIL"}


def python(code: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=cwd
    )


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from mediatrans.cli.main import run\n"
        "for words in sys.argv[1:]:\n"
        "    code = run(words.split())\n"
        f"    print('loaded by', words, sorted({HEAVY!r} & set(sys.modules)), code)"
    )
    asked = ["--help", "--version", *(f"{command} --help" for command in COMMANDS)]
    shown = python(code, *asked).stdout.splitlines()
    loaded = [line for line in shown if line.startswith("loaded by")]
    assert loaded == [f"loaded by {words} [] 0" for words in asked]


def test_every_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("words", [["nonsense"], ["convert"], ["convert", "x", "--to"]])
def test_bad_usage_is_2(words: list[str]) -> None:
    assert run(words) == 2


def test_what_native_code_prints_never_reaches_stdout() -> None:
    code = (
        "import os; from mediatrans.cli import main;"
        "main.run = lambda **_: (os.write(1, b'native noise'), print('answer'), 0)[-1];"
        "main.main()"
    )
    done = python(code)
    assert done.stdout == "answer\n"
    assert "native noise" in done.stderr


def test_a_bug_shows_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*args: object, **kwargs: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(main.cli, "invoke", explode)
    assert run(["models"]) == 1
    assert "RuntimeError: boom" in capsys.readouterr().err


def test_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mediatrans", "--version"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "mediatrans" in done.stdout
