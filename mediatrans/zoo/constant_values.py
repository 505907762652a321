"""What a runtime computes while it loads a graph: the values that depend on constants alone."""

import math
from collections.abc import Iterator

import onnx

__all__ = ["long_vector", "refused_constants"]

_MOST = 1 << 28
"""The most numbers in all such values together, 1 GiB in float32."""

_LONGEST_VECTOR = 1 << 16
_BRANCHES = "If"


def long_vector(graph: onnx.GraphProto) -> str | None:
    """The name of a computed vector that is too long for one that holds sizes, or None.

    Args:
        graph: A graph with inferred shapes.
    """
    for value in (*graph.value_info, *graph.output):
        sides = value.type.tensor_type.shape.dim
        if len(sides) == 1 and sides[0].dim_value > _LONGEST_VECTOR:
            return str(value.name)
    parts = (part for node in graph.node for a in node.attribute for part in (a.g, *a.graphs))
    return next((name for part in parts if (name := long_vector(part))), None)


def refused_constants(graph: onnx.GraphProto) -> str | None:
    """Why the constants of a graph would take too much time or memory, or None.

    Runtimes fold constants: they run all operators without variable inputs when they load a graph.

    Args:
        graph: A graph with inferred shapes and without functions.
    """
    total = 0
    for name, size in _folded(graph, set()):
        if size is None:
            return f"computes a constant of unknown size, {name!r}"
        total += size
        if total > _MOST:
            return f"computes constants of more than {_MOST:,} numbers"
    return None


def _folded(graph: onnx.GraphProto, outer: set[str]) -> Iterator[tuple[str, int | None]]:
    """The names and sizes of the values that depend on constants alone, inside branches, too."""
    constant = outer | {value.name for value in graph.initializer}
    sizes = {value.name: _size(value) for value in (*graph.value_info, *graph.output)}
    for node in graph.node:
        for attribute in node.attribute:
            for part in (attribute.g, *attribute.graphs):
                yield from _folded(part, constant)
        if node.op_type != _BRANCHES and all(name in constant for name in node.input if name):
            made = [name for name in node.output if name]
            constant.update(made)
            yield from ((name, sizes.get(name)) for name in made)


def _size(value: onnx.ValueInfoProto) -> int | None:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    sides = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    known = [side for side in sides if side is not None]
    return math.prod(known) if len(known) == len(sides) else None
