"""An estimate of the memory that OpenVINO needs for a graph, since it has no limit of its own."""

from typing import Any

from mediatrans.zoo.graph import INPUT_NAME

__all__ = ["bytes_per_pixel"]

_SIDE = 1024  # a multiple of every stride that a model may have


def bytes_per_pixel(model: Any, float_bytes: int) -> int:
    """The memory for the values of a graph that are needed at the same time, per input pixel.

    Args:
        model: An `openvino.Model` with the input `image`, [N, H, W, 3].
        float_bytes: The size of a floating-point value in the number format of the computation.

    Returns:
        The largest sum over the operators, in the order in which they run.

    Raises:
        ValueError: The size of a value depends on the pixels, or the graph has branches, so the
            memory is not known.
    """
    sample = model.clone()
    sample.reshape({INPUT_NAME: [1, _SIDE, _SIDE, 3]})
    branches = [
        o.get_friendly_name() for o in sample.get_ordered_ops() if o.get_type_name() == "If"
    ]
    if branches:
        raise ValueError(f"the memory of the branches {branches[0]!r} is not known")
    operators = [o for o in sample.get_ordered_ops() if o.get_type_name() != "Constant"]
    names = {operator.get_friendly_name() for operator in operators}
    last_use: dict[str, int] = {}
    for place, operator in enumerate(operators):
        for value in operator.input_values():
            last_use[value.get_node().get_friendly_name()] = place
    ends: dict[int, list[str]] = {}
    for name, place in last_use.items():
        if name in names:
            ends.setdefault(place, []).append(name)
    sizes = {o.get_friendly_name(): _size(o, float_bytes) for o in operators}
    live = most = 0
    for place, operator in enumerate(operators):
        live += sizes[operator.get_friendly_name()]
        most = max(most, live)
        live -= sum(sizes[name] for name in ends.get(place, []))
    return -(-most // _SIDE**2)


def _size(operator: Any, float_bytes: int) -> int:
    total = 0
    for output in operator.outputs():
        if output.get_partial_shape().is_dynamic:
            name = operator.get_friendly_name()
            raise ValueError(f"the size of the value {name!r} depends on the pixels")
        count = 1
        for length in output.get_shape():
            count *= length
        kind = output.get_element_type()
        total += count * (float_bytes if kind.is_real() else kind.size)
    return total
