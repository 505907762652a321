"""The batch size of a run: what auto chooses changes no byte, and leaves pictures alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mediatrans import ConvertOptions, Report, convert
from mediatrans.conversion.batches import Batches
from mediatrans.conversion.workshop import Workshop
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.zoo.find import find
from tests.conversion.long_videos import SEGMENT, packets, same
from tests.conversion.stand_ins import Greying
from tests.conversion.stopping import Stopping
from tests.media.clips import write_clip
from tests.media_files import write_picture
from tests.pairs import darkening, identity, write_pair


class Streams(Greying):
    """An engine that computes a lone picture otherwise than those of a batch, as OpenVINO does."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (2, 4)

    def run(self, images: Pixels) -> Generated:
        self.counts.append(len(images))
        return Generated(images // 2 + 9 * (len(images) == 1))


def still_at_times(index: int, width: int, height: int) -> Pixels:
    """Noise in which every third frame repeats the one before, and frames 30 to 39 are equal."""
    shown = 30 if 30 <= index < 40 else index - (index % 3 == 2)
    random = np.random.default_rng(shown)
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def film(here: Path) -> Path:
    write_pair(here / "models", forward=darkening(), back=identity())
    return write_clip(Path("day.mkv"), range(0, 53 * 40, 40), draw=still_at_times)


def made(film: Path, output: str, observer: Any = None, **how: Any) -> tuple[Report, Streams]:
    engine = Streams()
    options = ConvertOptions(output=Path(output), segment_frames=SEGMENT, check_every=5, **how)
    workshop = Workshop(
        find("night"), options, engine_opener=lambda path, *, device, threads, precision: engine
    )
    return convert(film, "night", observer=observer, workshop=workshop), engine


def test_auto_gives_the_bytes_of_every_size_from_two_up(film: Path) -> None:
    report, engine = made(film, "auto.mkv")
    assert {2, max(engine.counts)} > {2}  # both sizes had their turns
    reference = packets(Path("auto.mkv"))
    for size in (2, 3, 4, SEGMENT):
        other, _ = made(film, f"{size}.mkv", batch_size=size)
        assert packets(Path(f"{size}.mkv")) == reference
        assert same(other, report)
    made(film, "alone.mkv", batch_size=1)
    assert packets(Path("alone.mkv")) != reference


def test_a_video_is_resumed_wherever_its_batches_began(film: Path) -> None:
    reference, _ = made(film, "whole.mkv")
    for at in (3, 20, 29, 45):
        with pytest.raises(KeyboardInterrupt):
            made(film, "made.mkv", Stopping(at))
    report, _ = made(film, "made.mkv")
    assert same(report, reference)
    assert packets(Path("made.mkv")) == packets(Path("whole.mkv"))


def test_auto_translates_pictures_one_by_one(here: Path) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    for name in "abcde":
        write_picture(Path(f"in/{name}.png"))
    report, engine = made(Path("in"), "out")
    assert {job.status for job in report.jobs} == {"ok"}
    assert set(engine.counts) == {1}
    report, engine = made(Path("in"), "pairs", batch_size=2)
    # Those of the check are measured one by one; the fifth picture is alone in its batch.
    assert engine.counts.count(2) == 3


@pytest.mark.parametrize(
    ("height", "width", "size"), [(360, 640, 2), (2160, 3840, 2), (8000, 12000, 2)]
)
def test_batches_of_large_frames_are_bounded(
    here: Path, height: int, width: int, size: int
) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    workshop = Workshop(
        find("night"),
        ConvertOptions(),
        engine_opener=lambda path, *, device, threads, precision: Streams(),
    )
    choice = Batches(workshop).of("video", np.broadcast_to(np.uint8(0), (height, width, 3)))
    assert choice.size == size
    for _ in range(10):
        with choice.timed(choice.size):
            pass
        assert choice.size * height * width <= 1 << 25 or choice.size == 2
