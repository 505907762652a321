"""What several tests of the conversion are given."""

from pathlib import Path

import pytest

from tests.conversion.long_videos import UNEVEN
from tests.media.clips import write_clip
from tests.media_files import write_picture
from tests.pairs import darkening, identity, write_pair


@pytest.fixture
def inputs(here: Path) -> Path:
    """Pictures and a video, and a pair that is no perfect cycle."""
    write_pair(here / "models", forward=darkening(), back=identity())
    for name in ("1", "2", "sub/3"):
        write_picture(Path(f"in/{name}.png"))
    Path("in/bad.png").write_bytes(b"no picture")
    write_clip(Path("in/4.mp4"), UNEVEN[:9], sound_s=1)
    return Path("in")


@pytest.fixture
def clip(here: Path) -> Path:
    """A clip of uneven times, with sound, and a pair that is no perfect cycle."""
    write_pair(here / "models", forward=darkening(), back=identity())
    return write_clip(Path("day.mp4"), UNEVEN, sound_s=2, options={"g": "7", "bf": "2"})
