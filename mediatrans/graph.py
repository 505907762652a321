"""The graph contract: what every generator's ONNX file looks like, and the check that it does.

Input `image` uint8 [N, H, W, 3] RGB, output `image_out` of the same type and shape, N, H and W
dynamic; standard operators only; weights inside the file; `metadata_props` that say what it is.
"""

from dataclasses import dataclass
from pathlib import Path

import onnx

from mediatrans.errors import ModelError

__all__ = ["INPUT_NAME", "MIN_SIZE", "OUTPUT_NAME", "GraphMetadata", "inspect_graph"]

INPUT_NAME = "image"
OUTPUT_NAME = "image_out"
MIN_SIZE = 8
"""Smallest height and width a graph must take: below it reflection padding fails."""

_STANDARD_DOMAINS = {"", "ai.onnx"}
_MAX_GRAPH_BYTES = 1 << 30
_REMEDY = "make models with mediatrans export-onnx"


@dataclass(frozen=True, slots=True)
class GraphMetadata:
    """The card's essentials, kept in the graph so that a lone file still works.

    Attributes:
        name: The pair's name.
        origin: Domain it translates from.
        to: Domain it translates to.
        stride: Height and width must be multiples of it.
        architecture: The generator in a few words.
        training_size: Side of the training crops in pixels.
        version: The mediatrans version that exported it.
    """

    name: str
    origin: str
    to: str
    stride: int
    architecture: str = ""
    training_size: int = 0
    version: str = ""

    def props(self) -> dict[str, str]:
        """The entries as `metadata_props` holds them."""
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
        """Read them back.

        Raises:
            ModelError: An entry is missing or is not a number where it must be.
        """
        try:
            stride = int(props["mediatrans.stride"])
            if stride < 1:
                raise ValueError(f"stride {stride}")
            return cls(
                name=props["mediatrans.name"],
                origin=props["mediatrans.from"],
                to=props["mediatrans.to"],
                stride=stride,
                architecture=props.get("mediatrans.architecture", ""),
                training_size=int(props.get("mediatrans.training_size", "0")),
                version=props.get("mediatrans.version", ""),
            )
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"the graph does not say what it translates ({error})", path=path, remedy=_REMEDY
            ) from error


def inspect_graph(path: Path) -> dict[str, str]:
    """Check a graph against the contract without running any of it.

    Args:
        path: The ONNX file.

    Returns:
        Its `metadata_props`.

    Raises:
        ModelError: Not a self-contained ONNX file of standard operators with one uint8
            [N, H, W, 3] input `image` and one such output `image_out`.
    """
    try:
        if path.stat().st_size > _MAX_GRAPH_BYTES:
            raise ModelError("larger than 1 GiB, no generator is", path=path, remedy=_REMEDY)
        model = onnx.load(path, load_external_data=False)
    except FileNotFoundError as error:
        raise ModelError("no such model file", path=path, remedy=_REMEDY) from error
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", path=path) from error
    except ModelError:
        raise
    except Exception as error:  # protobuf's DecodeError has no stable import path
        raise ModelError("not an ONNX file", path=path, remedy=_REMEDY) from error
    graph = model.graph
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in graph.initializer):
        raise ModelError("keeps weights in other files", path=path, remedy=_REMEDY)
    foreign = (
        {n.domain for n in graph.node} - _STANDARD_DOMAINS - {f.domain for f in model.functions}
    )
    if foreign:
        raise ModelError(f"uses custom operators of {sorted(foreign)}", path=path, remedy=_REMEDY)
    for values, name in ((graph.input, INPUT_NAME), (graph.output, OUTPUT_NAME)):
        if [value.name for value in values] != [name] or not _is_picture_batch(values[0]):
            found = ", ".join(value.name for value in values)
            raise ModelError(
                f"wrong graph: wants one uint8 [N, H, W, 3] {name!r}, has {found}",
                path=path,
                remedy=_REMEDY,
            )
    return {entry.key: entry.value for entry in model.metadata_props}


def _is_picture_batch(value: onnx.ValueInfoProto) -> bool:
    tensor = value.type.tensor_type
    # A dimension without a value is dynamic, as N, H and W have to be.
    sizes = [dimension.dim_value for dimension in tensor.shape.dim]
    return bool(tensor.elem_type == onnx.TensorProto.UINT8) and sizes in ([0, 0, 0, 3], [0] * 4)
