"""Exports that are made once: torch needs seconds to make a graph of the smallest network."""

import hashlib
from collections.abc import Callable

import onnx

from mediatrans.training.export.exporter import ColourMapPictureGenerator, PictureGenerator
from mediatrans.zoo.graph import GraphMetadata

__all__ = ["Exporter", "once"]

Exporter = Callable[[PictureGenerator | ColourMapPictureGenerator, GraphMetadata], onnx.ModelProto]


def once(exporter: Exporter) -> Exporter:
    """An exporter that remembers what it made of equal weights; the metadata are written anew."""
    made: dict[str, bytes] = {}

    def export(
        network: PictureGenerator | ColourMapPictureGenerator, metadata: GraphMetadata
    ) -> onnx.ModelProto:
        digest = hashlib.sha256(f"{network.outputs} {network}".encode())
        for name, weight in network.state_dict().items():
            digest.update(f"{name} {weight.dtype} {weight.shape}".encode())
            digest.update(weight.numpy().tobytes())
        key = digest.hexdigest()
        if key not in made:
            made[key] = exporter(network, metadata).SerializeToString()
        graph = onnx.load_from_string(made[key])
        onnx.helper.set_model_props(graph, metadata.props())
        return graph

    return export
