"""A run's generators as a model folder: two ONNX graphs and their card."""

import platform
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx
from torch import nn

from mediatrans import __version__
from mediatrans.errors import InputError, OutputError
from mediatrans.files.publish import output_errors, publishing_folder, recover_folder
from mediatrans.training.checkpoint import Checkpoint, load_checkpoint
from mediatrans.training.config import free_keys
from mediatrans.training.export.exporter import OPSET, PictureGenerator, picture_network, to_onnx
from mediatrans.training.export.float16 import WeightFormat, halve
from mediatrans.training.export.pair import DataNote, TrainedPair
from mediatrans.training.export.parity import ParityProof, prove_parity
from mediatrans.training.model.building import build_generator, generator_config
from mediatrans.training.model.networks import (
    STRIDE,
    GeneratorConfig,
    ResnetGenerator,
    parameter_count,
)
from mediatrans.training.seen import TRAINED_WITH, networks_of_run
from mediatrans.training.watch import UNWATCHED, Watch
from mediatrans.zoo.card import CARD_NAME, Card, Direction, sha256_of, write_card
from mediatrans.zoo.graph import GraphMetadata

__all__ = [
    "Complete",
    "DataNote",
    "PictureGenerator",
    "export_pair",
    "load_generators",
    "publish_pair",
    "trained_pair",
]

Prove = Callable[[Path, nn.Module, int], ParityProof]
"""A proof that an exported graph answers as a network does, at the size that it was trained at."""

Complete = Callable[[Path], None]
"""Adds to a model that is whole but has not got its final name yet; called with its folder."""

_LEAST_WORKING_SIZE = 360
_USUAL_SIZE = 256

_WRITE_REMEDY = "free some space, or choose a folder you may write to with -o"


def export_pair(
    source: Path,
    folder: Path | None = None,
    *,
    overwrite: bool = False,
    note: DataNote | None = None,
    precision: WeightFormat = "float32",
    work_size: int | None = None,
    on_message: Callable[[str], None] = lambda text: None,
    prove: Prove = prove_parity,
    watch: Watch = UNWATCHED,
) -> Path:
    """Export both generators of a run as `publish_pair` does.

    Args:
        source: A run folder or a checkpoint.
        folder: The model folder to make; None makes `models/<a>2<b>`.
        overwrite: Replace a model that is there; other files in its folder are kept.
        note: The data's source and licence, for the card.
        precision: The number format of the weights.
        work_size: The working size for the card; None makes it 360, or the size that the pair was
            trained at if that is larger.
        on_message: Called with sentences about the progress.
        prove: Compares a graph with its network; raises a ModelError where they differ.
        watch: Shows how many graphs are written and proved.

    Returns:
        The model folder.

    Raises:
        InputError: No checkpoint, or a damaged one.
        OutputError: A model is there already, or the folder cannot be written.
        ModelError: A graph does not answer as torch does; no model is left behind.
    """
    return publish_pair(
        trained_pair(source, note or DataNote(), on_message),
        folder,
        overwrite=overwrite,
        precision=precision,
        work_size=work_size,
        on_message=on_message,
        prove=prove,
        watch=watch,
    )


def publish_pair(
    pair: TrainedPair,
    folder: Path | None = None,
    *,
    overwrite: bool = False,
    precision: WeightFormat = "float32",
    work_size: int | None = None,
    on_message: Callable[[str], None] = lambda text: None,
    prove: Prove = prove_parity,
    watch: Watch = UNWATCHED,
    complete: Complete = lambda part: None,
) -> Path:
    """Export both generators, prove them equal to torch's, and publish them with their card.

    Args:
        pair: The generators and what is known of them, for the card.
        folder: The model folder to make; None makes `models/<a>2<b>`.
        overwrite: Replace a model that is there; other files in its folder are kept.
        precision: The number format of the weights. Graphs in float16 are made from those in
            float32 after the proof, and compared with them.
        work_size: As for `export_pair`.
        on_message: Called with sentences about the progress.
        prove: Compares a graph with its network; raises a ModelError where they differ.
        watch: Shows how many graphs are written and proved.
        complete: Called with the whole model under its part name, absolute, to add to it. What it
            raises leaves no model behind.

    Returns:
        The model folder.

    Raises:
        OutputError: A model is there already, or the folder cannot be written.
        ModelError: A graph does not answer as torch does; no model is left behind.
    """
    folder = folder or Path("models") / pair.name
    with output_errors(folder, what="the model", remedy=_WRITE_REMEDY):
        recover_folder(folder)
    if folder.exists() and not (overwrite and (folder / CARD_NAME).exists()):
        raise OutputError(
            "a model is here already"
            if (folder / CARD_NAME).exists()
            else "this exists and is not a model",
            path=folder,
            remedy="replace a model with --overwrite, or choose another folder with -o",
        )
    with publishing_folder(folder, what="the model", remedy=_WRITE_REMEDY) as part:
        directions = _write_graphs(pair, part, precision, on_message, prove, watch)
        write_card(part, _card(pair, directions, precision, work_size))
        complete(part.absolute())
        _keep_other_files(folder, part)
    return folder


