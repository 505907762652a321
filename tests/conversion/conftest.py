"""What several tests of the conversion are given."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mediatrans.files import buckets
from tests.conversion.long_videos import UNEVEN
from tests.media.clips import write_clip
from tests.media_files import write_picture
from tests.pairs import darkening, identity, write_pair

if TYPE_CHECKING:
    from tests.s3_server import S3Server


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


@pytest.fixture(scope="module")
def server() -> "Iterator[S3Server]":
    """An S3 server on loopback."""
    from tests.s3_server import s3_server  # takes a second that other tests do not need

    with s3_server() as running:
        yield running


@pytest.fixture
def s3(server: "S3Server", pair: Path, monkeypatch: pytest.MonkeyPatch) -> "Iterator[S3Server]":
    """The server without faults, with `s3://photos/in/`: three pictures and a text."""
    from tests.conversion.photos_in_bucket import upload

    monkeypatch.setenv("XDG_CACHE_HOME", str(Path("cache").absolute()))
    monkeypatch.setattr(buckets, "_WAITS_S", (0, 0, 0, 0))
    server.bucket("photos")
    for name in ("1", "2", "sub/3"):
        write_picture(Path(f"in/{name}.png"))
    upload(server)
    server.put("photos", "in/notes.txt", b"text")
    server.requests.clear()
    yield server
    server.busy = server.dropped = lambda _: False
    server.empty("photos")
