"""One signal ends a run with 130 or 143, at every moment, within seconds; nothing is half made."""

import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.blocked_files import blocked
from tests.child_processes import Child
from tests.media_files import write_clip, write_picture

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")

MOMENTS = 200
WORDS = ["convert", "in", "--to", "night", "-o", "out"]
# Before the program has control, Python itself is ended by the signal: for a shell that is the
# same code.
CODES = {signal.SIGINT: (130, -signal.SIGINT), signal.SIGTERM: (143, -signal.SIGTERM)}

# A signal in the few milliseconds before is Python's own, which may end with exit code 1.
FROM_THE_FIRST_LINE = """
import signal
from mediatrans.__main__ import main
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
main()
"""


ENDS_LATE = """
import os, signal, sys
import mediatrans.cli.main as program

def run(interrupts):
    try:
        os.kill(os.getpid(), int(sys.argv[1]))
    finally:
        os.kill(os.getpid(), int(sys.argv[1]))
        if sys.argv[2] == "error":
            raise RuntimeError("release unlocked lock")

program.run = run
program.main()
"""


def start(words: list[str]) -> Child[str]:
    return Child(
        [sys.executable, "-m", "mediatrans", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def signalled(count: int) -> str | None:
    """Start a run and send it a signal; returns what is wrong with its end, or None.

    Half of the signals come twice, as from somebody impatient.
    """
    moments = random.Random(count)
    number = (signal.SIGINT, signal.SIGTERM)[count % 2]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, CODES)
    try:
        started = Child(
            [sys.executable, "-c", FROM_THE_FIRST_LINE, *WORDS[:-1], f"out{count}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with started as process:
        time.sleep(moments.uniform(0.0, 2.0))
        sent_s = time.monotonic()
        if process.poll() is None:
            process.send_signal(number)
        if count % 4 < 2:
            time.sleep(moments.uniform(0.0, 0.05))
            process.send_signal(number)
        said = process.communicate()[1]
        took_s = time.monotonic() - sent_s
    if process.returncode not in CODES[number] or "this is a bug" in said or took_s > 8:
        return f"signal {count}: exit code {process.returncode} after {took_s:.1f} s: {said}"
    return None


@pytest.mark.slow
def test_signals_spread_over_the_first_two_seconds(pair: Path) -> None:
    for index in range(8):
        write_picture(Path(f"in/{index}.png"), 320, 240)
    write_clip(Path("in/clip.mp4"), frames=2000)
    with ThreadPoolExecutor(3) as pool:
        problems = [problem for problem in pool.map(signalled, range(MOMENTS)) if problem]
    assert problems == []
    assert list(Path().rglob(".*.part.*")) == []


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("b.jpg", signal.SIGINT),
        ("b.png", signal.SIGTERM),
        pytest.param("b.jpg", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("b.png", signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_one_signal_ends_a_run_that_waits_for_a_disk(
    pair: Path, name: str, number: signal.Signals
) -> None:
    """A JPEG is opened to be read, a PNG already to see whether it is animated."""
    write_picture(Path("in/a.jpg"))
    write_picture(Path("in", name))
    with blocked(Path("in", name)) as opened, start(WORDS) as process:
        opened.get(timeout=100)
        sent_s = time.monotonic()
        process.send_signal(number)
        said = process.communicate()[1]
        assert time.monotonic() - sent_s < 5.5
    assert process.returncode in CODES[number]
    assert "Traceback" not in said
    assert "interrupted" in said
    assert not list(Path().rglob(".*.part.*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("word", ["error", "signal"])
def test_two_signals_while_the_end_is_shown(number: signal.Signals, word: str) -> None:
    words = [sys.executable, "-c", ENDS_LATE, str(int(number)), word]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 128 + number
    assert "Traceback" not in done.stderr


def test_a_signal_that_the_parent_ignores_stays_ignored(pair: Path) -> None:
    Path("in").mkdir()
    write_clip(Path("in/clip.mp4"), frames=100)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        started = start(WORDS)
    finally:
        signal.signal(signal.SIGINT, before)
    with started as process:
        for _ in range(20):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        process.communicate()
    assert process.returncode == 0
