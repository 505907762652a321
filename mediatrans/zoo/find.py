"""The search for a model: the places where models are installed, and the choice of one."""

import logging
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from mediatrans.errors import ModelError
from mediatrans.zoo.card import CARD_NAME, Card, read_card, sha256_of
from mediatrans.zoo.graph import GraphMetadata, inspect_graph, read_graph
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["Generator", "choices", "find", "list_models", "places"]

log = logging.getLogger(__name__)

_REEXPORT = "export or install the model again"

_USUAL_WORKING_SIZE = 360


@dataclass(frozen=True, slots=True)
class Generator:
    """One generator of a model, found but not yet loaded.

    Attributes:
        path: Its ONNX file.
        to: The domain it translates to.
        origin: The domain it translates from.
        size_rule: The picture sizes that its graph accepts.
        working_size: Shorter side, in pixels, at which it works best. For a single file without a
            card, 360 or the training size if that is larger.
        sha256: The file's digest in the card; None for a single file without a card.
        inverse_path: The ONNX file of the reverse generator, or None.
        inverse_sha256: That file's digest in the card, or None.
        name: The model's name.
        place: The place where it was found, for messages.
        percentiles: The percentiles of the figures over the card's pictures, as the card has them.
        domains: The two domains in the order of the card; None for a single file.
        classifier_path: The file of the classifier of the domains; None if there is none, or if it
            hardly tells them apart.
        classifier_sha256: That file's digest in the card, or None.
    """

    path: Path
    to: str
    origin: str
    size_rule: SizeRule
    working_size: int
    sha256: str | None
    inverse_path: Path | None
    inverse_sha256: str | None
    name: str
    place: str
    percentiles: Mapping[str, Any] = field(default_factory=dict, compare=False)
    domains: tuple[str, str] | None = None
    classifier_path: Path | None = None
    classifier_sha256: str | None = None

    def inverse(self) -> "Generator | None":
        """The reverse generator, or None if there is none."""
        if self.inverse_path is None:
            return None
        return Generator(
            path=self.inverse_path,
            to=self.origin,
            origin=self.to,
            size_rule=self.size_rule,
            working_size=self.working_size,
            sha256=self.inverse_sha256,
            inverse_path=self.path,
            inverse_sha256=self.sha256,
            name=self.name,
            place=self.place,
            domains=self.domains,
            classifier_path=self.classifier_path,
            classifier_sha256=self.classifier_sha256,
        )

    def verify(self) -> None:
        """Compare the file with the card's digest.

        Raises:
            ModelError: The file is missing or differs from the card's digest.
        """
        _verify(self.path, self.sha256)

    def verify_classifier(self) -> None:
        """Compare the classifier's file, which must be there, with the card's digest.

        Raises:
            ModelError: The file is missing or differs from the card's digest.
        """
        assert self.classifier_path is not None
        _verify(self.classifier_path, self.classifier_sha256)


def _verify(path: Path, sha256: str | None) -> None:
    if not path.is_file():
        raise ModelError("the model file is missing", path=path, remedy=_REEXPORT)
    if sha256 is not None and sha256_of(path) != sha256:
        raise ModelError(
            "the file's sha256 differs from the card's: it changed after the export",
            path=path,
            remedy=_REEXPORT,
        )


def places() -> list[tuple[str, Path]]:
    """The places where models are installed, as a description and a folder, best first."""
    package = Path(__file__).parent.parent
    shipped = package / "_models"
    if not shipped.is_dir():  # an editable install: the zoo of the checkout
        shipped = package.parent / "models"
    return [
        ("./models", Path("models")),
        ("your data folder", platformdirs.user_data_path("mediatrans") / "models"),
        ("the models shipped with mediatrans", shipped),
    ]


def list_models(folder: Path) -> list[tuple[Path, Card | ModelError]]:
    """Every model folder in a place, with its card or the error in reading it."""
    found: list[tuple[Path, Card | ModelError]] = []
    for path in sorted(folder.glob(f"*/{CARD_NAME}")):
        try:
            found.append((path.parent, read_card(path.parent)))
        except ModelError as error:
            found.append((path.parent, error))
    return found


def choices() -> dict[Path, list[str]]:
    """The model folders that `find` takes without a name, each with the domains it is taken for."""
    taken: set[str] = set()
    found: dict[Path, list[str]] = {}
    for _, folder in _different_places():
        offers: dict[str, list[tuple[Path, str]]] = {}
        for path, card in list_models(folder):
            for domain in card.domains if isinstance(card, Card) else ():
                offers.setdefault(domain.casefold(), []).append((path, domain))
        for domain, models in offers.items():
            if len(models) == 1 and domain not in taken:
                path, spelled = models[0]
                found.setdefault(path, []).append(spelled)
        taken |= set(offers)
    return found


def find(to: str, model: str | None = None) -> Generator:
    """Choose the generator that translates to a domain.

    Args:
        to: The domain; case is ignored.
        model: A model's name, folder or ONNX file; None searches the installed models.

    Raises:
        ModelError: No model translates to that domain, or several in one place do.
    """
    if model is None:
        return _search(to, name=None)
    path = Path(model)
    if path.suffix == ".onnx" or path.is_file():
        return _lone_file(path, to)
    if (path / CARD_NAME).is_file():
        return _direction(path, read_card(path), to, place=str(path.parent))
    return _search(to, name=model)


