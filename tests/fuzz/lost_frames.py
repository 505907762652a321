"""The search for damaged videos whose output has fewer frames, and no word says so.

    python -m tests.fuzz.lost_frames --files 2000 --seed 1

A run is repeated by its seed. Frames are counted by the second FFmpeg.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from PIL import Image

from mediatrans.conversion.manifest import MANIFEST_NAME
from tests.fuzz.harness import Harness
from tests.fuzz.mutations import make_case
from tests.media.ffmpeg_clips import ffmpeg, picture, shown_frames, sound
from tests.pairs import identity, write_pair

__all__ = ["Findings", "hunt"]

WITH_SOUND = {
    "mp4": "-c:v libx264 -c:a aac",
    "mov": "-c:v mjpeg -c:a pcm_s16le",
    "3gp": "-c:v h263 -s 128x96 -c:a aac",
    "mkv": "-c:v libx264 -c:a aac",
    "webm": "-c:v libvpx-vp9 -c:a libopus",
    "avi": "-c:v mpeg4 -c:a mp3",
    "ts": "-c:v mpeg2video -c:a mp2",
    "m2ts": "-c:v libx264 -c:a ac3",
    "wmv": "-c:v wmv2 -c:a wmav2",
    "flv": "-c:v flv -c:a mp3",
    "ogv": "-c:v libtheora -c:a libvorbis",
    "nut": "-c:v mpeg4 -c:a mp3",
    "mxf": "-c:v mpeg2video -c:a pcm_s16le -ar 48000",
}
SILENT = {
    "ivf": "-c:v libvpx-vp9",
    "y4m": "",
    "gif": "",
    "apng": "-c:v apng -f apng",
    "mjpeg": "-c:v mjpeg",
    "obu": "-c:v libaom-av1 -cpu-used 8",
    "dv": "-s 720x576 -pix_fmt yuv420p",
}
UNCOUNTED = {
    "mpg": "-c:v mpeg2video",
    "m2v": "-c:v mpeg2video",
    "264": "-c:v libx264",
    "hevc": "-c:v libx265 -x265-params log-level=error",
}
"""Formats that say neither how long they are nor how many frames they hold."""

_SAID = ("damaged", "missing", "lost", "repaired")


@dataclass(slots=True)
class Findings:
    """What a search has found.

    Attributes:
        files: The number of damaged files.
        refused: How many of them were refused.
        unsaid: How each file was made that lost frames without a word.
        unsaid_uncounted: The same of formats that say nothing of their length.
        wrong: Tracebacks, deaths, hangs and wrong exit codes.
    """

    files: int = 0
    refused: int = 0
    unsaid: list[str] = field(default_factory=list)
    unsaid_uncounted: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """The figures, and every finding on a line."""
        figures = (
            f"{self.files} damaged files: {self.refused} refused, {len(self.unsaid)} with fewer "
            f"frames and no word, and {len(self.unsaid_uncounted)} of formats without a length"
        )
        return "\n".join([figures, *self.wrong, *self.unsaid, *self.unsaid_uncounted])


def clips(folder: Path) -> dict[str, bytes]:
    """A clip of ten frames by suffix."""
    made = {}
    for name, options in (WITH_SOUND | SILENT | UNCOUNTED).items():
        path = folder / f"seed.{name}"
        heard = sound(0.4) if name in WITH_SOUND else ()
        ffmpeg(*picture(0.4, "64x48"), *heard, "-g", "5", *options.split(), path)
        made[path.suffix] = path.read_bytes()
    frames = [Image.linear_gradient("L").resize((64, 48)).rotate(9 * turn) for turn in range(10)]
    path = folder / "seed.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=40)
    return made | {path.suffix: path.read_bytes()}


def frames_of(path: Path) -> int:
    """The number of frames that another program sees in a video."""
    if path.suffix == ".webp":  # which FFmpeg 8 does not read
        with Image.open(path) as opened:
            return int(getattr(opened, "n_frames", 1))
    return shown_frames(path)


def hunt(folder: Path, files: int, seed: int) -> Findings:
    """Damage files of every format, convert them and compare the numbers of frames.

    Args:
        folder: An empty folder for the files.
        files: About how many: the same number of each format.
        seed: Decides what is damaged, and how.
    """
    write_pair(folder / "models", forward=identity(), back=identity())
    findings, seeds = Findings(), clips(folder)
    with Harness(folder) as harness:
        for suffix, content in sorted(seeds.items()):
            random = Random(f"{seed} {suffix}")
            frames = frames_of(folder / f"seed{suffix}")
            assert frames >= 7
            for _ in range(-(-files // len(seeds))):
                _judge(harness, folder, {suffix: content}, random, frames, findings)
        findings.wrong = harness.findings
    return findings


def _judge(
    harness: Harness,
    folder: Path,
    seed: Mapping[str, bytes],
    random: Random,
    frames: int,
    findings: Findings,
) -> None:
    """Convert a damaged file, and note it if frames are lost without a word."""
    case = make_case(seed, random)
    path, out = folder / f"case{case.suffix}", folder / "out"
    out.mkdir()
    path.write_bytes(case.content)
    words = ["convert", path.name, "--to", "night", "-o", "out/", "--threads", "1"]
    answer = harness.judge({"kind": "cli", "words": words}, case.made, {0, 3})
    findings.files += 1
    if answer is not None:
        findings.refused += answer["code"] == 3
        made = [file for file in out.iterdir() if file.name != MANIFEST_NAME]
        is_said = any(word in answer["said"] for word in _SAID)
        if answer["code"] == 0 and not is_said and (found := frames_of(made[0])) < frames:
            is_uncounted = case.suffix[1:] in UNCOUNTED
            unsaid = findings.unsaid_uncounted if is_uncounted else findings.unsaid
            unsaid.append(f"{case.made}: {found} of {frames} frames")
    shutil.rmtree(out)
    path.unlink()


def main() -> None:
    """Search, and print the figures and the findings."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=2000, help="about how many files (2000)")
    parser.add_argument("--seed", type=int, default=1, help="decides what is damaged (1)")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{hunt(Path(folder), wanted.files, wanted.seed)}\n")


if __name__ == "__main__":
    main()
