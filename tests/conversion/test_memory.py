"""Memory that does not grow with the number of frames or pictures."""

import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from tests.media_files import write_picture
from tests.pairs import identity, recolouring, write_pair

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from Linux's /proc"),
]

TILES = ["--tile", "512", "--check-every", "0"]

# Not ru_maxrss: it begins with the memory of the process that started this one.
PEAK = """
import sys
from pathlib import Path
from mediatrans.cli.main import run
code = run(sys.argv[1:])
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])
sys.exit(code)
"""


def peak(*words: str, to: str = "night") -> int:
    """Peak resident memory of a conversion in a process of its own, in KiB."""
    command = [sys.executable, "-c", PEAK, "convert", *words, "--to", to, "--quiet"]
    done = subprocess.run([*command, "--overwrite"], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


@pytest.fixture(autouse=True)
def same(here: Path) -> Path:
    return write_pair(here / "models", forward=identity(), back=identity())


def test_of_videos() -> None:
    with av.open("clip.mp4", "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        rows, columns = np.mgrid[:240, :320]
        for index in range(3000):
            bars = ((rows + columns + 3 * index) % 256).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.dstack([bars] * 3), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    first = peak("clip.mp4", "-o", "first.mp4", "--preview", "500", "--check-every", "0")
    assert peak("clip.mp4", "-o", "all.mp4", "--check-every", "0") <= 1.1 * first


def test_of_folders() -> None:
    for index in range(2000):
        name = f"{index}.png"
        write_picture(Path("many") / name, 64, 48)
        if index < 250:
            write_picture(Path("few") / name, 64, 48)
    few = peak("few", "-o", "few-out", "--report", "few.json", "--check-every", "0")
    assert (
        peak("many", "-o", "many-out", "--report", "many.json", "--check-every", "0") <= 1.1 * few
    )


@pytest.mark.parametrize(("to", "how"), [("night", []), ("day", []), ("day", TILES)])
def test_of_a_large_picture(here: Path, to: str, how: list[str]) -> None:
    """96 megapixels in less than 2 GB: the generator's own maps, fitted ones, and tiles."""
    write_pair(here / "models", forward=recolouring(), back=identity())
    coarse = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    pixels = cv2.resize(coarse, (12000, 8000), interpolation=cv2.INTER_LINEAR)
    Image.fromarray(np.asarray(pixels, np.uint8)).save("large.jpg")
    del pixels
    words = ["large.jpg", "-o", "out.jpg", "--strength", "0.5"]
    assert 1024 * peak(*words, *how, to=to) < 2e9
    made = cv2.imread("out.jpg", cv2.IMREAD_REDUCED_COLOR_8)
    assert made is not None
    assert made.shape == (1000, 1500, 3)
