"""`mediatrans convert` as a user runs it."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from mediatrans.cli.main import run
from mediatrans.errors import ExitCode
from mediatrans.translate.engines.choice import ENGINES
from mediatrans.translate.engines.cuda import cuda_device_count
from tests.child_processes import Child
from tests.fork_server import mediatrans_words
from tests.media_files import write_clip, write_picture
from tests.pairs import darkening, identity, write_pair
from tests.terminals import on_a_terminal

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

OPENVINO_DEVICES = ENGINES["openvino"].devices
"""As in the processes that are started here."""


def test_converts_where_torch_cannot_be_imported(pair: Path) -> None:
    write_picture(Path("photos/a.png"))
    write_clip(Path("clip.mp4"))
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['torchvision'] = None;"
        "from mediatrans.cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    words = ["convert", "photos", "clip.mp4", "--to", "night"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Path("photos-night/a.png").exists()
    assert Path("clip-night.mp4").exists()


def test_json_is_all_of_stdout(pair: Path) -> None:
    write_picture(Path("a.png"))
    write_clip(Path("b.mp4"))
    words = ["convert", "a.png", "b.mp4", "missing.png", "--to", "night", "--json"]
    done = subprocess.run([*mediatrans_words(), *words], capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["input"], row["status"]) for row in rows] == [
        ("a.png", "ok"),
        ("b.mp4", "ok"),
        ("missing.png", "failed"),
    ]
    assert done.returncode == 3
    assert "missing.png" in done.stderr
    assert "day2night" in done.stderr


def test_the_engine_is_named_once(pair: Path) -> None:
    write_picture(Path("in/a.png"))
    write_picture(Path("in/b.png"))
    for words, engine in (
        ([], (OPENVINO_DEVICES() and "OpenVINO") or "ONNX Runtime"),
        (["--device", "cpu"], "CPUExecutionProvider, float32"),
    ):
        command = [*mediatrans_words(), "convert", "in", "--to", "night", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr.count(engine) == 1


def test_report_file(pair: Path) -> None:
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", "night", "--report", "r.json", "--quiet"]) == 0
    assert json.loads(Path("r.json").read_text())["summary"]["ok"] == 1
    words = ["convert", "a.png", "--to", "night", "--overwrite", "--report", "no/such/r.json"]
    assert run(words) == 6
    assert run(["convert", "a.png", "--to", "night", "-o", "b.png", "--report", "a.png"]) == 6
    assert not Path("b.png").exists()
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_a_line_a_file(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("a.png"))
    write_clip(Path("b.mp4"))
    assert run(["convert", "a.png", "b.mp4", "gone.mp4", "--to", "Night"]) == 3
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 2
    assert "3 files in 0:00:0" in err
    assert ": 2 ok, 1 failed" in err
    assert "a.png -> a-night.png" in lines[0]
    assert "12 frames" in lines[1]
    assert all("cycle 100.00 dB" in line for line in lines)
    assert "./models" in err
    assert "over 1 frame at 32x24" in lines[1]


def test_quiet_says_only_what_failed(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "gone.png", "--to", "night", "-q"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "gone.png" in err
    assert "a.png ->" not in err


def test_dry_run_touches_nothing(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(Path("in/1.png"))
    write_picture(Path("in/2.png"))
    write_picture(Path("old.png"))
    write_picture(Path("old-night.png"))
    before = sorted(Path().rglob("*"))
    words = ["convert", "in", "old.png", "--to", "night", "--dry-run", "--preview", "1"]
    assert run(words) == 6
    assert sorted(Path().rglob("*")) == before
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["convert", "skip", "fail"]
    assert "in/1.png -> in-night-preview/1.png" in lines[0]
    assert run([*words, "--overwrite", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["action"] for row in rows] == ["convert", "skip", "convert"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--to", "mars"], 4),
        (["--to", "night", "--model", "nothere"], 4),
        (["--to", "night", "--device", "tpu"], 2),
        (["--to", "night", "--device", "openvino:CPU"], 2),
        (["--to", "night", "--precision", "int8"], 2),
        (["--to", "night", "--device", "cpu", "--precision", "bfloat16"], 2),
        (["--to", "night", "--device", "tensorrt:63"], 5),
        (["--to", "night", "--fail-under", "psnr"], 2),
        (["--to", "night", "--fail-under", "mse=3"], 2),
        (["--to", "night", "--fail-under", "psnr=3", "--check-every", "0"], 2),
        (["--to", "night", "-o", "a.mp4"], 2),
        (["--to", "night", "-o", "a.png", "--overwrite"], 6),
    ],
)
def test_exit_codes(
    pair: Path, words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", *words]) == code
    assert capsys.readouterr().err
    assert sorted(path.name for path in Path().glob("a*")) == ["a.png"]


@pytest.mark.skipif(cuda_device_count() > 0, reason="there is a CUDA device")
def test_a_missing_device_is_5_never_the_cpu(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", "night", "--device", "cuda"]) == 5
    assert "--device cpu" in capsys.readouterr().err
    assert not Path("a-night.png").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--vcodec", "h264_mediacodec"], 5, "h264_mediacodec"),
        (["--vcodec", "libx264x"], 2, "did you mean libx264"),
        (["--preset", "glacial", "--vcodec", "libx264"], 2, "glacial"),
        (["--crf", "-1"], 2, "crf"),
        (["--verify", "twice"], 2, "full"),
    ],
)
def test_an_encoder_that_does_not_start_stops_before_any_work(
    pair: Path, words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_picture(Path("a.png"))
    write_clip(Path("b.mp4"))
    assert run(["convert", "a.png", "b.mp4", "--to", "night", *words]) == code
    assert says in capsys.readouterr().err
    assert {path.name for path in Path().glob("*-night*")} == set()
    if code == 5:  # pictures need no encoder of videos
        assert run(["convert", "a.png", "--to", "night", *words]) == 0


def test_the_encoder_and_how_closely_to_look(pair: Path) -> None:
    write_clip(Path("a.mp4"))
    words = ["--vcodec", "libx265", "--crf", "30", "--preset", "ultrafast", "--verify", "full"]
    assert run(["convert", "a.mp4", "--to", "night", *words]) == 0
    with av.open("a-night.mp4") as container:
        assert container.streams.video[0].codec_context.codec.canonical_name == "hevc"


def test_a_container_that_is_not_written_becomes_matroska_and_says_so(
    pair: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_clip(Path("a.avi"))
    assert run(["convert", "a.avi", "--to", "night"]) == 0
    assert Path("a-night.mkv").exists()
    assert "a.avi: cannot write .avi; writing .mkv instead" in caplog.text
    caplog.clear()
    assert run(["convert", "a.avi", "--to", "night", "-o", "b.mkv"]) == 0
    assert "not written" not in caplog.text


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_an_animation_stays_one(pair: Path, suffix: str) -> None:
    levels, delays_ms = [40, 120, 200], [70, 200, 130]
    pictures = [Image.new("RGB", (32, 24), (level,) * 3) for level in levels]
    options: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    pictures[0].save(
        f"a{suffix}", save_all=True, append_images=pictures[1:], duration=delays_ms, **options
    )
    assert run(["convert", f"a{suffix}", "--to", "night"]) == 0
    with Image.open(f"a-night{suffix}") as made:
        for index, level in enumerate(levels):
            made.seek(index)
            assert np.abs(np.asarray(made.convert("RGB"))[9, 9] - (255.0 - level)).max() <= 1
            assert made.info["duration"] == delays_ms[index]
        with pytest.raises(EOFError):
            made.seek(3)


def test_an_animated_webp_heeds_the_options_of_pictures(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 24, 32, 3)).astype(np.uint8)
    pictures = [Image.fromarray(pixels) for pixels in noise]
    pictures[0].save(
        "a.webp", save_all=True, append_images=pictures[1:], duration=100, lossless=True
    )
    words = ["convert", "a.webp", "--to", "night"]
    assert run([*words, "--max-pixels", "700"]) == 3
    assert "32x24 pixels are more than the limit of 700" in capsys.readouterr().err
    sizes = []
    for how in ([], ["--quality", "90"], ["--quality", "5"]):
        assert run([*words, "--overwrite", *how]) == 0
        sizes.append(Path("a-night.webp").stat().st_size)
    assert sizes[0] > sizes[1] > 2 * sizes[2]


def test_fail_under_is_7_and_keeps_the_output(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models", forward=darkening(), back=identity())
    write_picture(Path("a.png"))
    assert run(["convert", "a.png", "--to", "night", "--fail-under", "psnr=90"]) == 7
    assert "psnr" in capsys.readouterr().err
    assert Path("a-night.png").exists()


@pytest.mark.parametrize(
    ("signum", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_interruption_keeps_what_is_whole(pair: Path, signum: signal.Signals, code: int) -> None:
    write_picture(Path("a.png"))
    write_clip(Path("long.mp4"), frames=1500, width=160, height=120)
    words = ["convert", "a.png", "long.mp4", "--to", "night", "--json", "--report", "r.json"]
    with Child(
        [*mediatrans_words(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["status"] == "ok"
        process.send_signal(signum)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert out == ""
    assert "interrupted" in err
    assert "Traceback" not in err
    left = {path.name for path in Path().iterdir()} - {"home", "data", "models"}
    assert left == {"a.png", "a-night.png", "long.mp4", "r.json"}
    assert json.loads(Path("r.json").read_text())["summary"]["exit_code"] == code


def test_a_reader_that_goes_away_is_no_bug(pair: Path) -> None:
    for index in range(40):
        write_picture(Path(f"in/{index}.png"))
    with Child(
        [*mediatrans_words(), "convert", "in", "--to", "night", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 6, err
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
def test_the_bar_says_how_fast_it_goes_and_what_limits_it(pair: Path) -> None:
    write_clip(Path("clip.mp4"), frames=60, width=320, height=240)  # the bar is drawn meanwhile
    code, drawn = on_a_terminal("convert", "clip.mp4", "--to", "night", columns=160)
    assert code == ExitCode.OK
    assert re.search(r"\b[1-9]\d?/60\b", drawn)
    assert any(f"limited by {stage}" in drawn for stage in ("decode", "generate", "encode"))
