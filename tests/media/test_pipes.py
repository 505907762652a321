"""Standard input as a video for two readers, with bounded room on disk."""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from fractions import Fraction
from pathlib import Path
from threading import Thread

import pytest
from av.container import InputContainer
from PIL import Image

from mediatrans.errors import InputError, OutputError
from mediatrans.media.pipe_formats import STDIN_NAME
from mediatrans.media.read.pipe_source import InputPipe
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.write.destination import PublishedFile
from mediatrans.media.write.video_sink import VideoSink
from tests.media.clips import noise, write_clip
from tests.media.ffmpeg_clips import ffmpeg, picture

LARGE = {"crf": "1", "preset": "ultrafast"}


@contextmanager
def fed(path: Path, *, must_seek: bool = False, spool_mb: int = 100) -> Iterator[InputPipe]:
    """A pipe into which a thread writes a file, as another program would."""
    reading, writing = os.pipe()
    content = path.read_bytes()

    def feed() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as end:
            end.write(content)

    thread = Thread(target=feed)
    thread.start()
    try:
        with (
            os.fdopen(reading, "rb") as stream,
            InputPipe(
                must_seek=must_seek, spool_mb=spool_mb, stream=stream, segment_bytes=50_000
            ) as pipe,
        ):
            yield pipe
    finally:
        thread.join()


def packets(container: InputContainer) -> list[bytes]:
    return [bytes(packet) for packet in container.demux() if packet.size]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three megabytes of picture, with sound."""
    path = tmp_path_factory.mktemp("clip") / "in.mkv"
    write_clip(path, range(0, 4000, 40), size=(160, 120), draw=noise, sound_s=4, options=LARGE)
    assert path.stat().st_size > 3_000_000
    return path


@pytest.mark.parametrize("must_seek", [False, True])
def test_both_readers_get_everything(clip: Path, must_seek: bool) -> None:
    with fed(clip, must_seek=must_seek) as pipe, pipe.open() as first, pipe.open() as second:
        one, two = packets(first), packets(second)
    assert one == two
    assert sum(map(len, one)) > 3_000_000


def test_what_both_have_read_takes_no_room(clip: Path) -> None:
    with fed(clip, spool_mb=1) as pipe, pipe.open() as first, pipe.open() as second:
        pairs = list(zip(first.demux(), second.demux(), strict=True))
    assert len(pairs) > 100
    assert all(bytes(one) == bytes(two) for one, two in pairs)


def test_readers_that_are_too_far_apart(clip: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (
        fed(clip, spool_mb=1) as pipe,
        pipe.open() as first,
        pipe.open(),
        pytest.raises(InputError, match="1 megabytes"),
    ):
        packets(first)
    assert capfd.readouterr().err == ""


def test_a_lone_stream_waits_for_no_second_reader(tmp_path: Path) -> None:
    path = tmp_path / "in.mkv"
    write_clip(path, range(0, 4000, 40), size=(160, 120), draw=noise, options=LARGE)
    with fed(path, spool_mb=1) as pipe, pipe.open() as first, pipe.open() as second:
        assert [stream.type for stream in second.streams] == ["video"]
        assert sum(map(len, packets(first))) > 2_000_000


@pytest.mark.slow
def test_a_sound_that_is_not_copied_is_not_waited_for(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.gif"
    with (
        fed(clip, spool_mb=1) as pipe,
        VideoSource(Path("piped"), opener=pipe.open) as source,
        VideoSink(PublishedFile(output), source.info) as sink,
    ):
        for frame in source:
            sink.write(frame)
    assert output.stat().st_size > 1_000_000


def test_a_part_of_a_piped_video(clip: Path) -> None:
    with (
        fed(clip, must_seek=True) as pipe,
        VideoSource(Path("piped"), start_s=1, end_s=2, opener=pipe.open) as source,
    ):
        assert len(list(source)) == 25


def test_nothing_is_left_on_disk(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for must_seek in (False, True):
        with fed(clip, must_seek=must_seek) as pipe, pipe.open() as container:
            next(container.demux())
            assert bool(list(tmp_path.iterdir())) == must_seek  # the other files have no name
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("must_seek", [False, True])
def test_a_full_disk_is_an_output_error(
    clip: Path, monkeypatch: pytest.MonkeyPatch, must_seek: bool
) -> None:
    def no_room(*args: object, **options: object) -> object:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for kind in ("TemporaryDirectory", "TemporaryFile"):
        monkeypatch.setattr(f"tempfile.{kind}", no_room)
    with pytest.raises(OutputError, match="TMPDIR"), fed(clip, must_seek=must_seek):
        pass


def test_a_stream_of_too_many_streams(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mediatrans.media.container._MAX_STREAMS", 1)
    for must_seek in (False, True):
        with fed(clip, must_seek=must_seek) as pipe:
            with pytest.raises(InputError, match="2 streams") as caught:
                pipe.open()
            assert caught.value.path == STDIN_NAME


@pytest.mark.parametrize("layout", ["yuv420p", "gray", "yuv444p10le"])
@pytest.mark.parametrize("share", [Fraction(1), Fraction(2, 3)])
def test_a_piped_y4m_that_is_cut_inside_a_frame_is_told(
    tmp_path: Path, layout: str, share: Fraction
) -> None:
    path = tmp_path / "in.y4m"
    ffmpeg(*picture(0.4, "63x47"), "-pix_fmt", layout, "-strict", "-1", path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    expected = nullcontext() if share == 1 else pytest.raises(InputError, match="bytes are missing")
    with fed(path) as pipe, expected, VideoSource(Path("-"), opener=pipe.open) as source:
        assert len(list(source)) == 10


def begin(name: str) -> bytes:
    """The first bytes of a picture, or of something else."""
    if name in _BYTES:
        return _BYTES[name] + bytes(400)
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (9, 99, 199)).save(file, name)
    return file.getvalue()


_BYTES = {
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "JPEG XL": b"\0\0\0\x0cJXL \r\n\x87\n",
    "Photoshop": b"8BPS\0\1",
    "OpenEXR": b"v/1\1\2\0\0\0",
    "RAW": b"\0\0\0\x18ftypcrx \0\0\0\1",
}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *((name, name) for name in ("JPEG", "PNG", "TIFF", "BMP", "ICO", *_BYTES)),
        ("WEBP", "WebP"),
        ("AVIF", "AVIF"),
        ("JPEG2000", "JPEG 2000"),
        ("PPM", "Netpbm"),
    ],
)
def test_a_picture_is_refused_by_its_name(tmp_path: Path, name: str, said: str) -> None:
    path = tmp_path / "stdin"
    path.write_bytes(begin(name))
    with (
        path.open("rb") as stream,
        pytest.raises(InputError, match=f"carries a {said} picture") as refused,
        InputPipe(stream=stream),
    ):
        pytest.fail("the pipe opened")
    assert "save it to a file" in str(refused.value)