def load_generators(checkpoint: Checkpoint) -> tuple[ResnetGenerator, ResnetGenerator]:
    """G: a -> b and F: b -> a of a checkpoint, averaged where the run averages.

    Raises:
        InputError: The weights are not those of its configuration.
    """
    generators = []
    prefix = "average_" if checkpoint.config.ema else ""
    for name in ("G", "F"):
        generator = build_generator(generator_config(checkpoint.config))
        try:
            generator.load_state_dict(checkpoint.model[prefix + name])
        except Exception as error:  # a damaged state dict has torch raise many kinds
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"the checkpoint's weights {prefix}{name} do not fit its settings ({reason})",
                remedy="give another checkpoint",
            ) from error
        generators.append(generator.eval())
    return generators[0], generators[1]


def _write_graphs(
    pair: TrainedPair,
    folder: Path,
    precision: WeightFormat,
    on_message: Callable[[str], None],
    prove: Prove,
    watch: Watch,
) -> tuple[Direction, Direction]:
    a, b = pair.domains
    directions = []
    each = zip(pair.generators, (a, b), (b, a), strict=True)
    for generator, origin, to in watch.watch(each, "writing and proving graphs", 2):
        network = picture_network(generator)
        metadata = GraphMetadata(
            name=pair.name,
            origin=origin,
            to=to,
            stride=STRIDE,
            architecture=_architecture(generator.config),
            training_size=pair.training_size or 0,
            version=__version__,
        )
        path = folder / f"to_{to}.onnx"
        onnx.save(to_onnx(network, metadata), path)
        proof = prove(path, network, pair.training_size or _USUAL_SIZE)
        on_message(
            f"{path.name}: largest difference to torch {proof.largest_difference} of 255 "
            f"over {proof.inputs} inputs"
        )
        if precision == "float16":
            found = halve(path)
            on_message(
                f"{path.name}: in float16 it differs by up to {found.largest} of 255, "
                f"by {found.mean:.2f} on average"
            )
        directions.append(Direction(to=to, file=path.name, sha256=sha256_of(path)))
    return directions[1], directions[0]


def trained_pair(source: Path, note: DataNote, on_message: Callable[[str], None]) -> TrainedPair:
    """The generators of a run, and what its model's card says of it.

    Args:
        source: A run folder or a checkpoint.
        note: The data's source and licence.
        on_message: Called with a sentence if the run has not made all its steps.

    Raises:
        InputError: No checkpoint, or a damaged one.
    """
    checkpoint = load_checkpoint(source)
    config = checkpoint.config
    if checkpoint.step == 0 or (config.steps is not None and checkpoint.step < config.steps):
        of_all = "" if config.steps is None else f" of {config.steps:,}"
        on_message(f"the run has made only {checkpoint.step:,}{of_all} steps")
    a, b = checkpoint.domains
    # The path of an earlier run says nothing elsewhere, and maybe more than its owner would tell.
    left_out = free_keys() | {"start_from"}
    settings = {k: v for k, v in config.to_table().items() if k not in left_out}
    training: dict[str, Any] = {
        **settings,
        "steps_made": checkpoint.step,
        "averaged_weights": config.ema > 0,
        "trained_with": " ".join(f"{k} {v}" for k, v in checkpoint.environment.items()),
    }
    data = {
        "source": note.source,
        "licence": note.licence,
        f"training_pictures_{a}": len(checkpoint.data["a"]),
        f"training_pictures_{b}": len(checkpoint.data["b"]),
    }
    return TrainedPair(
        domains=(a, b),
        generators=load_generators(checkpoint),
        training_size=config.size,
        seed=config.seed,
        training=training,
        data=data,
        networks=networks_of_run(config),
    )


def _card(
    pair: TrainedPair,
    directions: tuple[Direction, Direction],
    precision: WeightFormat,
    work_size: int | None,
) -> Card:
    generator, _ = pair.generators
    config = generator.config
    architecture = {
        "generator": _architecture(config),
        "ngf": config.ngf,
        "blocks": config.blocks,
        "upsample": config.upsample,
        "separable": config.separable,
        "tone_skip": config.tone_skip,
        "head": config.head,
        "texture": config.texture,
        "parameters": parameter_count(generator),
    }
    versions = {package: version(package) for package in ("torch", "onnx", "onnxscript")}
    return Card(
        name=pair.name,
        domains=pair.domains,
        directions=directions,
        stride=STRIDE,
        working_size=work_size or max(_LEAST_WORKING_SIZE, pair.training_size or 0),
        opset=OPSET,
        precision=precision,
        seed=pair.seed,
        architecture=architecture,
        training=pair.training,
        data=pair.data,
        quality={TRAINED_WITH: list(pair.networks)} if pair.networks else {},
        versions={"mediatrans": __version__, "python": platform.python_version(), **versions},
    )


def _architecture(config: GeneratorConfig) -> str:
    words = [f"resnet_{config.blocks}blocks ngf {config.ngf} {config.upsample}"]
    if config.separable:
        words.append("separable")
    if config.tone_skip:
        words.append("tone skip")
    if config.head != "direct":
        words.append(config.head.replace("_", " "))
        words.append(f"texture {config.texture}")
    return " ".join(words)


def _keep_other_files(folder: Path, part: Path) -> None:
    """Copy what the user put beside a model that is replaced, a README for example."""
    if not folder.exists():
        return
    for kept in folder.iterdir():
        if not (part / kept.name).exists() and kept.suffix != ".onnx":
            if kept.is_dir() and not kept.is_symlink():
                shutil.copytree(kept, part / kept.name, symlinks=True)
            else:
                shutil.copy2(kept, part / kept.name, follow_symlinks=False)
