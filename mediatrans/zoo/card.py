"""The model card: what is known of a pair of generators, kept as `card.toml` beside them."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mediatrans.errors import ModelError
from mediatrans.files.publish import publishing
from mediatrans.files.records import RecordError, from_toml, to_toml
from mediatrans.files.regular import check_regular, read_regular
from mediatrans.zoo.graph import is_plain_name
from mediatrans.zoo.size_rule import MAX_MULTIPLE, MAX_SIDE, MINIMUM

__all__ = ["CARD_NAME", "Card", "Direction", "DomainFile", "read_card", "sha256_of", "write_card"]

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


_LEAST_ACCURACY = 0.7
"""The mean of both domains below which a classifier is not used. One that guesses reaches it on
10 + 10 pictures in 6 of 100 cases (14 or more heads of 20 tosses)."""


@dataclass(frozen=True, slots=True)
class DomainFile:
    """The classifier of a pair's two domains.

    Attributes:
        file: Its ONNX file, relative to the card's folder.
        sha256: Hex digest of that file.
        accuracy: The share of the real test pictures of each domain that it recognises; empty if
            that was not measured.
    """

    file: str
    sha256: str
    accuracy: dict[str, float] = field(default_factory=dict)

    @property
    def mean_accuracy(self) -> float | None:
        """The mean over the two domains; None if it was not measured. Guessing gives 0.5."""
        return sum(self.accuracy.values()) / len(self.accuracy) if self.accuracy else None

    @property
    def tells_domains_apart(self) -> bool:
        """Whether its answers mean something, as far as was measured."""
        mean = self.mean_accuracy
        return mean is None or mean >= _LEAST_ACCURACY


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
        may_be_tiled: Whether `--tile` is allowed; the file has this where it is not.
        seed: The training's seed, or None when it is not known.
        architecture: Generator settings and `parameters`, their count.
        training: How it was trained: size, steps, recipe, ...
        data: What it was trained on and under which licence.
        quality: Figures on the test split; empty when they were not measured.
        versions: Versions of the packages that made it.
        domain: The classifier of the two domains, or None.
    """

    name: str
    domains: tuple[str, str]
    directions: tuple[Direction, Direction]
    stride: int
    working_size: int
    opset: int
    precision: str
    may_be_tiled: bool = True
    seed: int | None = None
    architecture: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    domain: DomainFile | None = None

    @property
    def used_classifier(self) -> DomainFile | None:
        """The classifier of the domains; None if there is none, or if it has been found to guess.

        The figures of one that guesses would look like all others.
        """
        if self.domain is None or not self.domain.tells_domains_apart:
            return None
        return self.domain


def sha256_of(file: Path) -> str:
    """Hex digest of a regular file's bytes."""
    check_regular(file.stat(), file)
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_card(folder: Path, card: Card) -> Path:
    """Write `card.toml` into a folder that already holds the card's ONNX files.

    Returns:
        The card's path.

    Raises:
        OutputError: It cannot be written; the card that was there is kept.
    """
    content = _CardFile(
        name=card.name,
        domains=card.domains,
        stride=card.stride,
        working_size=card.working_size,
        opset=card.opset,
        precision=card.precision,
        generators={d.to: _GraphFile(d.file, d.sha256) for d in card.directions},
        domain=card.domain,
        may_be_tiled=None if card.may_be_tiled else False,
        seed=card.seed,
        architecture=card.architecture or None,
        training=card.training or None,
        data=card.data or None,
        quality=card.quality or None,
        versions=card.versions or None,
    )
    path = folder / CARD_NAME
    remedy = "free some space or allow writing there, then run the same command again"
    with publishing(path, what="the card", remedy=remedy) as part:
        part.write_text(to_toml(content), encoding="utf-8")
    return path


def read_card(folder: Path) -> Card:
    """Read a model folder's card; its files are not verified yet.

    Raises:
        ModelError: The card is missing, is not TOML, or has a missing or damaged field.
    """
    path = folder / CARD_NAME
    try:
        content = from_toml(_CardFile, read_regular(path), extra_fields=True)
    except FileNotFoundError as error:
        raise ModelError(
            "there is no card.toml here", path=folder, remedy="make one with mediatrans export-onnx"
        ) from error
    except OSError as error:
        raise ModelError(
            f"the card cannot be read ({error.strerror})", path=path, remedy="allow reading"
        ) from error
    except RecordError as error:
        raise ModelError(
            f"the card is damaged ({error})", path=path, remedy="export the model again"
        ) from error
    a, b = content.domains
    to_a, to_b = content.generators[a], content.generators[b]
    return Card(
        name=content.name,
        domains=content.domains,
        directions=(Direction(a, to_a.file, to_a.sha256), Direction(b, to_b.file, to_b.sha256)),
        stride=content.stride,
        working_size=content.working_size,
        opset=content.opset,
        precision=content.precision,
        may_be_tiled=content.may_be_tiled is not False,
        seed=content.seed,
        architecture=content.architecture or {},
        training=content.training or {},
        data=content.data or {},
        quality=content.quality or {},
        versions=content.versions or {},
        domain=content.domain,
    )


@dataclass(frozen=True, slots=True)
class _GraphFile:
    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _CardFile:
    """The card as `card.toml` has it: one table per generator, by its target domain."""

    name: str
    domains: tuple[str, str]
    stride: int
    working_size: int
    opset: int
    precision: str
    may_be_tiled: bool | None = None
    seed: int | None = None
    generators: dict[str, _GraphFile]
    domain: DomainFile | None = None
    architecture: dict[str, Any] | None = None
    training: dict[str, Any] | None = None
    data: dict[str, Any] | None = None
    quality: dict[str, Any] | None = None
    versions: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if not self.name.isprintable():  # it is shown on terminals
            raise ValueError(f"name: {self.name!r} has characters that cannot be printed")
        a, b = self.domains
        if a == b or not is_plain_name(a) or not is_plain_name(b):
            raise ValueError(f"domains: {a!r} and {b!r} are not two names of files")
        if not 1 <= self.stride <= MAX_MULTIPLE:
            raise ValueError(f"stride: {self.stride} is not from 1 to {MAX_MULTIPLE}")
        if not MINIMUM <= self.working_size <= MAX_SIDE:
            raise ValueError(
                f"working_size: {self.working_size} is not from {MINIMUM} to {MAX_SIDE}"
            )
        missing = [domain for domain in self.domains if domain not in self.generators]
        if missing:
            raise ValueError(f"generators.{missing[0]}: missing")
