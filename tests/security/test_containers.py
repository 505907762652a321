"""A file of media is read alone, whatever it is called, and only as far as it is reasonable."""

from collections.abc import Callable
from pathlib import Path

import av
import ffmpeg
import numpy as np
import pytest

from mediatrans.cli.main import run
from mediatrans.errors import ExitCode, InputError
from mediatrans.media.container import input_options, open_input
from mediatrans.media.ffmpeg import run_ffmpeg
from mediatrans.media.formats import VIDEO_SUFFIXES
from mediatrans.media.read.video_source import VideoSource
from tests.media_files import write_clip

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile secret.mp4\n"
DASH = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">
<BaseURL>secret.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>
"""
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
METADATA = ";FFMETADATA1\ntitle=secret\n"
WEBM_DASH = "<WebMManifest>secret.mp4</WebMManifest>"
SMIL = '<smil><body><video src="secret.mp4"/></body></smil>'
ASX = '<asx version="3.0"><entry><ref href="secret.mp4"/></entry></asx>'
PLAYLISTS = {
    "hls": HLS,
    "concat": CONCAT,
    "dash": DASH,
    "sdp": SDP,
    "metadata": METADATA,
    "webm-dash": WEBM_DASH,
    "smil": SMIL,
    "asx": ASX,
}


@pytest.fixture
def secret(here: Path) -> Path:
    return write_clip(here / "secret.mp4", frames=4)


def opens(options: dict[str, str]) -> Callable[[Path], bool]:
    def tried(path: Path) -> bool:
        try:
            with av.open(f"file:{path}", container_options=options) as container:
                return next(container.decode(video=0), None) is not None
        except (av.FFmpegError, IndexError):
            return False

    return tried


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".gif"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_by_another_name_reads_no_other_file(
    pair: Path, secret: Path, kind: str, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = secret.with_name(f"list{suffix}")
    path.write_text(PLAYLISTS[kind])
    code = run(["convert", str(path), "--to", "night"])
    # A GIF without frames is taken for a still picture; that reader knows no playlists either.
    assert code == ExitCode.INPUT
    assert f"list{suffix}" in capfd.readouterr().err
    names = {file.name for file in secret.parent.iterdir()}
    assert names == {"secret.mp4", path.name, "models"}


def test_without_the_whitelist_a_playlist_would_read_the_other_file(secret: Path) -> None:
    # What the test above guards against is real: the protocol alone does not stop it.
    path = secret.with_name("list.mp4")
    path.write_text(CONCAT)
    assert opens({"protocol_whitelist": "file"})(path)
    assert not opens(input_options())(path)


def test_the_second_build_reads_no_other_file_either(secret: Path) -> None:
    path = secret.with_name("list.mp4")
    path.write_text(CONCAT)

    def code(**options: str) -> int:
        made = ffmpeg.input(f"file:{path}", **options).output("-", format="null").get_args()
        return run_ffmpeg(made, timeout_s=60)[0]

    assert code(protocol_whitelist="file,pipe") == 0
    assert code(**input_options()) != 0


@pytest.mark.parametrize(
    "name", ["concat:secret.mp4|secret.mp4", "pipe:0.mp4", "subfile,,start,0,end,0,,:secret.mp4"]
)
def test_a_name_is_a_name_and_no_protocol(secret: Path, name: str) -> None:
    path = secret.rename(secret.with_name(name))
    with open_input(path.relative_to(Path.cwd())) as container:
        assert container.streams.video[0].frames == 4
    with pytest.raises(InputError, match="no such file"):
        open_input(Path("concat:other.mp4"))


def test_an_output_name_is_a_name_and_no_protocol(pair: Path, secret: Path) -> None:
    name = "tee:[f=mp4]a.mp4|b.mp4"
    assert run(["convert", "secret.mp4", "--to", "night", "-o", name]) == ExitCode.OK
    assert sorted(path.name for path in Path().glob("*.mp4")) == ["secret.mp4", name]


def test_every_whitelisted_format_is_a_file_of_its_own() -> None:
    formats = set(input_options()["format_whitelist"].split(","))
    readers_of_other_files = {
        "hls", "applehttp", "dash", "webm_dash_manifest", "concat", "concatf", "imf", "image2",
        "image2pipe", "sdp", "rtsp", "rtp", "lavfi", "v4l2", "video4linux2", "x11grab", "fbdev",
        "alsa", "vapoursynth", "avisynth", "tty", "bluray", "dvdvideo", "ffmetadata",
    }  # fmt: skip
    assert formats.isdisjoint(readers_of_other_files)
    assert input_options()["protocol_whitelist"] == "file"
    assert ".m3u8" not in VIDEO_SUFFIXES


def gif(width: int, height: int) -> bytes:
    """An animated GIF that says it is so large, and holds two frames of one pixel."""
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    header = b"GIF89a" + size + b"\x80\0\0" + bytes(6)
    frame = b"\x2c" + bytes(4) + b"\1\0\1\0\0" + b"\2\2\x4c\1\0"
    return header + frame * 2 + b"\x3b"


def test_frames_of_unreasonable_size_are_refused(here: Path) -> None:
    path = here / "large.gif"
    path.write_bytes(gif(9000, 9000))
    with pytest.raises(InputError, match="9000x9000 pixels per frame"), VideoSource(path):
        pass
    path.write_bytes(gif(65535, 65535))
    with pytest.raises(InputError), VideoSource(path):
        pass


def test_frames_that_grow_later_are_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two elementary streams one after the other: the second half is larger than the limit.
    parts = []
    for width, height in ((64, 48), (320, 240)):
        path = here / "part.h264"
        with av.open(path, "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for level in range(8):
                pixels = np.full((height, width, 3), 20 * level, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
            container.mux(stream.encode(None))
        parts.append(path.read_bytes())
    growing = here / "growing.h264"
    growing.write_bytes(b"".join(parts))
    with VideoSource(growing) as source:
        assert len(list(source)) == 16
    monkeypatch.setattr("mediatrans.media.container.MAX_FRAME_PIXELS", 64 * 48)
    with VideoSource(growing) as source, pytest.raises(InputError, match="damaged after frame"):
        list(source)


def test_a_file_of_very_many_streams_is_refused(here: Path) -> None:
    path = here / "many.mkv"
    with av.open(path, "w") as container:
        streams = [container.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(300)]
        silence = np.zeros((1, 80), np.int16)
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(silence, "s16", "mono")
            frame.sample_rate = 8000
            container.mux(stream.encode(frame))
    with pytest.raises(InputError, match="300 streams"):
        open_input(path)
