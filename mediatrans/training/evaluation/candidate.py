"""What is evaluated: the two generators of a run, of a checkpoint or of a model."""

from dataclasses import dataclass
from pathlib import Path

import torch

from mediatrans.errors import ModelError
from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import Translate
from mediatrans.training.checkpoint import load_checkpoint
from mediatrans.training.device import choose_device
from mediatrans.training.export.model_folder import PictureGenerator, load_generators
from mediatrans.training.model.networks import STRIDE, ResnetGenerator
from mediatrans.training.run_folder import CHECKPOINTS
from mediatrans.training.seen import networks_of_card, networks_of_run
from mediatrans.translate.stages.pad import padded
from mediatrans.translate.translator import Translator
from mediatrans.zoo.card import CARD_NAME, Card, read_card
from mediatrans.zoo.find import list_models, places
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["Candidate", "TorchTranslator", "open_candidate"]

_SIZE_RULE = SizeRule(STRIDE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair of generators, ready to translate.

    Attributes:
        domains: The names of domain a and domain b.
        there: a -> b, uint8 [H, W, 3] of any size to the same.
        back: b -> a.
        model: The model folder, or None where a run or a checkpoint was opened.
        trained_with: The feature networks that it was trained with, which must not judge it.
    """

    domains: tuple[str, str]
    there: Translate
    back: Translate
    model: Path | None = None
    trained_with: tuple[str, ...] = ()


class TorchTranslator:
    """A generator in torch that pads and rounds as its exported graph does.

    Args:
        generator: A generator of a run, in training or not.
        device: Where to compute.
    """

    def __init__(self, generator: ResnetGenerator, device: torch.device) -> None:
        self._network = PictureGenerator(generator).to(device)
        self._device = device

    @torch.no_grad()
    def __call__(self, picture: Pixels) -> Pixels:
        """uint8 [H, W, 3] RGB of any size -> the same."""
        height, width = picture.shape[:2]
        batch = torch.from_numpy(padded(picture, _SIZE_RULE)[None]).to(self._device)
        translated: Pixels = self._network(batch).cpu().numpy()
        return translated[0, :height, :width]


def open_candidate(source: str, device: str = "auto") -> Candidate:
    """Open a run or a checkpoint in torch, a model in an engine in float32.

    Args:
        source: A run folder, a checkpoint, a model folder, or the name of a model in the zoo.
        device: "auto", "cpu", "cuda" or "cuda:N".

    Raises:
        ModelError: There is nothing of that name, or the model is damaged.
        InputError: A damaged checkpoint.
        DeviceError: The device is not there.
    """
    path = Path(source)
    if (path / CARD_NAME).is_file():
        return _open_model(path, read_card(path), device)
    if (path / CHECKPOINTS).is_dir() or path.suffix == ".pt":
        return _open_run(path, device)
    named = [
        (folder, card)
        for _, place in places()
        for folder, card in list_models(place)
        if isinstance(card, Card) and source in (card.name, folder.name)
    ]
    if not named:
        raise ModelError(
            "neither a run, nor a checkpoint, nor a model",
            path=source,
            remedy="give a folder under runs/ or models/, or see mediatrans models",
        )
    return _open_model(*named[0], device)


def _open_model(folder: Path, card: Card, device: str) -> Candidate:
    a, b = card.domains
    there, back = (
        Translator.load(to, model=str(folder), device=device, precision="float32") for to in (b, a)
    )
    return Candidate((a, b), there, back, folder, networks_of_card(card))


def _open_run(path: Path, device: str) -> Candidate:
    place = choose_device(device)
    checkpoint = load_checkpoint(path)
    there, back = (TorchTranslator(generator, place) for generator in load_generators(checkpoint))
    trained_with = networks_of_run(checkpoint.config)
    return Candidate(checkpoint.domains, there, back, trained_with=trained_with)
