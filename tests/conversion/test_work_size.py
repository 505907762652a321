"""Conversions at a working size: what they write, what they depend on, and what is measured."""

import json
import tomllib
from pathlib import Path

import av
import numpy as np
import pytest
import tomli_w
from PIL import Image

from mediatrans import ConvertOptions, convert
from mediatrans.cli.main import run
from mediatrans.errors import UsageError
from mediatrans.quality import metrics
from mediatrans.quality.cycle import CycleMonitor
from mediatrans.translate.stages.reduce import reduced
from mediatrans.translate.translator import Translator
from mediatrans.zoo.card import CARD_NAME
from tests.media_files import times, write_clip
from tests.pairs import darkening, identity, recolouring, write_pair

pytestmark = pytest.mark.usefixtures("auto_is_cpu")

RNG = np.random.default_rng(3)


def smooth(height: int, width: int, channels: int = 3) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width] / 7
    waves = [np.sin(rows / (k + 1) + k) * np.cos(columns / (k + 2)) for k in range(channels)]
    return (127 + 100 * np.stack(waves, -1) + RNG.normal(0, 4, (height, width, channels))).astype(
        np.uint8
    )


@pytest.fixture
def maps(here: Path) -> Path:
    """A pair with maps to night and none back, which works at 40 pixels."""
    return write_pair(here / "models", forward=recolouring(), working_size=40)


def opened(path: str, mode: str = "RGB") -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert(mode))