def _search(to: str, name: str | None) -> Generator:
    available, is_installed = [], False
    for place, folder in _different_places():
        matches = []
        for path, card in list_models(folder):
            if not isinstance(card, Card):
                log.warning("%s", card)
                continue
            available.append(f"{path} ({' <-> '.join(card.domains)})")
            is_installed = is_installed or name in (card.name, path.name)
            if _named(to, card.domains) and name in (None, card.name, path.name):
                matches.append((path, card))
        if len(matches) > 1:
            raise ModelError(
                f"{len(matches)} models in {place} translate to {to!r}: "
                + ", ".join(str(path) for path, _ in matches),
                path=folder,
                remedy="choose one with --model",
            )
        if matches:
            path, card = matches[0]
            _warn_of_hidden(path, card)
            return _direction(path, card, to, place=place)
    if name is not None and not is_installed and (Path(name).is_dir() or os.sep in name):
        raise _no_model_there(Path(name))
    named = f" called {name!r}" if name else ""
    raise ModelError(
        f"no installed model{named} translates to {to!r}; "
        f"available: {', '.join(available) or 'none'}",
        remedy="train and export one, or name a folder or file with --model",
    )


def _no_model_there(path: Path) -> ModelError:
    """The error of a path that leads to no model: what is there, and how it becomes one."""
    if not path.is_dir():
        return ModelError(
            "no such model folder or file",
            path=path,
            remedy="check the path, or see mediatrans models",
        )
    problem = f"the folder holds no file {CARD_NAME}, so it is no model"
    cards = sorted(path.glob(f"*/{CARD_NAME}"))
    graphs = sorted(path.glob("*.onnx"))
    if cards:
        remedy = f"models are in it; name one, for example --model {cards[0].parent}"
    elif (path / "checkpoints").is_dir():
        problem = f"the folder is a training run and no model: it holds no file {CARD_NAME}"
        remedy = f"make a model of it with: mediatrans export-onnx {shlex.quote(str(path))}"
    elif graphs:
        remedy = (
            f"name one of its files with --model {graphs[0]}, or make a model folder with "
            "mediatrans export-onnx"
        )
    else:
        remedy = (
            f"name a folder with {CARD_NAME} and two ONNX files; mediatrans export-onnx makes one "
            "of a training run"
        )
    return ModelError(problem, path=path, remedy=remedy)


def _different_places() -> list[tuple[str, Path]]:
    """The places, without those that are an earlier one under another name."""
    different: dict[Path, tuple[str, Path]] = {}
    for place, folder in places():
        different.setdefault(folder.resolve(), (place, folder))
    return list(different.values())


def _warn_of_hidden(chosen: Path, card: Card) -> None:
    """Warn of other models of the same name that are found later and have other files."""
    for _, folder in _different_places():
        for path, other in list_models(folder):
            if (
                path.resolve() != chosen.resolve()
                and isinstance(other, Card)
                and other.name == card.name
                and other.directions != card.directions
            ):
                log.warning(
                    "%s is used and hides another model of the same name; use that one with "
                    "--model %s",
                    chosen,
                    shlex.quote(str(path)),
                )


def _named(to: str, domains: Sequence[str]) -> str | None:
    """The matching domain in the model's spelling, ignoring case; None if there is none."""
    alike = [domain for domain in domains if domain.casefold() == to.casefold()]
    return to if to in alike else next(iter(alike), None)


def _direction(folder: Path, card: Card, to: str, place: str) -> Generator:
    domain = _named(to, card.domains)
    if domain is None:
        raise ModelError(
            f"{card.name} translates to {' and '.join(card.domains)}, not to {to!r}",
            path=folder,
            remedy=f"use --to {card.domains[0]} or --to {card.domains[1]}",
        )
    by_domain = {direction.to: direction for direction in card.directions}
    forward = by_domain.pop(domain)
    (reverse,) = by_domain.values()
    classifier = card.used_classifier
    return Generator(
        path=_inside(folder, forward.file),
        to=domain,
        origin=reverse.to,
        size_rule=SizeRule(card.stride, may_be_tiled=card.may_be_tiled),
        working_size=card.working_size,
        sha256=forward.sha256,
        inverse_path=_inside(folder, reverse.file),
        inverse_sha256=reverse.sha256,
        name=card.name,
        place=place,
        percentiles=_percentiles(card, domain),
        domains=card.domains,
        classifier_path=None if classifier is None else _inside(folder, classifier.file),
        classifier_sha256=None if classifier is None else classifier.sha256,
    )


def _percentiles(card: Card, domain: str) -> Mapping[str, Any]:
    """What the card says of the pictures that were translated to a domain."""
    table = card.quality.get("percentiles")
    found = table.get(f"to_{domain}") if isinstance(table, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _inside(folder: Path, file: str) -> Path:
    if Path(file).name != file:
        raise ModelError(
            f"the card names a file outside its folder: {file!r}",
            path=folder / CARD_NAME,
            remedy=_REEXPORT,
        )
    return folder / file


def _lone_file(path: Path, to: str) -> Generator:
    if (path.parent / CARD_NAME).is_file():
        card = read_card(path.parent)
        if path.name in {direction.file for direction in card.directions}:
            generator = _direction(path.parent, card, to, place=str(path.parent))
            if generator.path.name == path.name:
                return generator
    metadata = GraphMetadata.from_props(inspect_graph(read_graph(path), path), path)
    if not _named(to, (metadata.to,)):
        raise ModelError(
            f"the model translates to {metadata.to!r}, not to {to!r}",
            path=path,
            remedy=f"use --to {metadata.to}, or name another file",
        )
    return Generator(
        path=path,
        to=metadata.to,
        origin=metadata.origin,
        size_rule=SizeRule(metadata.stride),
        working_size=max(_USUAL_WORKING_SIZE, metadata.training_size),
        sha256=None,
        inverse_path=None,
        inverse_sha256=None,
        name=metadata.name,
        place=str(path.parent),
    )
