"""No command opens a socket or leaves a file outside its output, with the real runtimes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.media_files import write_clip, write_picture
from tests.training.tiny import TINY_FLAGS, write_domains

WATCHED = """
import sys
from mediatrans.cli.main import run

def watch(event, arguments):
    # The name of this machine is not looked up.
    if event.startswith("socket.") and event != "socket.gethostname":
        print("SOCKET", event, arguments)

sys.addaudithook(watch)
sys.exit(run(sys.argv[1:]))
"""

TRAIN = ["train", "red", "blue", *TINY_FLAGS]
EVALUATE = [
    "evaluate", "models/red2blue", "--a", "red", "--b", "blue", "--resamples", "100",
    "--device", "cpu", "--report", "r.json",
]  # fmt: skip
COMMANDS = {
    "convert": [
        ["convert", "in", "--to", "night", "-o", "out", "--verify", "full", "--report", "r.html"]
    ],
    "reference": [["convert", "in", "--to", "night", "-o", "out", "--device", "cpu"]],
    "train": [TRAIN, ["export-onnx"], EVALUATE],
}
STRACE = ["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto", "-e", "signal=none"]


def watched(words: list[str], home: Path) -> str:
    """What a command says on both streams; sockets of native libraries are seen by strace."""
    usual = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")}
    usual |= {name: str(home) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR")}
    traced = [*STRACE, "-o", "trace.txt"] if can_trace() else []
    done = subprocess.run(
        [*traced, sys.executable, "-c", WATCHED, *words], env=usual, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    calls = Path("trace.txt").read_text() if traced else ""
    return done.stdout + calls


def can_trace() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*STRACE, "true"], capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_uses_the_network(pair: Path, name: str) -> None:
    home = Path("elsewhere").absolute()
    home.mkdir()
    write_picture(Path("in/a.png"))
    write_clip(Path("in/b.mp4"), frames=5)
    write_domains(Path())
    for words in COMMANDS[name]:
        said = watched(words, home)
        assert "SOCKET" not in said
        # The C library asks a local service for the name of the user.
        assert "AF_INET" not in said
        assert [str(path) for path in home.rglob("*") if path.is_file()] == []
