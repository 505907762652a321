"""Exports that are made once: torch needs seconds to make a graph of the smallest network."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from torch import Tensor

from mediatrans.training.export import exporter
from mediatrans.training.export.exporter import ColourMapPictureGenerator, PictureGenerator
from mediatrans.training.model.domain_classifier import DomainNetwork
from mediatrans.zoo.graph import GraphMetadata

__all__ = ["DomainExporter", "Exporter", "domain_once", "once"]

Network = PictureGenerator | ColourMapPictureGenerator
Exporter = Callable[[Network, GraphMetadata], onnx.ModelProto]
DomainExporter = Callable[[DomainNetwork, tuple[str, str], Path], None]


def once(to_onnx: Exporter) -> Exporter:
    """An exporter that remembers what it made of an architecture.

    Weights and metadata are written anew; where weights went into others, as in colour maps,
    the graph serves for equal weights alone. The proof of each export compares its answers with
    those of torch.
    """
    made: dict[str, bytes] = {}

    def export(network: Network, metadata: GraphMetadata) -> onnx.ModelProto:
        weights = exporter._graph_form(network).state_dict()
        forms = [(name, w.shape, w.dtype, bool(w.any())) for name, w in weights.items()]
        config = getattr(network.generator, "config", None)
        key = f"{network.outputs} {network} {config} {forms}"
        same = f"{key} {_digest(weights)}"
        if key in made or same in made:
            graph = onnx.load_from_string(made.get(key) or made[same])
            _write_weights(graph, weights)
        else:
            graph = to_onnx(network, metadata)
            made[key if _holds(graph, weights) else same] = graph.SerializeToString()
        onnx.helper.set_model_props(graph, metadata.props())
        return graph

    return export


def domain_once(to_domain_onnx: DomainExporter) -> DomainExporter:
    """The same for the classifier of two domains, which is written to a file."""
    made: dict[str, bytes] = {}

    def export(network: DomainNetwork, domains: tuple[str, str], path: Path) -> None:
        weights = {f"network.{name}": weight for name, weight in network.state_dict().items()}
        key = f"{domains} {network} {[bool(weight.any()) for weight in weights.values()]}"
        if key in made:
            graph = onnx.load_from_string(made[key])
            _write_weights(graph, weights)
            onnx.save(graph, path)
            return
        to_domain_onnx(network, domains, path)
        if _holds(graph := onnx.load(path), weights):
            made[key] = graph.SerializeToString()

    return export


def _holds(graph: onnx.ModelProto, weights: dict[str, Tensor]) -> bool:
    """Whether each weight is in the graph by its name and as it is: none went into another.

    Weights of zero are left out of a graph, where they change nothing.
    """
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    return all(
        np.array_equal(found[name], weight.numpy()) if name in found else not weight.any()
        for name, weight in weights.items()
    )


def _digest(weights: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for weight in weights.values():
        digest.update(weight.numpy().tobytes())
    return digest.hexdigest()


def _write_weights(graph: onnx.ModelProto, weights: dict[str, Tensor]) -> None:
    for tensor in graph.graph.initializer:
        if tensor.name in weights:
            tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name].numpy(), tensor.name))
