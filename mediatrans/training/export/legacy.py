"""Generators of the reference implementation, pytorch-CycleGAN-and-pix2pix, read into ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mediatrans.errors import InputError
from mediatrans.files.regular import check_regular
from mediatrans.training.export.pair import DataNote, TrainedPair
from mediatrans.training.model.networks import GeneratorConfig, ResnetGenerator
from mediatrans.zoo.card import sha256_of

__all__ = ["LegacyGenerator", "load_legacy_generator", "load_legacy_pair"]

_UNKNOWN = ("size of the training crops", "steps", "settings", "seed", "quality")

_STATISTICS = re.compile(r"\.(running_mean|running_var|num_batches_tracked)$")
_BLOCK_CONVOLUTION = re.compile(r"model\.(\d+)\.conv_block\.(\d+)\.weight")
_BLOCKS_START = 10
_REMEDY = "only the resnet generators with instance norm, without antialiasing, can be imported"


@dataclass(frozen=True, slots=True)
class LegacyGenerator:
    """A generator that the reference implementation trained.

    Attributes:
        generator: The same network, ours.
        dropout: It was trained with dropout, which is off from here on.
        running_statistics: Its file held running statistics of instance norm. They are left out:
            each picture is normalised by its own, as in training and in the reference's test.
    """

    generator: ResnetGenerator
    dropout: bool
    running_statistics: bool


def load_legacy_pair(
    files: tuple[Path, Path], domains: tuple[str, str], note: DataNote
) -> TrainedPair:
    """Read both generators of a pair, with what is known of them for a card.

    Args:
        files: `latest_net_G_A.pth`, which translates from A to B, and `latest_net_G_B.pth`.
        domains: The names of A and B.
        note: What is known of the data.

    Raises:
        InputError: A file is not a generator that can be imported, or the two differ in size.
    """
    there, back = (load_legacy_generator(file) for file in files)
    if there.generator.config != back.generator.config:
        sizes = (
            f"{g.generator.config.blocks} blocks of width {g.generator.config.ngf}"
            for g in (there, back)
        )
        raise InputError(
            f"the two generators are not a pair: {' and '.join(sizes)}",
            path=files[1],
            remedy="give G_A and G_B of one training",
        )
    training = {
        "imported_from": "pytorch-CycleGAN-and-pix2pix",
        "files": [file.name for file in files],
        "sha256": [sha256_of(file) for file in files],
        "dropout_in_training": there.dropout or back.dropout,
        "running_statistics": "left out: each picture is normalised by its own"
        if there.running_statistics or back.running_statistics
        else "none",
        "unknown": list(_UNKNOWN),
    }
    return TrainedPair(
        domains=domains,
        generators=(there.generator, back.generator),
        training=training,
        data={"source": note.source, "licence": note.licence},
    )


def load_legacy_generator(path: Path) -> LegacyGenerator:
    """Read a state dict such as `latest_net_G_A.pth`; an untrusted file runs no code.

    Width and number of blocks are taken from the shapes; a `module.` prefix, left by
    DataParallel, is dropped.

    Args:
        path: The file.

    Raises:
        InputError: It cannot be read, or holds another kind of network; the message says which.
    """
    named = {key.removeprefix("module."): value for key, value in _read(path).items()}
    _refuse_other_networks(path, named)
    weights = {key: value for key, value in named.items() if not _STATISTICS.search(key)}
    blocks, second = _block_layout(path, weights)
    names = _names(blocks, second)
    _refuse_difference(path, set(weights), set(names))
    config = GeneratorConfig(ngf=len(weights["model.1.weight"]), blocks=blocks)
    generator = ResnetGenerator(config)
    ours = {names[key]: value.float() for key, value in weights.items()}
    try:
        generator.load_state_dict(ours)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise InputError(
            f"not the shapes of a resnet generator from 3 channels to 3 ({reason})",
            path=path,
            remedy=_REMEDY,
        ) from error
    return LegacyGenerator(
        generator=generator.eval(), dropout=second == 6, running_statistics=len(named) > len(ours)
    )


def _read(path: Path) -> dict[str, Tensor]:
    try:
        check_regular(path.stat(), path)
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError("no such file", path=path, remedy="give latest_net_G_A.pth") from error
    except Exception as error:  # pickle, zip and torch each raise their own
        raise InputError(
            f"not a file of weights ({type(error).__name__})",
            path=path,
            remedy="give a state dict, as latest_net_G_A.pth is one",
        ) from error
    if not isinstance(content, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()
    ):
        raise InputError(
            "not a state dict of named tensors", path=path, remedy="give latest_net_G_A.pth"
        )
    return dict(content)


def _refuse_other_networks(path: Path, named: Mapping[str, Tensor]) -> None:
    """Refuse, by name, the variants whose files look similar."""
    norms = [key for key, value in named.items() if key.endswith(".weight") and value.dim() == 1]
    if any(key.endswith(".filt") for key in named):
        found = "an antialiased generator (it has blur filters)"
    elif any(key.startswith("model.model.") for key in named):
        found = "a U-Net generator"
    elif any(key.startswith("model.0.") for key in named):
        found = "a discriminator or another network"
    elif norms:
        found = "a generator with a learned norm, such as batch norm"
    else:
        return
    raise InputError(found, path=path, remedy=_REMEDY)


def _block_layout(path: Path, weights: Mapping[str, Tensor]) -> tuple[int, int]:
    """The number of blocks, and the place of the second convolution in each: 5, or 6 with dropout.

    A dropout layer has no weights, but it is counted.
    """
    found = [match.groups() for key in weights if (match := _BLOCK_CONVOLUTION.fullmatch(key))]
    places = {place for _, place in found}
    if places not in ({"1", "5"}, {"1", "6"}):
        raise InputError("no resnet generator with reflection padding", path=path, remedy=_REMEDY)
    return len({block for block, _ in found}), 6 if "6" in places else 5


def _names(blocks: int, second: int) -> dict[str, str]:
    """Our name for each of theirs.

    Theirs are places in one sequence, layers without weights counted: padding, convolution, norm
    and ReLU, twice convolution, norm and ReLU, the blocks, twice transposed convolution, norm and
    ReLU, then padding, convolution and tanh.
    """
    end = _BLOCKS_START + blocks
    places = {"model.1": "encoder.1", "model.4": "encoder.4", "model.7": "encoder.7"}
    for block in range(blocks):
        theirs, ours = f"model.{_BLOCKS_START + block}.conv_block", f"blocks.{block}.body"
        places |= {f"{theirs}.1": f"{ours}.1", f"{theirs}.{second}": f"{ours}.5"}
    places |= {
        f"model.{end}": "decoder.0",
        f"model.{end + 3}": "decoder.3",
        f"model.{end + 7}": "decoder.7",
    }
    return {
        f"{theirs}.{part}": f"{ours}.{part}"
        for theirs, ours in places.items()
        for part in ("weight", "bias")
    }


def _refuse_difference(path: Path, found: set[str], wanted: set[str]) -> None:
    missing, foreign = sorted(wanted - found), sorted(found - wanted)
    if missing or foreign:
        example = f"lacks {missing[0]}" if missing else f"has {foreign[0]}"
        raise InputError(
            f"not laid out as a resnet generator: it {example}", path=path, remedy=_REMEDY
        )
