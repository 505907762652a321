"""The classifier of the domains: trained, exported, loaded, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mediatrans.cli.main import run
from mediatrans.errors import ModelError
from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.domain_file import describe_accuracy, write_domain
from mediatrans.training.export.domain_graph import load_classifier, save_classifier
from mediatrans.training.model.domain_classifier import DomainNetwork, train_domain_network
from mediatrans.translate.engines.domain_classifier import DomainClassifier
from mediatrans.zoo.card import DomainFile, read_card, write_card
from mediatrans.zoo.domain_graph import MAX_BYTES, read_domain_graph
from tests.pairs import identity, inverting, write_pair
from tests.quality.scenes import scene

pytestmark = pytest.mark.usefixtures("auto_is_cpu", "graphs_once")


def day(seed: int) -> Pixels:
    """A light picture."""
    return scene(seed, 128, 128) // 2 + 128


def night(seed: int) -> Pixels:
    """A dark picture."""
    return scene(seed, 128, 128) // 2


@pytest.fixture(scope="module")
def network() -> DomainNetwork:
    days, nights = [day(n) for n in range(12)], [night(n) for n in range(12)]
    return train_domain_network(days, nights, most_steps=30)


@pytest.fixture(scope="module")
def trained(network: DomainNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_pair(tmp_path_factory.mktemp("zoo") / "models", back=inverting())
    unseen = [day(n) for n in range(50, 60)], [night(n) for n in range(50, 60)]
    written = write_domain(folder, network, unseen)
    assert min(written.accuracy.values()) >= 0.9
    return folder


@pytest.fixture
def model(trained: Path, here: Path) -> Path:
    """The pair with its classifier in `./models`."""
    folder = here / "models" / trained.name
    folder.mkdir(parents=True)
    for file in trained.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_the_file_is_small_and_in_the_card(trained: Path) -> None:
    card = read_card(trained)
    assert card.domain is not None
    assert (trained / card.domain.file).stat().st_size <= MAX_BYTES
    assert set(card.domain.accuracy) == {"day", "night"}
    assert str(trained).encode() not in (trained / card.domain.file).read_bytes()


def test_it_answers_as_torch_does(trained: Path, network: DomainNetwork) -> None:
    classifier = DomainClassifier(trained / "domain.onnx", ("day", "night"))
    for picture in (day(3), night(3), scene(3, 128, 128)):
        with torch.no_grad():
            x = torch.from_numpy(picture[None]).permute(0, 3, 1, 2).float() / 127.5 - 1
            expected = float((network(x) > 0).float().mean())
        assert classifier.share(picture, "night") == pytest.approx(expected, abs=1 / 64)
        assert classifier.share(picture, "day") == 1 - classifier.share(picture, "night")


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (90, 40), (700, 500)])
def test_pictures_of_any_size(trained: Path, size: tuple[int, int]) -> None:
    classifier = DomainClassifier(trained / "domain.onnx", ("day", "night"))
    light = np.full((*size, 3), 220, np.uint8)
    assert classifier.share(light, "day") > 0.5


def test_the_caller_s_random_numbers_stay(network: DomainNetwork) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    again = train_domain_network([day(0)], [night(0)], most_steps=2)
    assert (torch.rand(3) == expected).all()
    assert isinstance(again, DomainNetwork)


def test_a_run_keeps_it(network: DomainNetwork, tmp_path: Path) -> None:
    assert load_classifier(tmp_path) is None
    save_classifier(tmp_path, network)
    again = load_classifier(tmp_path)
    assert again is not None
    for key, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[key], value)


def test_convert_has_the_score(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(day(70)).save("a.png")
    words = ["--to", "night", "--device", "cpu"]
    assert run(["convert", "a.png", *words, "--fail-under", "domain=0.8"]) == 0
    assert "domain 1.00" in capsys.readouterr().out
    # A copy stays in its domain.
    write_pair(Path("other"), forward=identity(), back=identity())
    copy = Path("other/day2night")
    (copy / "domain.onnx").write_bytes((model / "domain.onnx").read_bytes())
    write_card(copy, replace(read_card(copy), domain=read_card(model).domain))
    held = ["--model", str(copy), "-o", "b.png", "--fail-under", "domain=0.8"]
    assert run(["convert", "a.png", *words, *held]) == 7


@pytest.mark.parametrize(
    ("accuracy", "is_warned"),
    [((1.0, 0.0), True), ((0.5, 0.6), True), ((0.9, 0.45), True), ((0.75, 0.7), False)],
)
def test_one_that_guesses_is_warned_of(accuracy: tuple[float, float], is_warned: bool) -> None:
    shares = dict(zip(("day", "night"), accuracy, strict=True))
    said = list(describe_accuracy(DomainFile("domain.onnx", "", shares)))
    assert f"{accuracy[1]:.2f} of night" in said[0]
    assert (len(said) == 2) == is_warned
    assert all("guessing gives 0.50" in sentence for sentence in said[1:])
    (unmeasured,) = describe_accuracy(DomainFile("domain.onnx", ""))
    assert unmeasured.endswith("was not measured")


def test_one_that_guesses_gives_no_figure(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(day(70)).save("a.png")
    card = read_card(model)
    assert card.domain is not None
    guessing = replace(card.domain, accuracy={"day": 0.4, "night": 0.7})
    write_card(model, replace(card, domain=guessing))
    words = ["convert", "a.png", "--to", "night", "--device", "cpu"]
    assert run([*words, "--json"]) == 0
    assert "domain" not in json.loads(capsys.readouterr().out)["figures"]
    assert run([*words, "-y", "--fail-under", "domain=0.8"]) == 2
    assert "tells its domains apart" in " ".join(capsys.readouterr().err.split())
    assert run(["check", "a.png", "a-night.png", "--json"]) == 0
    assert "domain" not in json.loads(capsys.readouterr().out)["figures"]


def test_a_model_without_it_has_no_score(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pair(here / "models")
    Image.fromarray(day(70)).save("a.png")
    assert run(["convert", "a.png", "--to", "night"]) == 0
    assert "domain" not in capsys.readouterr().out
    assert run(["convert", "a.png", "--to", "night", "-y", "--fail-under", "domain=0.8"]) == 2
    assert "classifier" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"not onnx", b"x" * (MAX_BYTES + 1)])
def test_a_file_that_is_not_the_card_s_is_refused(model: Path, content: bytes | None) -> None:
    file = model / "domain.onnx"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    Image.fromarray(day(70)).save("a.png")
    assert run(["convert", "a.png", "--to", "night"]) == 4
    assert not Path("a-night.png").exists()
    with pytest.raises(ModelError):
        read_domain_graph(file)


def test_a_generator_is_no_classifier(model: Path) -> None:
    with pytest.raises(ModelError, match="probability"):
        read_domain_graph(model / "to_night.onnx")
