"""`mediatrans convert` in a shell pipe."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import av
import numpy as np
import pytest

from mediatrans.cli.main import run
from tests.child_processes import Child
from tests.fork_server import mediatrans_words, python_words
from tests.media_files import audio_packets, levels, times, write_clip, write_picture

TO_NIGHT = ["--to", "night", "--check-every", "0", "--device", "cpu"]


def piped(words: list[str], given: bytes) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*mediatrans_words(), "convert", *words, *TO_NIGHT], input=given, capture_output=True
    )


@pytest.mark.parametrize("suffix", [pytest.param(".mp4", marks=pytest.mark.slow), ".mkv"])
def test_a_video_goes_through(pair: Path, suffix: str) -> None:
    clip = write_clip(Path(f"in{suffix}"), frames=30)
    done = piped(["-", "-o", "-"], clip.read_bytes())
    assert done.returncode == 0, done.stderr
    Path("out.mkv").write_bytes(done.stdout)
    with av.open("out.mkv") as container:
        assert container.format.name == "matroska,webm"
    assert len(times(Path("out.mkv"))) == 30
    for made, given in zip(times(Path("out.mkv")), times(clip), strict=True):
        assert abs(made - given) < 0.001
    np.testing.assert_allclose(levels(Path("out.mkv")), [255 - x for x in levels(clip)], atol=2)
    made_sound, given_sound = audio_packets(Path("out.mkv")), audio_packets(clip)
    assert [data for _, data in made_sound] == [data for _, data in given_sound]
    assert b"30 frames" in done.stderr
    assert sorted(path.name for path in Path().iterdir() if path.is_file()) == [
        f"in{suffix}",
        "out.mkv",
    ]


def test_mpegts_goes_through_and_keeps_sound_and_picture_together(pair: Path) -> None:
    clip = write_clip(Path("in.mp4"), frames=30)
    given = subprocess.run(
        [*mediatrans_words(), "convert", "in.mp4", "-o", "-", "--format", "ts", *TO_NIGHT],
        capture_output=True,
    )
    assert given.returncode == 0, given.stderr
    Path("once.ts").write_bytes(given.stdout)
    again = piped(["-", "-o", "-", "--format", "ts"], given.stdout)
    assert again.returncode == 0, again.stderr
    Path("twice.ts").write_bytes(again.stdout)
    before = times(clip)[0] - audio_packets(clip)[0][0]
    for name in ("once.ts", "twice.ts"):
        with av.open(name) as container:
            assert container.format.name == "mpegts"
        frames = times(Path(name))
        assert len(frames) == 30
        assert abs((frames[-1] - frames[0]) - (times(clip)[-1] - times(clip)[0])) < 0.001
        assert abs(frames[0] - audio_packets(Path(name))[0][0] - before) < 0.001


def test_a_matroska_is_translated_while_it_comes(pair: Path) -> None:
    content = write_clip(Path("in.mkv"), frames=400).read_bytes()
    with Child[bytes](
        [*mediatrans_words(), "convert", "-", "-o", "-", *TO_NIGHT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(content[: len(content) * 3 // 4])
        process.stdin.flush()
        first = os.read(
            process.stdout.fileno(), 1000
        )  # would wait for ever if all input were awaited
        assert first.startswith(b"\x1a\x45\xdf\xa3")
        rest, err = process.communicate(content[len(content) * 3 // 4 :], timeout=60)
    assert process.returncode == 0, err
    with av.open(io.BytesIO(first + rest), "r") as container:
        assert len(list(container.decode(video=0))) == 400


@pytest.mark.parametrize(
    ("suffix", "signum", "code"),
    [
        (".mkv", signal.SIGINT, 130),
        (".mp4", signal.SIGTERM, 143),
        pytest.param(".mkv", signal.SIGTERM, 143, marks=pytest.mark.slow),
        pytest.param(".mp4", signal.SIGINT, 130, marks=pytest.mark.slow),
    ],
)
def test_a_pipe_that_stalls_can_be_interrupted(
    pair: Path, suffix: str, signum: signal.Signals, code: int
) -> None:
    content = write_clip(Path(f"in{suffix}"), frames=400).read_bytes()
    with Child[bytes](
        [*mediatrans_words(), "convert", "-", "-o", "-", *TO_NIGHT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        patience = Timer(60, process.kill)
        patience.start()
        process.stdin.write(content[: len(content) * 3 // 4])
        process.stdin.flush()
        if suffix == ".mkv":
            assert os.read(process.stdout.fileno(), 1000)
        else:
            assert process.stderr.readline()  # the model is loaded, the video awaited
        process.send_signal(signum)
        process.stdout.read()
        err = process.stderr.read().decode()
        assert process.wait() == code, err
        patience.cancel()
    assert "interrupted" in err
    assert "Traceback" not in err


def test_stdin_into_a_file_and_a_file_into_stdout(pair: Path) -> None:
    clip = write_clip(Path("in.mp4"))
    assert piped(["-", "-o", "out.mp4"], clip.read_bytes()).returncode == 0
    assert times(Path("out.mp4")) == times(clip)
    done = subprocess.run(
        [*mediatrans_words(), "convert", "in.mp4", "-o", "-", *TO_NIGHT], capture_output=True
    )
    assert done.returncode == 0
    with av.open(io.BytesIO(done.stdout), "r") as container:
        assert len(list(container.decode(video=0))) == 12


@pytest.mark.parametrize(
    ("given", "words", "code", "said"),
    [
        (b"", [], 3, "the pipe is empty"),
        (b"this is no video" * 400, [], 3, "not a video"),
        pytest.param(
            b"\x1a\x45\xdf\xa3" + bytes(900), [], 3, "not a video", marks=pytest.mark.slow
        ),
        (bytes(1_500_000), ["--spool-limit", "1"], 3, "--spool-limit"),
    ],
    ids=["empty", "text", "no matroska", "too large"],
)
def test_what_cannot_be_read_from_a_pipe(
    pair: Path, given: bytes, words: list[str], code: int, said: str
) -> None:
    done = piped(["-", "-o", "-", *words], given)
    assert done.returncode == code, done.stderr
    assert done.stdout == b""
    assert said in done.stderr.decode()
    assert "standard input" in done.stderr.decode()


@pytest.mark.parametrize("suffix", [pytest.param(".mp4", marks=pytest.mark.slow), ".mkv"])
def test_a_video_that_is_cut_short(pair: Path, suffix: str) -> None:
    content = write_clip(Path(f"in{suffix}"), frames=60).read_bytes()
    done = piped(["-", "-o", "-"], content[: len(content) * 2 // 3])
    assert done.returncode == 3, done.stderr
    assert b"truncated" in done.stderr


@pytest.mark.parametrize("suffix", [".mp4", pytest.param(".mkv", marks=pytest.mark.slow)])
def test_what_can_be_read_of_a_video_that_is_cut_short_is_kept(pair: Path, suffix: str) -> None:
    movable = {"movflags": "faststart"} if suffix == ".mp4" else {}
    whole = write_clip(Path(f"in{suffix}"), frames=60)
    content = whole.read_bytes()
    if movable:  # an index at the end is lost with it
        with av.open(str(whole)) as source, av.open("front.mp4", "w", options=movable) as out:
            streams = {s: out.add_stream_from_template(s) for s in source.streams}
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream]
                    out.mux(packet)
        content = Path("front.mp4").read_bytes()
    done = piped(["-", "-o", "out.mkv", "--keep-partial"], content[: len(content) * 2 // 3])
    assert done.returncode == 3, done.stderr
    assert b"truncated" in done.stderr
    assert b"were kept" in done.stderr
    assert 10 < len(levels(Path("out.mkv"))) < 60


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.mp4", "-o", "-", "--json"], "--report"),
        (["-"], "-o out.mkv"),
        (["-", "a.mp4", "-o", "out"], "one video"),
        (["a.mp4", "a.mp4", "-o", "-"], "one video"),
        (["a.png", "-o", "-"], "pipe"),
        (["folder", "-o", "-"], "--fps"),
        (["a.mp4", "-o", "-", "--format", "mp4"], "mkv or ts"),
        (["a.mp4", "--format", "docx"], "docx"),
        (["a.mp4", "-o", "b.mkv", "--format", "mp4"], "--format"),
        (["a.mp4", "--fps", "24"], "--fps"),
        (["folder", "--fps", "fast"], "rate"),
        (["folder", "--fps", "0"], "rate"),
        (["-"], "name the file of a picture in place of -"),
        (["-", "-o", "out.jpg"], "out.jpg is the name of a picture"),
        (["-", "-o", "out.png", "-n"], "out.png is the name of a picture"),
        (["a.png", "--quality", "0"], "quality"),
        (["a.png", "--strength", "1.5"], "strength"),
    ],
)
def test_usage_errors(
    pair: Path, words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    write_picture(Path("folder/1.png"))
    write_clip(Path("a.mp4"))
    before = sorted(Path().glob("*.*"))
    assert run(["convert", *words, *TO_NIGHT]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert said in err
    assert sorted(Path().glob("*.*")) == before


def test_a_dry_run_leaves_the_pipe_alone(pair: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_clip(Path("a.mp4"))
    assert run(["convert", "a.mp4", "-o", "-", "--dry-run", *TO_NIGHT]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert "a.mp4 -> -" in err


def test_a_reader_that_goes_away_is_an_output_error(pair: Path) -> None:
    write_clip(Path("a.mp4"), frames=600)
    with Child[bytes](
        [*mediatrans_words(), "convert", "a.mp4", "-o", "-", *TO_NIGHT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read().decode()
    assert process.returncode == 6, err
    assert "broken pipe" in err
    assert "Traceback" not in err


def test_the_report_of_a_piped_video(pair: Path) -> None:
    clip = write_clip(Path("in.mp4"))
    assert piped(["-", "-o", "-", "--report", "r.json"], clip.read_bytes()).returncode == 0
    (row,) = json.loads(Path("r.json").read_text())["jobs"]
    assert (row["input"], row["output"], row["status"], row["frames"]) == ("-", "-", "ok", 12)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["models"], marks=pytest.mark.slow),
        ["convert", "a.png", "--to", "night", "--json"],
    ],
)
def test_results_that_cannot_be_written_are_an_output_error(pair: Path, words: list[str]) -> None:
    write_picture(Path("a.png"))
    command = [*mediatrans_words(), *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 6
    assert "standard output" in done.stderr
    assert "Traceback" not in done.stderr
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*command, *(["--overwrite"] if "--json" in words else [])],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    assert "standard output" not in done.stderr  # who reads with `head` needs no words


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("suffix", [pytest.param(".mp4", marks=pytest.mark.slow), ".mkv"])
def test_a_temporary_folder_that_is_full_is_an_output_error(pair: Path, suffix: str) -> None:
    content = write_clip(Path(f"in{suffix}"), frames=60).read_bytes()
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); "
        "from mediatrans.cli.main import main; main()"
    )
    done = subprocess.run(
        [*python_words(), "-c", limited, "convert", "-", "-o", "out.mkv", "--to", "night"],
        input=content,
        capture_output=True,
    )
    assert done.returncode == 6, done.stderr
    assert b"TMPDIR" in done.stderr
