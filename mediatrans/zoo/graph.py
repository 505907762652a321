"""The graph contract of a generator's ONNX file, and the inspection of a file against it.

The input is `image`, uint8 [N, H, W, 3] RGB, the output `image_out`, of the same type and shape; N,
H and W are dynamic. Only standard operators are allowed, no loops, and no weights in other files.
`metadata_props` hold the essentials of the card. Files may come from strangers, so they are
inspected before ONNX Runtime loads them.

A graph may have a second output, `map`, float32 [N, H/4, W/4, 12] or [N, H/2, W/2, 12]: a 3x4
matrix per cell, row by row, with M its first three columns and o the last. It may then have a
third, `texture`, float32 [N, H, W, 3]. `image_out` is computed from them and `image`. With
x = image / 127.5 - 1, z = atanh(r x), r = MAP_REACH, the map enlarged bilinearly to H x W
(half-pixel centres, edges repeated) and a texture of 0 where there is none,
y = tanh(M z + o + texture) / r and image_out = round(127.5 (y + 1)), clipped to 0 to 255.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import onnx
import onnx.inliner

from mediatrans.errors import ModelError
from mediatrans.files.regular import read_regular
from mediatrans.zoo.constant_values import long_vector, refused_constants
from mediatrans.zoo.size_rule import MAX_MULTIPLE

__all__ = [
    "INPUT_NAME",
    "MAP_NAME",
    "MAP_REACH",
    "OUTPUT_NAME",
    "TEXTURE_NAME",
    "GraphMetadata",
    "inspect_graph",
    "is_batch",
    "is_plain_name",
    "read_graph",
]

INPUT_NAME = "image"
OUTPUT_NAME = "image_out"
MAP_NAME = "map"
MAP_REACH = 0.8
"""What pictures in [-1, 1] are multiplied by before atanh, whose poles are at -1 and 1.

