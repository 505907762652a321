"""Pictures and videos whose opening blocks are given up after the limit; the others are converted.

The limit is an option of the library; its default is 60 s.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.blocked_files import blocked
from tests.fork_server import python_words
from tests.media_files import write_clip, write_picture

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs leases on files")

LIMITED = """
from pathlib import Path
from mediatrans import ConvertOptions, convert
options = ConvertOptions(output=Path("out"), reader_limit_s=1.0, check_every=0, device="cpu")
report = convert("in", "night", options)
print([(row.input.name, row.status) for row in report.jobs])
print(*(row.error for row in report.jobs))
raise SystemExit(int(report.exit_code))
"""
LEASE_S = 40
"""Less than what the system gives the holder of a lease to end it."""


@pytest.mark.parametrize(
    "name",
    [
        "b.jpg",
        "b.png",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("b.gif", "b.tif", "b.mp4")),
    ],
)
def test_what_blocks_is_given_up(pair: Path, name: str) -> None:
    """A PNG and a GIF are opened when the run is planned, to see whether they are animated."""
    path = Path("in", name)
    for whole in ("a.jpg", "c.png"):
        write_picture(Path("in", whole))
    write_clip(path, frames=5) if path.suffix == ".mp4" else write_picture(path)
    with blocked(path):
        begun_s = time.monotonic()
        done = subprocess.run([*python_words(), "-c", LIMITED], capture_output=True, text=True)
        took_s = time.monotonic() - begun_s
    assert done.returncode == 3, done.stderr
    assert f"[('a.jpg', 'ok'), ('{name}', 'failed'), ('c.png', 'ok')]" in done.stdout
    assert f"in/{name}: the decoder hangs: no frame for 1 s" in done.stdout
    assert took_s < LEASE_S
    assert not list(Path("out").glob(".*.part*"))
