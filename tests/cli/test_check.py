"""`mediatrans check` and the verdicts of `convert`, on pairs whose answers are known."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from mediatrans.cli.main import run
from mediatrans.media.frames import Pixels
from tests.pairs import hiding, identity, inverting, revealing, smoothing, write_pair
from tests.quality.scenes import scene, with_object

pytestmark = pytest.mark.usefixtures("auto_is_cpu")


def save(pixels: Pixels, name: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=90)
    return path


def write_lossless(path: Path, frames: list[Pixels]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))
    return path


def rows(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run([*words, "--device", "cpu", "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def converted(capsys: pytest.CaptureFixture[str], name: str) -> dict[str, Any]:
    (row,) = rows(capsys, "convert", name, "--to", "night", "--check-every", "5", "-y")
    return row


def test_the_name_of_an_output_chooses_the_model(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models", forward=inverting(), back=inverting())
    save(scene(1), "a.png")
    save(255 - scene(1), "a-night.png")
    save(255 - scene(1), "other.png")
    (by_name,) = rows(capsys, "check", "a.png", "a-night.png")
    assert by_name["figures"]["psnr_db"]["mean"] > 50
    (unknown,) = rows(capsys, "check", "a.png", "other.png")
    assert "psnr_db" not in unknown["figures"]


def test_a_copy_is_poor_however_perfect_its_cycle(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models", forward=identity(), back=identity())
    for name in ("a.png", "a.jpg"):
        row = converted(capsys, str(save(scene(1), name)))
        assert row["figures"]["psnr_db"]["mean"] > 30
        assert row["verdict"]["word"] == "poor"
        assert "copy" in row["verdict"]["reason"]


def test_an_inversion_is_good(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pair(here / "models")
    for name in ("a.png", "a.jpg"):
        row = converted(capsys, str(save(scene(1), name)))
        figures = row["figures"]
        assert row["verdict"]["word"] == "good"
        assert figures["raw_psnr_db"]["mean"] == 100
        assert figures["structure"]["mean"] > 0.9
        assert figures["hidden_db"]["mean"] < 0.5
    assert figures["gap_db"]["mean"] > 10


def test_a_hidden_source_is_found_in_any_format(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models", forward=hiding(), back=revealing())
    write_lossless(Path("a.mkv"), [scene(1)] * 3)
    for name in (str(save(scene(1), "a.png")), str(save(scene(1), "a.jpg")), "a.mkv"):
        row = converted(capsys, name)
        assert row["figures"]["hidden_db"]["mean"] > 3
        assert (row["verdict"]["word"], row["verdict"]["figure"]) == ("poor", "hidden_db")
        (again,) = rows(
            capsys, "check", name, row["output"], "--model", "day2night", "--check-every", "5"
        )
        assert again["figures"]["hidden_db"]["mean"] > 3


def test_check_says_what_convert_says(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pair(here / "models", forward=inverting(), back=identity())
    write_lossless(Path("in/b.mkv"), [scene(n // 4) for n in range(13)])
    save(scene(2), "in/a.jpg")
    made = rows(capsys, "convert", "in", "--to", "night", "--check-every", "5")
    found = rows(capsys, "check", "in", "in-night", "--to", "night", "--check-every", "10")
    for a, b in zip(made, found, strict=True):
        assert (a["input"], a["output"], a["frames"]) == (b["input"], b["output"], b["frames"])
        assert a["verdict"] == b["verdict"]
        for name in ("psnr_db", "ssim", "change", "change_low", "structure"):
            assert a["figures"][name] == b["figures"][name]
        assert [m["index"] for m in a["moments"]] == [m["index"] for m in b["moments"]]


def test_flicker_is_the_factor_by_which_grain_is_enlarged(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    still = scene(3, 160, 120) // 2 + 60
    grain = [random.normal(0, 3, still.shape) for _ in range(12)]
    for factor in (1, 3):
        for name, strength in (("source.mkv", 1), ("result.mkv", factor)):
            frames = [(still + strength * g).clip(0, 255).astype(np.uint8) for g in grain]
            write_lossless(Path(name), frames)
        (row,) = rows(capsys, "check", "source.mkv", "result.mkv", "--check-every", "2")
        assert row["figures"]["flicker"]["mean"] == pytest.approx(factor, rel=0.15)
        assert [moment["time_s"] for moment in row["moments"]] == [0, 0.08, 0.16, 0.24, 0.32, 0.4]


def test_a_pasted_object_fails_a_limit(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(scene(1), "in/a.png")
    save(scene(2), "in/b.png")
    save(255 - scene(1), "out/a.jpg")
    save(with_object(255 - scene(2), 5, 0.35), "out/b.jpg")
    words = ["check", "in", "out", "--fail-under", "structure=0.8"]
    honest, pasted = rows(capsys, *words, code=7)
    assert honest["figures"]["structure"]["mean"] > 0.9
    assert pasted["figures"]["structure"]["mean"] < 0.8
    assert pasted["verdict"]["figure"] == "structure"


def test_noise_is_unlike_the_pictures_of_the_card(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from mediatrans.quality.spread import spread_of
    from mediatrans.zoo.card import read_card, write_card

    folder = write_pair(here / "models", forward=smoothing(), back=identity())
    for n in range(20):
        save(scene(n), f"held/{n:02}.png")
    found = rows(capsys, "convert", "held", "--to", "night")
    pictures = [
        {name: figure["mean"] for name, figure in row["figures"].items() if name != "size"}
        for row in found
    ]
    usual = ("psnr_db", "ssim", "change", "structure")
    table = spread_of([{name: p[name] for name in usual} for p in pictures])
    write_card(folder, replace(read_card(folder), quality={"percentiles": {"to_night": table}}))
    save(np.random.default_rng(0).integers(0, 256, (180, 240, 3), dtype=np.uint8), "noise.png")
    row = converted(capsys, "noise.png")
    assert row["figures"]["psnr_db"]["unlike"]
    assert row["figures"]["psnr_db"]["percentile"] == 0
    assert row["verdict"]["word"] != "good"
    like = converted(capsys, str(save(scene(7), "like.png")))
    assert not like["figures"]["psnr_db"]["unlike"]


def test_what_is_missing_or_no_pair_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(scene(1), "in/a.png")
    save(scene(1), "in/gone.png")
    save(255 - scene(1), "out/a.png")
    done, gone = rows(capsys, "check", "in", "out", code=3)
    assert (done["status"], gone["status"]) == ("ok", "failed")
    assert "gone.png" in gone["error"]
    assert run(["check", "in", "out/a.png"]) == 2
    assert run(["check", "in", "nowhere"]) == 3
    assert run(["check", "in/a.png", "out/a.png", "--model", "no-such"]) in (2, 4)
    assert run(["check", "in", "out", "--fail-under", "psnr=3"]) == 2
    assert run(["check", "in", "out", "--fail-under", "beauty=3"]) == 2


def test_the_verdict_stands_first(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pair(here / "models")
    save(scene(1), "a.png")
    assert run(["convert", "a.png", "--to", "night", "--device", "cpu"]) == 0
    line = capsys.readouterr().out
    assert line.startswith("ok      good: ")
    assert line.index("good") < line.index("a.png") < line.index("delivered cycle")


def test_no_check_has_no_verdict(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pair(here / "models")
    save(scene(1), "a.png")
    (row,) = rows(capsys, "convert", "a.png", "--to", "night", "--check-every", "0")
    assert (row["verdict"], row["figures"], row["moments"]) == (None, None, [])


def test_what_was_measured_is_kept_for_the_next_run(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models")
    save(scene(1), "in/a.png")
    (first,) = rows(capsys, "convert", "in", "--to", "night")
    (second,) = rows(capsys, "convert", "in", "--to", "night")
    assert second["status"] == "skipped"
    assert (first["verdict"], first["figures"]) == (second["verdict"], second["figures"])
    words = ["convert", "in", "--to", "night", "--fail-under", "structure=0.999999"]
    (third,) = rows(capsys, *words, code=0 if first["figures"]["structure"]["mean"] >= 1 else 7)
    assert third["status"] == "skipped"


def test_a_model_that_is_not_there_is_told_from_a_name_without_its_domain(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pair(here / "models")
    for name in ("a.png", "a-night.png", "b.png"):
        save(scene(1), name)
    assert run(["check", "a.png", "a-night.png", "--model", "nosuch"]) == 4
    assert "nosuch" in capsys.readouterr().err
    assert run(["check", "a.png", "b.png", "--model", "day2night"]) == 2
    assert "name the domain that it was translated to with --to" in capsys.readouterr().err