The nearer to 1, the more an offset amplifies the noise of what is nearly black or white.
"""
TEXTURE_NAME = "texture"

_STANDARD_DOMAINS = {"", "ai.onnx"}
# The running time of a loop is not bounded, and generators do not need any.
_LOOPS = frozenset({"Loop", "Scan"})
_MAX_GRAPH_BYTES = 1 << 30
_MAX_NODES = 20_000
_MAX_WEIGHT = 1 << 28
# The largest intermediate value for a picture of _SAMPLE_SIDE x _SAMPLE_SIDE pixels: 4096 numbers
# per pixel.
_SAMPLE_SIDE = 64
_MAX_VALUE = 4096 * _SAMPLE_SIDE**2
_REMEDY = "export the model with mediatrans export-onnx"


@dataclass(frozen=True, slots=True)
class GraphMetadata:
    """The card's essentials, stored in the graph so that a single file works without a card.

    Attributes:
        name: The model's name.
        origin: The domain it translates from.
        to: The domain it translates to.
        stride: Height and width must be multiples of it.
        architecture: A short description of the generator.
        training_size: The side of the training crops in pixels.
        version: The version of mediatrans that exported it.
    """

    name: str
    origin: str
    to: str
    stride: int
    architecture: str = ""
    training_size: int = 0
    version: str = ""

    def props(self) -> dict[str, str]:
        """The entries for `metadata_props`."""
        return {
            "mediatrans.name": self.name,
            "mediatrans.from": self.origin,
            "mediatrans.to": self.to,
            "mediatrans.stride": str(self.stride),
            "mediatrans.architecture": self.architecture,
            "mediatrans.training_size": str(self.training_size),
            "mediatrans.version": self.version,
        }

    @classmethod
    def from_props(cls, props: dict[str, str], path: Path) -> "GraphMetadata":
        """Read the entries of `metadata_props`.

        Raises:
            ModelError: An entry is missing or invalid.
        """
        try:
            stride = int(props["mediatrans.stride"])
            if not 1 <= stride <= MAX_MULTIPLE:
                raise ValueError(f"stride {stride}")
            origin, to = props["mediatrans.from"], props["mediatrans.to"]
            if not is_plain_name(origin) or not is_plain_name(to):
                raise ValueError(f"domains {origin!r} and {to!r}")
            return cls(
                name=props["mediatrans.name"],
                origin=origin,
                to=to,
                stride=stride,
                architecture=props.get("mediatrans.architecture", ""),
                training_size=int(props.get("mediatrans.training_size", "0")),
                version=props.get("mediatrans.version", ""),
            )
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"the graph's metadata is missing or invalid ({error})", path=path, remedy=_REMEDY
            ) from error


def is_plain_name(name: str) -> bool:
    """Whether a domain's name can be part of a file name and is not a path.

    Args:
        name: The name of a domain, from a card, a graph or the user.
    """
    return name.isprintable() and name.strip(". ") != "" and not set(name) & set("/\\")


def read_graph(path: Path, most: int = _MAX_GRAPH_BYTES) -> bytes:
    """The bytes of an ONNX file; the same bytes are inspected and then loaded.

    Args:
        path: The file.
        most: The largest size in bytes, 1 GiB for a generator.

    Raises:
        ModelError: The file is missing, cannot be read or is too large.
    """
    try:
        if path.stat().st_size > most:
            raise ModelError(f"larger than the limit of {most:,} bytes", path=path, remedy=_REMEDY)
        return read_regular(path)
    except FileNotFoundError as error:
        raise ModelError("no such model file", path=path, remedy=_REMEDY) from error
    except OSError as error:
        raise ModelError(
            f"cannot be read ({error.strerror})",
            path=path,
            remedy="check the file and its permissions",
        ) from error


def inspect_graph(
    content: bytes,
    path: Path,
    wrong_ends: Callable[[onnx.GraphProto], str | None] | None = None,
) -> dict[str, str]:
    """Check a graph against the contract without running it.

    Args:
        content: The bytes of the ONNX file.
        path: The file's name in messages.
        wrong_ends: Describes how input and outputs break the contract; None is that of generators.

    Returns:
        The graph's `metadata_props`.

    Raises:
        ModelError: The graph breaks the contract.
    """
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's DecodeError has no stable import path
        raise ModelError("not an ONNX file", path=path, remedy=_REMEDY) from error
    problem = (
        _forbidden_part(model) or (wrong_ends or _wrong_ends)(model.graph) or _too_large(model)
    )
    if problem is not None:
        raise ModelError(problem, path=path, remedy=_REMEDY)
    return {entry.key: entry.value for entry in model.metadata_props}


def _parts(message: Any) -> Iterator[Any]:
    """A protobuf message and all messages inside it, so that no tensor or node is missed."""
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for part in [value] if hasattr(value, "ListFields") else value:
                yield from _parts(part)


def _forbidden_part(model: onnx.ModelProto) -> str | None:
    """A description of a forbidden part of the graph, or None."""
    functions = {_function_key(function.domain, function) for function in model.functions}
    for part in _parts(model):
        if not all(map(_is_text, part.ListFields())):
            return "holds names that are not valid text"
        if isinstance(part, onnx.TensorProto):
            if part.data_location == onnx.TensorProto.EXTERNAL or part.external_data:
                return "keeps weights in other files"
            if any(size < 0 for size in part.dims) or math.prod(part.dims) > _MAX_WEIGHT:
                return f"holds a tensor of unreasonable size {list(part.dims)}"
        elif isinstance(part, onnx.SparseTensorProto):
            return "holds sparse weights"
        elif isinstance(part, onnx.TrainingInfoProto):
            return "holds a training graph"
        elif isinstance(part, onnx.NodeProto):
            key = (part.domain, part.op_type, part.overload)
            if part.domain not in _STANDARD_DOMAINS and key not in functions:
                return f"uses custom operators of {part.domain!r}"
            if part.domain in _STANDARD_DOMAINS and part.op_type in _LOOPS:
                return f"uses {part.op_type}, a loop, which may run forever"
    return None


def _is_text(entry: tuple[Any, Any]) -> bool:
    """Whether a string field holds strings; protobuf returns those that are not UTF-8 as bytes."""
    field, value = entry
    texts = [value] if isinstance(value, str | bytes) else value
    return field.type != field.TYPE_STRING or all(isinstance(text, str) for text in texts)


def _function_key(domain: str, named: onnx.FunctionProto) -> tuple[str, str, str]:
    return (domain, named.name, named.overload)


def _wrong_ends(graph: onnx.GraphProto) -> str | None:
    """A description of how the graph's input or outputs break the contract, or None."""
    extra = list(graph.output)[1:]
    outputs = list(graph.output)[:1] if _are_maps(extra) else graph.output
    for values, name in ((graph.input, INPUT_NAME), (outputs, OUTPUT_NAME)):
        if [value.name for value in values] != [name] or not is_batch(values[0], "UINT8", 3):
            found = ", ".join(value.name for value in values)
            return f"wrong graph: needs one uint8 [N, H, W, 3] {name!r}, has {found}"
    return None


