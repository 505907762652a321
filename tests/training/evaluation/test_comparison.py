"""The comparison of translated pictures with real ones."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mediatrans.errors import InputError, ModelError
from mediatrans.quality import metrics
from mediatrans.training.evaluation.candidate import TorchTranslator, open_candidate
from mediatrans.training.evaluation.comparison import evaluate, train_probe
from mediatrans.training.evaluation.figures import Evaluation, write_quality
from mediatrans.training.evaluation.gallery import Gallery
from mediatrans.training.export.model_folder import export_pair
from mediatrans.training.model.networks import GeneratorConfig, ResnetGenerator
from mediatrans.zoo.card import read_card
from tests.pairs import write_pair
from tests.training.colours import COLOURS, nothing, swap, tinted
from tests.training.export.test_model_folder import write_run

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")

DOMAINS = ("red", "blue")


def judged(seed: int = 0, count: int = 30) -> Evaluation:
    pictures = tinted(count, 0, 1), tinted(count - 2, 2, 2)
    return evaluate((swap, swap), DOMAINS, pictures, COLOURS, resamples=100, seed=seed)


def test_a_perfect_translation() -> None:
    result = judged()
    assert result.features == "pooled colours"
    assert (result.to_b.pictures, result.to_a.pictures) == (30, 28)
    for figures in (result.to_b, result.to_a):
        assert figures.cycle.psnr_db.mean == metrics.PSNR_CAP_DB
        assert figures.cycle.ssim.p05 == pytest.approx(1.0)
        assert figures.cycle.l1.p95 == 0.0
        assert figures.kid.ratio is not None
        assert figures.kid.ratio.value < 0.1
        assert figures.domain_accuracy == 1.0
    assert result.probe.accuracy_a == result.probe.accuracy_b == 1.0


def test_no_translation_gains_nothing() -> None:
    pictures = tinted(12, 0, 1), tinted(12, 2, 2)
    result = evaluate((nothing, nothing), DOMAINS, pictures, COLOURS, resamples=100)
    for figures in (result.to_b, result.to_a):
        assert figures.kid.translated == figures.kid.untranslated
        assert figures.kid.ratio is not None
        assert figures.kid.ratio.low == figures.kid.ratio.value == figures.kid.ratio.high == 1.0
        assert figures.domain_accuracy == 0.0
        assert figures.cycle.psnr_db.mean == metrics.PSNR_CAP_DB


def test_the_cycle_is_measured_picture_by_picture() -> None:
    def coarse(picture: np.ndarray) -> np.ndarray:
        return swap(picture) // 16 * 16

    red, blue = tinted(9, 0, 1), tinted(6, 2, 2)
    result = evaluate((swap, coarse), DOMAINS, (red, blue), COLOURS, resamples=100)
    psnr = [metrics.psnr(picture, picture // 16 * 16) for picture in red]
    found = result.to_b.cycle
    assert found.psnr_db.mean == pytest.approx(np.mean(psnr))
    assert found.psnr_db.p05 == pytest.approx(np.percentile(psnr, 5))
    assert found.psnr_db.p50 == pytest.approx(np.median(psnr))
    assert found.ssim.mean < 1
    assert found.l1.mean == pytest.approx(np.mean([metrics.l1(p, p // 16 * 16) for p in red]))
    # From blue the coarse generator comes first, and the way back begins from what it made.
    assert result.to_a.cycle.l1.mean == pytest.approx(
        np.mean([metrics.l1(p, p // 16 * 16) for p in blue])
    )


def test_the_figures_hang_on_the_seed_alone() -> None:
    assert judged() == judged()
    other = judged(seed=1)
    assert other.to_b.kid.translated.value == judged().to_b.kid.translated.value
    assert other.to_b.kid.translated.low != judged().to_b.kid.translated.low


def test_the_probe_can_be_trained_on_other_pictures() -> None:
    result = evaluate(
        (swap, nothing),
        DOMAINS,
        (tinted(4, 0, 1), tinted(4, 2, 2)),
        COLOURS,
        probe=train_probe(DOMAINS, (tinted(20, 0, 3), tinted(25, 2, 4)), COLOURS),
        resamples=100,
    )
    assert result.probe.trained_on == "20 + 25 training pictures"
    assert result.probe.accuracy_a == result.probe.accuracy_b == 1.0
    assert (result.to_b.domain_accuracy, result.to_a.domain_accuracy) == (1.0, 0.0)


def test_fid_needs_more_pictures_than_features() -> None:
    few, enough = judged(count=20), judged(count=30)
    assert few.to_b.fid is None
    assert enough.to_b.fid is not None
    assert enough.to_b.fid >= 0


@pytest.mark.parametrize("count", [0, 1])
def test_two_pictures_a_domain_are_the_least(count: int) -> None:
    pictures = tinted(3, 0, 1), tinted(count, 2, 2)
    with pytest.raises(InputError, match=f"{count} readable pictures of blue"):
        evaluate((swap, swap), DOMAINS, pictures, COLOURS)
    pictures = tinted(2, 0, 1), tinted(2, 2, 2)
    assert evaluate((swap, swap), DOMAINS, pictures, COLOURS, resamples=100).to_b.pictures == 2


def test_json_names_the_network_beside_every_figure() -> None:
    table = json.loads(judged(count=20).to_json())
    for direction in ("to_red", "to_blue"):
        assert table[direction]["fid"] is None
        for figure in ("kid", "kid_untranslated", "kid_ratio", "domain_accuracy"):
            assert table[direction][figure]["features"] == "pooled colours"
        assert set(table[direction]["cycle"]["psnr_db"]) == {"mean", "p05", "p50", "p95"}
    assert table["probe"]["features"] == "pooled colours"
    assert table["probe"]["accuracy_on_real"] == {"red": 1.0, "blue": 1.0}


def test_the_card_receives_the_figures(tmp_path: Path) -> None:
    folder = write_pair(tmp_path, "red2blue", DOMAINS)
    before = read_card(folder)
    assert write_quality(folder, judged(count=20)) == folder / "card.toml"
    card = read_card(folder)
    assert card.directions == before.directions
    table = tomllib.loads((folder / "card.toml").read_text())["quality"]
    assert table["features"] == {"network": "pooled colours", "dimensions": 24}
    assert table["to_blue"]["cycle"]["psnr_db"]["p50"] == 100.0
    assert table["to_blue"]["kid_ratio"]["features"] == "pooled colours"
    assert "fid" not in table["to_blue"]
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["card.toml", "to_blue.onnx", "to_red.onnx"]


def test_a_folder_without_a_card_has_nowhere_to_write(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no card\.toml"):
        write_quality(tmp_path, judged(count=5))


def test_a_run_and_its_export_translate_alike(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    model = export_pair(run, tmp_path / "model")
    in_torch, in_onnx = open_candidate(str(run), "cpu"), open_candidate(str(model), "cpu")
    assert in_torch.domains == in_onnx.domains == DOMAINS
    assert (in_torch.model, in_onnx.model) == (None, model)
    random = np.random.default_rng(0)
    for height, width in ((17, 30), (9, 2), (8, 45)):
        picture = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        for ours, theirs in ((in_torch.there, in_onnx.there), (in_torch.back, in_onnx.back)):
            assert ours(picture).shape == picture.shape
            assert np.abs(ours(picture).astype(int) - theirs(picture)).max() <= 1
    checkpoint = open_candidate(str(run / "checkpoints" / "latest.pt"), "cpu")
    assert np.array_equal(checkpoint.there(picture), in_torch.there(picture))


def test_a_model_is_found_by_its_name(pair: Path) -> None:
    candidate = open_candidate("day2night", "cpu")
    assert candidate.domains == ("day", "night")
    assert candidate.model is not None
    assert candidate.model.resolve() == pair.resolve()


def test_what_is_neither_run_nor_model_is_refused(here: Path) -> None:
    with pytest.raises(ModelError, match="neither a run, nor a checkpoint, nor a model"):
        open_candidate("nothing")


def test_a_generator_in_training_is_left_as_it_was() -> None:
    generator = ResnetGenerator(GeneratorConfig(ngf=4, blocks=1))
    translate = TorchTranslator(generator, torch.device("cpu"))
    assert translate(tinted(1, 0, 0)[0]).dtype == np.uint8
    assert generator.training
    assert all(weight.requires_grad and weight.grad is None for weight in generator.parameters())


def test_a_gallery_keeps_sizes_up_to_its_limit(tmp_path: Path) -> None:
    for name, size in (("a.png", (30, 20)), ("b.png", (100, 40)), ("nested/c.png", (10, 50))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", size, (9, 8, 7)).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    gallery = Gallery(tmp_path, 50)
    shapes = [picture.shape for picture in gallery]
    assert shapes == [(20, 30, 3), (20, 50, 3), (50, 10, 3)]
    assert [name for name, _ in gallery.unreadable] == ["broken.png"]
    assert [picture.shape for picture in gallery] == shapes
    assert len(gallery.unreadable) == 1
    with pytest.raises(InputError, match="no such folder"):
        Gallery(tmp_path / "nowhere", 50)