@pytest.mark.parametrize("word", ["7", "65537", "half", "-40", "1e3", "٣٦٠", ""])
def test_other_values_are_usage_errors(
    maps: Path, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(smooth(60, 90)).save("a.png")
    assert run(["convert", "a.png", "--to", "night", "--work-size", word]) == 2
    assert "8 to 65536" in capsys.readouterr().err
    assert not Path("a-night.png").exists()


def test_the_library_refuses_them_too() -> None:
    with pytest.raises(UsageError, match="--work-size"):
        ConvertOptions(work_size=3)


@pytest.mark.parametrize("to", ["night", "day"])
def test_a_picture_is_written_at_its_size(maps: Path, to: str) -> None:
    source = smooth(121, 175)
    Image.fromarray(source).save("a.png")
    words = ["convert", "a.png", "--to", to, "--check-every", "0"]
    assert run([*words, "-o", "auto.png"]) == 0
    assert run([*words, "-o", "full.png", "--work-size", "full"]) == 0
    assert run([*words, "-o", "same.png", "--work-size", "121"]) == 0
    auto, full = opened("auto.png"), opened("full.png")
    np.testing.assert_array_equal(opened("same.png"), full)
    np.testing.assert_array_equal(auto, Translator.load(to)(source))
    np.testing.assert_array_equal(full, Translator.load(to, work_size="full")(source))
    assert auto.shape == source.shape
    assert not np.array_equal(auto, full)
    assert metrics.psnr(auto, full) > 25


def test_strength_alpha_and_16_bits(maps: Path) -> None:
    source = smooth(90, 130, 4)
    Image.fromarray(source, "RGBA").save("a.png")
    deep = np.repeat(smooth(90, 130, 1)[..., 0].astype(np.uint16) * 257, 1)
    Image.fromarray(deep.reshape(90, 130)).save("deep.png")
    words = ["convert", "a.png", "--to", "night", "--check-every", "0"]
    assert run(words) == 0
    np.testing.assert_array_equal(opened("a-night.png", "RGBA")[..., 3], source[..., 3])
    made = Translator.load("night")(np.ascontiguousarray(source[..., :3]))
    np.testing.assert_array_equal(opened("a-night.png"), made)
    assert run([*words, "--strength", "0.25", "-o", "quarter.png"]) == 0
    wanted = 0.25 * made + 0.75 * source[..., :3]
    assert np.abs(opened("quarter.png") - wanted).max() <= 0.51
    assert run(["convert", "deep.png", "--to", "night"]) == 0
    content = Path("deep-night.png").read_bytes()
    assert content[24] == 16  # bits per channel


def test_videos_and_animations(maps: Path) -> None:
    write_clip(Path("a.mp4"), frames=10, width=96, height=64)
    frames = [Image.fromarray(smooth(60, 80)) for _ in range(4)]
    frames[0].save("b.png", save_all=True, append_images=frames[1:], duration=40)
    words = ["--to", "night", "--work-size", "16"]
    assert run(["convert", "a.mp4", "b.png", *words, "-o", "out", "--batch-size", "3"]) == 0
    assert times(Path("out/a.mp4")) == times(Path("a.mp4"))
    with av.open("out/a.mp4") as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (96, 64)
    with Image.open("out/b.png") as made:
        assert (made.size, getattr(made, "n_frames", 1)) == ((80, 60), 4)
    assert run(["convert", "a.mp4", *words, "--preview", "4"]) == 0
    assert len(times(Path("a-night-preview.mp4"))) == 4


def test_another_working_size_is_another_output(maps: Path) -> None:
    for name in ("a", "b"):
        Path("in").mkdir(exist_ok=True)
        Image.fromarray(smooth(60, 90)).save(f"in/{name}.png")

    def statuses(**options: object) -> set[str]:
        how = ConvertOptions(**options)  # type: ignore[arg-type]
        return {row.status for row in convert("in", "night", how).jobs}

    assert statuses() == {"ok"}
    assert statuses(work_size=40) == statuses(work_size="auto") == {"skipped"}
    assert statuses(work_size="full") == statuses(work_size=20) == {"ok"}
    assert statuses(work_size=20) == {"skipped"}
    card = maps / CARD_NAME
    card.write_text(tomli_w.dumps(tomllib.loads(card.read_text()) | {"working_size": 24}))
    assert statuses(work_size=20) == {"skipped"}
    assert statuses() == {"ok"}


def test_a_dry_run_knows_the_working_size(maps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("in").mkdir()
    Image.fromarray(smooth(60, 90)).save("in/a.png")
    words = ["convert", "in", "--to", "night"]
    assert run(words) == 0
    for more, action in (
        ([], "skip"),
        (["--work-size", "40"], "skip"),
        (["--work-size", "full"], "convert"),
    ):
        capsys.readouterr()
        assert run([*words, "--dry-run", *more]) == 0
        assert capsys.readouterr().out.startswith(action)


def test_the_round_trip_is_measured_at_the_working_size(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models", forward=darkening(), back=identity(), working_size=40)
    source = smooth(80, 120)
    Image.fromarray(source).save("a.png")
    words = ["convert", "a.png", "--to", "night", "--overwrite", "--device", "cpu"]
    assert run([*words, "--report", "r.json"]) == 0
    line = capsys.readouterr().out
    cycle = json.loads(Path("r.json").read_text())["jobs"][0]["cycle"]
    assert cycle["size"] == [60, 40]
    assert " at 60x40," in line
    delivered = opened("a-night.png")
    expected = metrics.psnr(reduced(source, 40), reduced(delivered, 40))
    assert cycle["psnr_db"]["mean"] == pytest.approx(expected)
    assert run([*words, "--work-size", "full"]) == 0
    assert "at 120x80" in capsys.readouterr().out
    assert run([*words, "--work-size", "full", "--strength", "0", "--json"]) == 0
    full = json.loads(capsys.readouterr().out)["cycle"]
    assert full["psnr_db"]["mean"] == pytest.approx(metrics.psnr(source, source // 2))


def test_the_way_back_is_run_on_small_frames_alone() -> None:
    shapes = []

    def back(picture: np.ndarray) -> np.ndarray:
        shapes.append(picture.shape)
        return picture

    frames = [smooth(80, 120), smooth(20, 30)]
    monitor = CycleMonitor(back, side=40)
    monitor.observe([0], frames[:1], frames[:1])
    summary = monitor.summary()
    assert summary is not None
    assert summary.size == (60, 40)
    monitor.observe([1], frames[1:], frames[1:])
    assert shapes == [(40, 60, 3), (20, 30, 3)]
    summary = monitor.summary()
    assert summary is not None
    assert (summary.size, summary.psnr_db.min) == (None, 100.0)
