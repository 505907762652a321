"""Damaged videos of every format: an output with fewer frames is never passed off as a whole one.

The cases are the same in every run. Frames are counted by the second FFmpeg.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from mediatrans.conversion.manifest import MANIFEST_NAME
from tests.fuzz.harness import Harness
from tests.fuzz.mutations import make_case
from tests.media.ffmpeg_clips import ffmpeg, picture, shown_frames, sound
from tests.pairs import identity, write_pair

pytestmark = pytest.mark.slow

WITH_SOUND = {
    "mp4": "-c:v libx264 -c:a aac",
    "mov": "-c:v mjpeg -c:a pcm_s16le",
    "mkv": "-c:v libx264 -c:a aac",
    "webm": "-c:v libvpx-vp9 -c:a libopus",
    "avi": "-c:v mpeg4 -c:a mp3",
    "ts": "-c:v mpeg2video -c:a mp2",
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
}
CASES = 40
"""Damaged files of each format."""

MOST_UNSAID = 0.01
"""The share of cases that may pass without a word: GIF, NUT and raw streams hold no checksums."""


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    write_pair(tmp_path / "models", forward=identity(), back=identity())
    with Harness(tmp_path) as harness:
        yield harness


def clips(folder: Path) -> dict[str, bytes]:
    """A clip of ten frames by suffix."""
    made = {}
    for name, options in (WITH_SOUND | SILENT).items():
        path = folder / f"seed.{name}"
        heard = sound(0.4) if name in WITH_SOUND else ()
        ffmpeg(*picture(0.4, "64x48"), *heard, "-g", "5", *options.split(), path)
        made[path.suffix] = path.read_bytes()
    return made


def test_lost_frames_are_told_of(harness: Harness, tmp_path: Path) -> None:
    unsaid: list[str] = []
    codes: Counter[tuple[str, int]] = Counter()
    random = Random(20)
    for suffix, content in clips(tmp_path).items():
        seed = tmp_path / f"seed{suffix}"
        seed.write_bytes(content)
        frames = shown_frames(seed)
        assert frames >= 7
        for _ in range(CASES):
            judge(harness, tmp_path, {suffix: content}, random, frames, unsaid, codes)
    total = CASES * len(WITH_SOUND | SILENT)
    refused = sum(number for (_, code), number in codes.items() if code == 3)
    figures = f"{total} damaged files: {refused} refused, {len(unsaid)} with fewer frames, no word"
    logging.getLogger(__name__).info("%s\n%s", figures, "\n".join(unsaid))
    assert not harness.findings, "\n".join(harness.findings)
    assert len(unsaid) <= MOST_UNSAID * total, "\n".join(unsaid)
    # Damage that nothing survives, or that nothing notices, would prove little.
    assert total // 4 < refused < total - total // 20


def judge(
    harness: Harness,
    folder: Path,
    seed: Mapping[str, bytes],
    random: Random,
    frames: int,
    unsaid: list[str],
    codes: Counter[tuple[str, int]],
) -> None:
    """Convert a damaged file, and note it if frames are lost without a word."""
    case = make_case(seed, random)
    path, out = folder / f"case{case.suffix}", folder / "out"
    out.mkdir()
    path.write_bytes(case.content)
    words = ["convert", path.name, "--to", "night", "-o", "out/", "--threads", "1"]
    answer = harness.judge({"kind": "cli", "words": words}, case.made, {0, 3})
    if answer is not None:
        codes[case.suffix, answer["code"]] += 1
        made = [file for file in out.iterdir() if file.name != MANIFEST_NAME]
        is_said = any(word in answer["said"] for word in ("damaged", "missing", "lost", "repaired"))
        if answer["code"] == 0 and not is_said and shown_frames(made[0]) < frames:
            unsaid.append(f"{case.made}: {shown_frames(made[0])} of {frames} frames")
    shutil.rmtree(out)
    path.unlink()
