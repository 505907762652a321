"""Bad videos and bad places to write to: the right error, and nothing left behind."""

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from mediatrans.errors import InputError, OutputError
from mediatrans.media.ffmpeg import find_ffmpeg, run_ffmpeg
from mediatrans.media.frames import Frame
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.write.destination import PublishedFile
from mediatrans.media.write.verification import Written, verify_video
from mediatrans.media.write.video_sink import VideoSink
from tests.fork_server import python_words
from tests.media.clips import translate, write_clip

TIMES = [index * 40 for index in range(50)]


def read(path: Path) -> list[Frame]:
    with VideoSource(path) as frames:
        return list(frames)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"this is no video at all\n" * 50, "not a video"),
        ("noise.mkv", bytes(range(256)) * 40, "not a video"),
    ],
)
def test_what_is_no_video_is_an_input_error(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        read(path)
    assert caught.value.path == path
    assert caught.value.remedy


def test_a_missing_video_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read(tmp_path / "absent.mp4")


@pytest.mark.parametrize(
    ("suffix", "options"),
    [(".mp4", {}), (".mp4", {"movflags": "+faststart"}), (".mkv", {}), (".avi", {})],
    ids=["mp4", "faststart", "mkv", "avi"],
)
def test_a_truncated_video_is_an_input_error(
    tmp_path: Path, suffix: str, options: dict[str, str]
) -> None:
    path = write_clip(tmp_path / f"whole{suffix}", range(50), time_base=Fraction(1, 25))
    if options:
        whole, path = path, tmp_path / "moved.mp4"
        run_ffmpeg(
            ["-i", str(whole), "-c", "copy", "-movflags", "+faststart", str(path)], timeout_s=60
        )
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(InputError):
        read(cut)


@pytest.mark.parametrize("codec", ["libx264", "libvpx-vp9"])
def test_a_whole_video_is_not_called_truncated(tmp_path: Path, codec: str) -> None:
    path = write_clip(tmp_path / "in.mkv", TIMES, codec=codec)
    assert len(read(path)) == len(TIMES)


def test_a_playlist_in_disguise_reads_no_other_file(tmp_path: Path) -> None:
    write_clip(tmp_path / "other.ts", TIMES)
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\nother.ts\n#EXT-X-ENDLIST\n"
    concat = "ffconcat version 1.0\nfile other.ts\n"
    for name, text in (("hls.mp4", hls), ("concat.mp4", concat)):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError):
            read(tmp_path / name)


def test_a_name_with_a_colon_is_a_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "in.mp4", TIMES).rename(tmp_path / "http:day 1:2.mp4")
    assert len(read(path)) == len(TIMES)


def test_sound_alone_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    run_ffmpeg(["-f", "lavfi", "-i", "sine=duration=1", str(path)], timeout_s=60)
    with pytest.raises(InputError, match="no video stream"):
        read(path)


def test_an_unwritable_folder_is_an_output_error(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        translate(source, tmp_path / "file" / "out.mp4")


def test_a_folder_in_the_way_is_an_output_error(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES)
    (tmp_path / "out.mp4").mkdir()
    with pytest.raises(OutputError, match="folder"):
        translate(source, tmp_path / "out.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from mediatrans.errors import OutputError
from mediatrans.media.read.video_source import VideoSource
from mediatrans.media.write.destination import PublishedFile
from mediatrans.media.write.video_sink import VideoSink
with VideoSource(Path(sys.argv[1])) as frames:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
    try:
        with VideoSink(PublishedFile(Path(sys.argv[2])), frames.info) as sink:
            for frame in frames:
                sink.write(frame)
    except OutputError as error:
        sys.exit(int(error.exit_code))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("limit", [500, 20_000])
def test_a_full_disk_is_an_output_error_and_leaves_nothing(
    tmp_path: Path, suffix: str, limit: int
) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES, size=(160, 120), sound_s=2)
    output = tmp_path / "out" / f"out{suffix}"
    done = subprocess.run(
        [*python_words(), "-c", FULL_DISK, str(source), str(output), str(limit)], check=False
    )
    assert done.returncode == OutputError.exit_code
    assert list(output.parent.iterdir()) == []


def test_a_sink_without_frames_is_an_output_error(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "in.mp4", TIMES)
    with VideoSource(source) as frames:
        info = frames.info
    with (
        pytest.raises(OutputError, match="no frame"),
        VideoSink(PublishedFile(tmp_path / "out.mp4"), info),
    ):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4"]


def test_verifying_finds_missing_frames_and_streams(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "in.mp4", TIMES, sound_s=1)
    whole = Written(
        len(TIMES), 64, 48, 0, ["video", "audio"], {0: Fraction(49, 25), 1: Fraction(1)}
    )
    verify_video(path, path, whole)
    for change, said in (
        ({"frames": len(TIMES) + 1}, "50 of 51 frames"),
        ({"streams": ["video", "audio", "subtitle"]}, "streams"),
        ({"spans": {0: Fraction(5, 2)}}, "stream 0 of the finished video lasts 1.96 s, not 2.50 s"),
        ({"spans": {1: Fraction(0)}}, "stream 1 of the finished video lasts"),
        ({"width": 66}, "64x48, not 66x48"),
    ):
        with pytest.raises(OutputError, match=said):
            verify_video(path, path, replace(whole, **change))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(OutputError, match="does not open"):
        verify_video(path, path, whole)


def test_only_verifying_in_full_finds_damaged_pictures(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "in.mp4", TIMES, size=(160, 120), options={"g": "10"})
    whole = Written(len(TIMES), 160, 120, 0, ["video"], {})
    verify_video(path, path, whole, "full")
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size and p.pos]
    data = bytearray(path.read_bytes())
    for position, size in packets[10:14]:
        data[position + 8 : position + size] = bytes(byte ^ 0x5A for byte in range(size - 8))
    path.write_bytes(data)
    verify_video(path, path, whole)
    with pytest.raises(OutputError, match="does not decode"):
        verify_video(path, path, whole, "full")


def test_ffmpeg_is_found_and_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, log = run_ffmpeg(["-loglevel", "debug", "-filters"], timeout_s=60)
    assert code == 0
    assert out
    assert log is not None
    monkeypatch.setenv("MEDIATRANS_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(Exception, match="MEDIATRANS_FFMPEG"):
        find_ffmpeg()


def test_an_ffmpeg_that_hangs_is_killed() -> None:
    endless = ["-f", "lavfi", "-re", "-i", "anullsrc", "-f", "null", "-"]
    with pytest.raises(TimeoutError):
        run_ffmpeg(endless, timeout_s=0.5)
