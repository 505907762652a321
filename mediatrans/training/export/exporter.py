"""A generator as an ONNX graph to the graph contract."""

import onnx
import torch
from torch import Tensor, nn

from mediatrans import __version__
from mediatrans.training.export.graph_form import ColourMapGraph, with_subpixel_output
from mediatrans.training.model.colour_maps import ColourMapGenerator
from mediatrans.training.model.networks import STRIDE, ResnetGenerator
from mediatrans.zoo.graph import INPUT_NAME, MAP_NAME, OUTPUT_NAME, TEXTURE_NAME, GraphMetadata

__all__ = ["OPSET", "ColourMapPictureGenerator", "PictureGenerator", "picture_network", "to_onnx"]

OPSET = 18
"""Of the graphs that are written."""

_DIMENSIONS = {
    INPUT_NAME: ("N", "H", "W"),
    OUTPUT_NAME: ("N", "H", "W"),
    MAP_NAME: ("N", "H/4", "W/4"),
    TEXTURE_NAME: ("N", "H", "W"),
}


class PictureGenerator(nn.Module):
    """A generator from uint8 pictures to uint8 pictures: the graph contract.

    Args:
        generator: Takes and makes float [N, 3, H, W] in [-1, 1].
    """

    outputs: tuple[str, ...] = (OUTPUT_NAME,)

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [N, H, W, 3] -> the same; halves are rounded to even, as ONNX's Round does."""
        return _to_uint8(self.generator(_to_float(image)))


class ColourMapPictureGenerator(nn.Module):
    """A generator of colour maps, from uint8 pictures to all outputs of the graph contract.

    Args:
        generator: Takes float [N, 3, H, W] in [-1, 1].
    """

    def __init__(self, generator: ColourMapGenerator) -> None:
        super().__init__()
        drawn = () if generator.config.texture == "none" else (TEXTURE_NAME,)
        self.outputs = (OUTPUT_NAME, MAP_NAME, *drawn)
        self.generator = generator

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """uint8 [N, H, W, 3] -> the same, float [N, h, w, 12], and a texture [N, H, W, 3]."""
        made = self.generator.recolour(_to_float(image))
        parts = (made.map,) if made.texture is None else (made.map, made.texture)
        return _to_uint8(made.picture), *(part.permute(0, 2, 3, 1) for part in parts)


def picture_network(
    generator: ResnetGenerator,
) -> PictureGenerator | ColourMapPictureGenerator:
    """A generator with the input and all the outputs of its graph, in evaluation mode."""
    if isinstance(generator, ColourMapGenerator):
        return ColourMapPictureGenerator(generator).eval()
    return PictureGenerator(generator).eval()


def to_onnx(
    network: PictureGenerator | ColourMapPictureGenerator, metadata: GraphMetadata
) -> onnx.ModelProto:
    """Export to ONNX: dynamic sizes, weights inside, nothing of this machine.

    The graph computes the same in fewer operations, see `graph_form`.

    Args:
        network: Made by `picture_network`.
        metadata: What the file says of itself.
    """
    height, width = (torch.export.Dim(side, min=2) for side in ("h", "w"))
    sizes = {0: torch.export.Dim("N"), 1: STRIDE * height, 2: STRIDE * width}
    example = torch.zeros(2, 16 * STRIDE, 24 * STRIDE, 3, dtype=torch.uint8)
    exported = torch.onnx.export(
        _graph_form(network),
        (example,),
        dynamo=True,
        opset_version=OPSET,
        dynamic_shapes=(sizes,),
        input_names=[INPUT_NAME],
        output_names=list(network.outputs),
        external_data=False,
        verbose=False,
    )
    assert exported is not None
    model = exported.model_proto
    for value in (*model.graph.input, *model.graph.output):
        words = _DIMENSIONS[value.name]
        for dimension, word in zip(value.type.tensor_type.shape.dim, words, strict=False):
            dimension.dim_param = word
    # Inner shapes would still speak of the exporter's own symbols; the runtime infers them anew.
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces, with this machine's paths
    del model.graph.metadata_props[:]
    onnx.helper.set_model_props(model, metadata.props())
    model.producer_name, model.producer_version = "mediatrans", __version__
    onnx.checker.check_model(model)
    return model


def _graph_form(network: PictureGenerator | ColourMapPictureGenerator) -> nn.Module:
    if isinstance(network, ColourMapPictureGenerator):
        return ColourMapGraph(with_subpixel_output(network.generator)).eval()
    assert isinstance(network.generator, ResnetGenerator)
    return PictureGenerator(with_subpixel_output(network.generator)).eval()


def _to_float(image: Tensor) -> Tensor:
    return image.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0


def _to_uint8(x: Tensor) -> Tensor:
    scaled = (x + 1.0) * 127.5
    return scaled.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
