"""The comparison of translated pictures with real ones."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mediatrans.errors import InputError, ModelError
from mediatrans.quality import metrics
from mediatrans.training.evaluation.candidate import TorchTranslator, open_candidate
from mediatrans.training.evaluation.comparison import Assessment, Judge, evaluate, train_probes
from mediatrans.training.evaluation.figures import TranslationFigures
from mediatrans.training.evaluation.gallery import Gallery
from mediatrans.training.evaluation.report import EvaluationReport, write_quality
from mediatrans.training.export.model_folder import export_pair
from mediatrans.training.model.networks import GeneratorConfig, ResnetGenerator
from mediatrans.zoo.card import read_card
from tests.pairs import write_pair
from tests.training.colours import COLOURS, GRADIENTS, nothing, swap, tinted
from tests.training.export.test_model_folder import write_run

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning"),
    pytest.mark.usefixtures("graphs_once"),
]

DOMAINS = ("red", "blue")


JUDGES = [Judge(COLOURS)]


def judged(seed: int = 0, count: int = 30) -> Assessment:
    pictures = tinted(count, 0, 1), tinted(count - 2, 2, 2)
    return evaluate(
        (swap, swap), DOMAINS, pictures, JUDGES, texture=GRADIENTS, resamples=100, seed=seed
    )


def both(assessment: Assessment) -> tuple[TranslationFigures, TranslationFigures]:
    """The figures of the only judge, to b and to a."""
    (network,) = assessment.evaluation.networks
    return network.to_b, network.to_a


def test_a_perfect_translation() -> None:
    result = judged()
    evaluation = result.evaluation
    assert evaluation.networks[0].name == "pooled colours"
    assert evaluation.pictures == (30, 28)
    for direction in (evaluation.to_b, evaluation.to_a):
        assert direction.cycle.psnr_db.mean == metrics.PSNR_CAP_DB
        assert direction.cycle.ssim.p05 == pytest.approx(1.0)
        assert direction.cycle.l1.p95 == 0.0
    for figures in both(result):
        assert figures.kid.ratio is not None
        assert figures.kid.ratio.value < 0.1
        assert figures.domain_accuracy == 1.0
        assert figures.untranslated_accuracy == 0.0
        assert figures.colour_transfer_accuracy > 0.8  # tinted noise differs by colour alone
        assert figures.kid.colour_transfer_ratio is not None
        assert figures.kid.colour_transfer_ratio.value < 0.3
    probe = evaluation.networks[0].probe
    assert probe.accuracy_a == probe.accuracy_b == 1.0


def test_no_translation_gains_nothing() -> None:
    pictures = tinted(12, 0, 1), tinted(12, 2, 2)
    result = evaluate((nothing, nothing), DOMAINS, pictures, JUDGES, resamples=100)
    for figures in both(result):
        assert figures.kid.translated == figures.kid.untranslated
        assert figures.kid.ratio is not None
        assert figures.kid.ratio.low == figures.kid.ratio.value == figures.kid.ratio.high == 1.0
        assert figures.domain_accuracy == figures.untranslated_accuracy == 0.0
    for direction in (result.evaluation.to_b, result.evaluation.to_a):
        assert direction.cycle.psnr_db.mean == metrics.PSNR_CAP_DB
        assert direction.texture is None


def test_the_cycle_is_measured_picture_by_picture() -> None:
    def coarse(picture: np.ndarray) -> np.ndarray:
        return swap(picture) // 16 * 16

    red, blue = tinted(9, 0, 1), tinted(6, 2, 2)
    result = evaluate((swap, coarse), DOMAINS, (red, blue), JUDGES, resamples=100)
    psnr = [metrics.psnr(picture, picture // 16 * 16) for picture in red]
    found = result.evaluation.to_b.cycle
    assert found.psnr_db.mean == pytest.approx(np.mean(psnr))
    assert found.psnr_db.p05 == pytest.approx(np.percentile(psnr, 5))
    assert found.psnr_db.p50 == pytest.approx(np.median(psnr))
    assert found.ssim.mean < 1
    assert found.l1.mean == pytest.approx(np.mean([metrics.l1(p, p // 16 * 16) for p in red]))
    assert [figures.cycle_psnr_db for figures in result.pictures[0]] == psnr
    # From blue the coarse generator comes first, and the way back begins from what it made.
    assert result.evaluation.to_a.cycle.l1.mean == pytest.approx(
        np.mean([metrics.l1(p, p // 16 * 16) for p in blue])
    )


def test_the_figures_hang_on_the_seed_alone() -> None:
    first, other = judged().evaluation, judged(seed=1).evaluation
    assert first == judged().evaluation
    ours, theirs = first.networks[0].to_b.kid, other.networks[0].to_b.kid
    assert theirs.translated.value == ours.translated.value
    assert theirs.translated.low != ours.translated.low
    assert theirs.colour_transfer.value != ours.colour_transfer.value


def test_each_picture_has_its_own_probability() -> None:
    pictures = tinted(6, 0, 1), tinted(6, 2, 2)

    def half(picture: np.ndarray) -> np.ndarray:
        return swap(picture) if picture.shape[0] == 20 else picture

    result = evaluate((half, swap), DOMAINS, pictures, JUDGES, resamples=100)
    sure = [figures.domain_probability > 0.5 for figures in result.pictures[0]]
    assert sure == [picture.shape[0] == 20 for picture in pictures[0]]
    assert both(result)[0].domain_accuracy == np.mean(sure)


def test_probes_can_be_trained_on_other_pictures() -> None:
    probes = train_probes(DOMAINS, (tinted(20, 0, 3), tinted(25, 2, 4)), [COLOURS, COLOURS])
    result = evaluate(
        (swap, nothing),
        DOMAINS,
        (tinted(4, 0, 1), tinted(4, 2, 2)),
        [Judge(COLOURS, probe) for probe in probes],
        resamples=100,
    )
    assert len(result.evaluation.networks) == 2
    for network in result.evaluation.networks:
        assert network.probe.trained_on == "20 + 25 training pictures"
        assert network.probe.accuracy_a == network.probe.accuracy_b == 1.0
        assert (network.to_b.domain_accuracy, network.to_a.domain_accuracy) == (1.0, 0.0)


def test_fid_needs_more_pictures_than_features() -> None:
    few, enough = both(judged(count=20)), both(judged(count=30))
    assert few[0].fid is None
    assert enough[0].fid is not None
    assert enough[0].fid >= 0


@pytest.mark.parametrize("count", [0, 1])
def test_two_pictures_a_domain_are_the_least(count: int) -> None:
    pictures = tinted(3, 0, 1), tinted(count, 2, 2)
    with pytest.raises(InputError, match=f"{count} readable pictures of blue"):
        evaluate((swap, swap), DOMAINS, pictures, JUDGES)
    pictures = tinted(2, 0, 1), tinted(2, 2, 2)
    result = evaluate((swap, swap), DOMAINS, pictures, JUDGES, texture=GRADIENTS, resamples=100)
    assert result.evaluation.pictures == (2, 2)


def test_json_names_the_network_beside_every_figure() -> None:
    table = json.loads(EvaluationReport(judged(count=20).evaluation).to_json())
    assert table["version"] == 2
    (network,) = table["networks"]
    for direction in ("to_red", "to_blue"):
        assert network[direction]["fid"] is None
        measured = {name for name in network[direction] if network[direction][name] is not None}
        assert measured > {"kid", "kid_colour_transfer", "kid_real_halves", "domain_accuracy"}
        for figure in measured:
            assert network[direction][figure]["features"] == "pooled colours"
        assert set(table[direction]["cycle"]["psnr_db"]) == {"mean", "p05", "p50", "p95"}
    assert network["probe"]["features"] == "pooled colours"
    assert network["probe"]["accuracy_on_real"] == {"red": 1.0, "blue": 1.0}


def test_the_card_receives_the_figures(tmp_path: Path) -> None:
    folder = write_pair(tmp_path, "red2blue", DOMAINS)
    before = read_card(folder)
    report = EvaluationReport(judged(count=20).evaluation)
    assert write_quality(folder, report) == folder / "card.toml"
    card = read_card(folder)
    assert card.directions == before.directions
    table = tomllib.loads((folder / "card.toml").read_text())["quality"]
    (network,) = table["networks"]
    assert (network["network"], network["dimensions"]) == ("pooled colours", 24)
    assert table["to_blue"]["cycle"]["psnr_db"]["p50"] == 100.0
    assert network["to_blue"]["kid_ratio"]["features"] == "pooled colours"
    assert "fid" not in network["to_blue"]
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["card.toml", "to_blue.onnx", "to_red.onnx"]


def test_a_card_never_receives_the_figures_of_a_network_of_the_training(tmp_path: Path) -> None:
    folder = write_pair(tmp_path, "red2blue", DOMAINS)
    seen = replace(COLOURS, name="seen colours")
    pictures = tinted(6, 0, 1), tinted(6, 2, 2)
    result = evaluate(
        (swap, swap),
        DOMAINS,
        pictures,
        [Judge(seen, seen_in_training=True), Judge(COLOURS)],
        trained_with=("seen colours",),
        resamples=100,
    )
    assert result.network is COLOURS
    write_quality(folder, EvaluationReport(result.evaluation))
    quality = read_card(folder).quality
    assert [network["network"] for network in quality["networks"]] == ["pooled colours"]
    assert quality["judges"] == ["pooled colours"]
    assert quality["trained_with"] == ["seen colours"]
    # What the card knows of the training outlasts figures that do not.
    write_quality(folder, EvaluationReport(judged(count=6).evaluation))
    assert read_card(folder).quality["trained_with"] == ["seen colours"]


def test_a_folder_without_a_card_has_nowhere_to_write(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no card\.toml"):
        write_quality(tmp_path, EvaluationReport(judged(count=5).evaluation))


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
