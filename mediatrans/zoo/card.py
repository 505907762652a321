"""The model card: what is known of a pair of generators, kept as `card.toml` beside them."""

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from mediatrans.errors import ModelError
from mediatrans.zoo.graph import is_plain_name
from mediatrans.zoo.size_rule import MAX_MULTIPLE

__all__ = ["CARD_NAME", "Card", "Direction", "read_card", "sha256_of", "write_card"]

_TABLES = ("architecture", "training", "data", "quality", "versions")

CARD_NAME = "card.toml"
"""The file that makes a folder a model."""


@dataclass(frozen=True, slots=True)
class Direction:
    """One generator of a pair.

    Attributes:
        to: The domain it translates to.
        file: Its ONNX file, relative to the card's folder.
        sha256: Hex digest of that file.
    """

    to: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a pair of generators; stored as `card.toml`.

    Attributes:
        name: The pair's name, also its folder's.
        domains: The two domains, the training's A first.
        directions: One generator to each domain, in the order of `domains`.
        stride: Height and width must be multiples of it.
        working_size: Shorter side, in pixels, that the generators work best at.
        opset: ONNX opset of the graphs.
        precision: Number format of the weights, "float32".
        seed: The training's seed, or None when it is not known.
        architecture: Generator settings and `parameters`, their count.
        training: How it was trained: size, steps, recipe, ...
        data: What it was trained on and under which licence.
        quality: Figures on the test split; empty when they were not measured.
        versions: Versions of the packages that made it.
    """

    name: str
    domains: tuple[str, str]
    directions: tuple[Direction, Direction]
    stride: int
    working_size: int
    opset: int
    precision: str
    seed: int | None = None
    architecture: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def sha256_of(file: Path) -> str:
    """Hex digest of a file's bytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_card(folder: Path, card: Card) -> Path:
    """Write `card.toml` into a folder that already holds the card's ONNX files.

    Returns:
        The card's path.
    """
    table: dict[str, Any] = {
        "name": card.name,
        "domains": list(card.domains),
        "stride": card.stride,
        "working_size": card.working_size,
        "opset": card.opset,
        "precision": card.precision,
    }
    if card.seed is not None:
        table["seed"] = card.seed
    table["generators"] = {d.to: {"file": d.file, "sha256": d.sha256} for d in card.directions}
    for part in _TABLES:
        if getattr(card, part):
            table[part] = getattr(card, part)
    path = folder / CARD_NAME
    path.write_text(tomli_w.dumps(table), encoding="utf-8")
    return path


def read_card(folder: Path) -> Card:
    """Read a model folder's card; its files are not verified yet.

    Raises:
        ModelError: The card is missing, is not TOML, or lacks a field.
    """
    path = folder / CARD_NAME
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        first, second = (str(domain) for domain in table["domains"])
        if first == second or not is_plain_name(first) or not is_plain_name(second):
            raise ValueError(f"domains {first!r} and {second!r}")
        if not 1 <= int(table["stride"]) <= MAX_MULTIPLE:
            raise ValueError(f"stride {table['stride']}")
        generators = table["generators"]
        return Card(
            name=str(table["name"]),
            domains=(first, second),
            directions=(
                Direction(first, str(generators[first]["file"]), str(generators[first]["sha256"])),
                Direction(
                    second, str(generators[second]["file"]), str(generators[second]["sha256"])
                ),
            ),
            stride=int(table["stride"]),
            working_size=int(table["working_size"]),
            opset=int(table["opset"]),
            precision=str(table["precision"]),
            seed=table.get("seed"),
            **{part: _table(table, part) for part in _TABLES},
        )
    except FileNotFoundError as error:
        raise ModelError(
            "there is no card.toml here", path=folder, remedy="make one with mediatrans export-onnx"
        ) from error
    except OSError as error:
        raise ModelError(f"the card cannot be read ({error.strerror})", path=path) from error
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ModelError(
            f"the card is damaged ({error!r})", path=path, remedy="export the model again"
        ) from error


def _table(table: dict[str, Any], part: str) -> dict[str, Any]:
    value = table.get(part, {})
    if not isinstance(value, dict):
        raise TypeError(f"{part} is not a table")
    return value
