"""The choice of the engine for a device and a precision, and a test of the devices."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import onnx
from onnx import TensorProto, helper

from mediatrans.errors import DeviceError, MediatransError, ModelError, UsageError
from mediatrans.translate.engines import cuda, onnxruntime, openvino, tensorrt
from mediatrans.translate.engines.backend import Backend
from mediatrans.translate.engines.device_words import (
    DeviceWord,
    NumberFormat,
    Precision,
    read_device_word,
)
from mediatrans.translate.engines.engine import Engine, TileEngine
from mediatrans.translate.engines.reference import Reference
from mediatrans.zoo.graph import INPUT_NAME, OUTPUT_NAME

__all__ = ["ENGINES", "compiled_in", "installed", "open_engine", "open_with_tiles", "try_devices"]

log = logging.getLogger(__name__)

ENGINES: dict[str, Backend] = {
    "tensorrt": tensorrt.BACKEND,
    "cuda": cuda.BACKEND,
    "openvino": openvino.BACKEND,
    "cpu": onnxruntime.BACKEND,
}
"""The engine for each kind of device, by the first part of the `--device` value, best first."""


def open_engine(
    path: Path, *, device: str = "auto", threads: int | None = None, precision: Precision = "auto"
) -> Engine:
    """Load a graph on the engine of a device.

    "auto" compares a candidate with the reference on one picture, see `Reference`. A device in
    float32 and a precision that are asked for by name are not compared.

    The arguments and errors are those of `EngineOpener`.
    """
    return _choose(path, device, threads, precision).engine


def open_with_tiles(
    path: Path, tiles: bytes, *, device: str, threads: int | None, precision: Precision
) -> tuple[Engine, TileEngine]:
    """Load a graph as `open_engine` does, and its tile graph on the same device.

    Args:
        path: The ONNX file.
        tiles: The tile graph, see `mediatrans.zoo.tile_graph`.
        device: A `--device` value.
        threads: Threads per operator; None lets the runtime choose.
        precision: A `--precision` value.
    """
    chosen = _choose(path, device, threads, precision)
    engine = ENGINES[chosen.device.kind].open_tiles(
        path,
        device=chosen.device,
        threads=threads,
        precision=chosen.number_format,
        tiles=tiles,
    )
    return chosen.engine, engine


class _Choice(NamedTuple):
    engine: Engine
    device: DeviceWord
    number_format: NumberFormat


def _choose(path: Path, device: str, threads: int | None, precision: Precision) -> _Choice:
    word = read_device_word(device)
    if precision not in get_args(Precision):
        raise UsageError(
            f"unknown precision {precision!r}", remedy=f"use {' or '.join(get_args(Precision))}"
        )
    if word.kind != "auto":
        return _open_on(word, path, threads, precision)
    reference = Reference(path, threads)
    for candidate, number_format in _candidates(precision):
        if candidate.kind == "cpu":
            return _Choice(reference.engine, candidate, number_format)
        engine = _try(candidate, path, threads, number_format)
        is_asked_for = precision not in ("auto", "float32")
        if engine is not None and (is_asked_for or reference.agrees(engine)):
            return _Choice(engine, candidate, number_format)
    raise DeviceError(
        f"no device of this machine computes in {precision}", remedy="use --precision auto"
    )


def _candidates(precision: Precision) -> Iterator[tuple[DeviceWord, NumberFormat]]:
    """The devices that "auto" may take, with their formats, best first."""
    for kind, backend in ENGINES.items():
        if not backend.is_automatic or not backend.devices():
            continue
        word = read_device_word(kind)
        for number_format in backend.formats(word):
            if precision in ("auto", number_format):
                yield word, number_format


def _try(
    word: DeviceWord, path: Path, threads: int | None, number_format: NumberFormat
) -> Engine | None:
    """The engine of a device; None if it does not start or does not know the graph."""
    try:
        return ENGINES[word.kind].open(path, device=word, threads=threads, precision=number_format)
    except (DeviceError, ModelError) as error:
        log.info("%s in %s is not used: %s", word.kind, number_format, error)
        return None


def _open_on(word: DeviceWord, path: Path, threads: int | None, precision: Precision) -> _Choice:
    """The engine of a device that was named."""
    backend = ENGINES[word.kind]
    if precision not in ("auto", *backend.known):
        raise UsageError(
            f"--device {word.kind} does not compute in {precision}",
            remedy=f"use --precision auto or {' or '.join(backend.known)}",
        )
    formats = backend.formats(word)
    if precision == "auto":
        reference = Reference(path, threads)
        for number_format in formats[: formats.index("float32")]:
            engine = _try(word, path, threads, number_format)
            if engine is not None and reference.agrees(engine):
                return _Choice(engine, word, number_format)
        precision = "float32"
    if precision not in formats:
        raise DeviceError(
            f"this machine has no {precision} for --device {word.kind}",
            remedy=f"use --precision auto or {' or '.join(formats)}",
        )
    engine = backend.open(path, device=word, threads=threads, precision=precision)
    return _Choice(engine, word, precision)


def installed(devices: Sequence[str] = ()) -> list[tuple[str, NumberFormat]]:
    """The devices of this machine with each of their number formats, as `--device` values.

    Args:
        devices: The devices that are wanted; none, or "auto", lists all that "auto" may take.

    Raises:
        UsageError: A device is unknown.
        DeviceError: A device that is wanted is missing.
    """
    automatic = [
        device
        for backend in ENGINES.values()
        if backend.is_automatic
        for device in backend.devices()
    ]
    words = {device: read_device_word(device) for device in devices}
    if not words or "auto" in words:
        words = {device: read_device_word(device) for device in automatic} | words
    return [
        (device, number_format)
        for device, word in words.items()
        if word.kind != "auto"
        for number_format in ENGINES[word.kind].formats(word)
    ]


def compiled_in() -> dict[str, list[str]]:
    """What each runtime was built with, by runtime; it may not all start."""
    return {
        name: parts for name, parts in (onnxruntime.built_with(), openvino.built_with()) if parts
    }


def try_devices() -> dict[str, str | None]:
    """Run a small graph on each device that `--device` may name on this machine.

    Returns:
        For "cpu", "openvino", each "cuda:N" and so on: None if it works, else the problem.
    """
    devices = [device for backend in ENGINES.values() for device in backend.devices()]
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "identity.onnx"
        onnx.save(_identity(), graph)
        return {device: _problem(graph, device) for device in devices}


def _problem(graph: Path, device: str) -> str | None:
    picture = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)
    try:
        out = open_engine(graph, device=device, precision="float32").run(picture).image
    except MediatransError as error:
        return str(error)
    return None if np.array_equal(out, picture) else "it gives wrong pixels for an identity graph"


def _identity() -> onnx.ModelProto:
    shape: list[str | int | None] = ["N", "H", "W", 3]
    graph = helper.make_graph(
        [helper.make_node("Identity", [INPUT_NAME], [OUTPUT_NAME])],
        "identity",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.UINT8, shape)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