def _are_maps(values: list[onnx.ValueInfoProto]) -> bool:
    names = [value.name for value in values]
    return names in ([MAP_NAME], [MAP_NAME, TEXTURE_NAME]) and all(
        is_batch(value, "FLOAT", channels) for value, channels in zip(values, (12, 3), strict=False)
    )


def is_batch(value: onnx.ValueInfoProto, kind: str, channels: int) -> bool:
    """Whether a value is [N, H, W, channels] with dynamic N, H and W.

    Args:
        value: An input or output of a graph.
        kind: Its type, "UINT8" or "FLOAT".
        channels: The size of its last dimension.
    """
    tensor = value.type.tensor_type
    # A dimension without a value is dynamic; N, H and W must be.
    sizes = [dimension.dim_value for dimension in tensor.shape.dim]
    right_type = tensor.elem_type == onnx.TensorProto.DataType.Value(kind)
    return bool(right_type) and sizes in ([0, 0, 0, channels], [0] * 4)


def _too_large(model: onnx.ModelProto) -> str | None:
    """Why running the graph would take an unreasonable amount of memory or time, or None.

    Sizes that are only known at run time are left to the memory limit of the engine.
    """
    nodes = _expanded_nodes(model)
    if nodes is None or nodes > _MAX_NODES:
        return "has functions that call themselves" if nodes is None else f"has {nodes:,} operators"
    # Functions are inlined, so that the values inside them are checked, too.
    sample = onnx.inliner.inline_local_functions(model)
    sides = (1, _SAMPLE_SIDE, _SAMPLE_SIDE, 3)
    shape = sample.graph.input[0].type.tensor_type.shape
    for dimension, side in zip(shape.dim, sides, strict=True):
        dimension.dim_value = side
    try:
        # Propagating data takes time for each number of a vector; the first pass does not.
        if name := long_vector(onnx.shape_inference.infer_shapes(sample).graph):
            return f"has a vector of unreasonable size, {name!r}"
        inferred = onnx.shape_inference.infer_shapes(sample, data_prop=True)
    except Exception as error:  # the C++ code raises many kinds of error
        return f"has shapes that cannot be inferred ({str(error).strip().splitlines()[0]})"
    for part in _parts(inferred.graph):
        if isinstance(part, onnx.ValueInfoProto):
            dimensions = part.type.tensor_type.shape.dim
            if math.prod(dimension.dim_value or 1 for dimension in dimensions) > _MAX_VALUE:
                return f"has a value of unreasonable size, {part.name!r}, for a small picture"
    return refused_constants(inferred.graph)


def _expanded_nodes(model: onnx.ModelProto) -> int | None:
    """The number of operators after inlining all functions; None if they recurse."""
    bodies = {_function_key(f.domain, f): Counter(_calls(f.node)) for f in model.functions}
    try:
        order = list(
            TopologicalSorter({key: set(body) for key, body in bodies.items()}).static_order()
        )
    except CycleError:
        return None
    sizes: dict[tuple[str, str, str], int] = {}
    for key in order:
        body = bodies.get(key)
        sizes[key] = 1 if body is None else sum(sizes[k] * count for k, count in body.items())
    return sum(sizes.get(key, 1) for key in _calls(model.graph.node))


def _calls(nodes: Iterable[onnx.NodeProto]) -> Iterator[tuple[str, str, str]]:
    """The operators and functions that nodes and their subgraphs call."""
    for node in nodes:
        for part in _parts(node):
            if isinstance(part, onnx.NodeProto):
                yield (part.domain, part.op_type, part.overload)
