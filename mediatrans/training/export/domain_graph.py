"""The classifier of the domains as `domain.onnx`, and as a file of a run."""

import copy
import zipfile
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from mediatrans import __version__
from mediatrans.errors import InputError
from mediatrans.files.publish import publishing
from mediatrans.training.export.exporter import OPSET
from mediatrans.training.model.domain_classifier import DomainNetwork
from mediatrans.training.run_folder import CLASSIFIER
from mediatrans.zoo.domain_graph import OUTPUT_NAME
from mediatrans.zoo.graph import INPUT_NAME

__all__ = ["load_classifier", "save_classifier", "to_domain_onnx"]

_REMEDY = "free some space or allow writing there"


class _PictureClassifier(nn.Module):
    """uint8 [N, H, W, 3] -> the probability of domain b for each patch, float [N, h, w]."""

    def __init__(self, network: DomainNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        x = image.permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1.0
        return torch.sigmoid(self.network(x))


def save_classifier(run: Path, network: DomainNetwork) -> Path:
    """Keep a classifier in a run folder.

    Raises:
        OutputError: It cannot be written.
    """
    path = run / CLASSIFIER
    with publishing(path, what="the classifier", remedy=_REMEDY) as part:
        torch.save(network.state_dict(), part)
    return path


def load_classifier(run: Path) -> DomainNetwork | None:
    """The classifier of a run folder; None if the run has none.

    Raises:
        InputError: The file is damaged.
    """
    path = run / CLASSIFIER
    if not path.is_file():
        return None
    network = DomainNetwork()
    try:
        with zipfile.ZipFile(path) as archive:
            if (torn := archive.testzip()) is not None:
                raise zipfile.BadZipFile(torn)
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # zip, pickle and torch each raise their own
        raise InputError(
            f"the classifier is damaged ({type(error).__name__})",
            path=path,
            remedy="delete it; the export then trains another one",
        ) from error
    return network.eval()


def to_domain_onnx(network: DomainNetwork, domains: tuple[str, str], path: Path) -> None:
    """Write a classifier to the contract of `mediatrans.zoo.domain_graph`.

    Args:
        network: The classifier.
        domains: The names of a and b, for the metadata.
        path: The file to write.
    """
    height, width = (torch.export.Dim(side, min=16, max=4096) for side in ("H", "W"))
    example = torch.zeros(2, 96, 128, 3, dtype=torch.uint8)
    exported = torch.onnx.export(
        _PictureClassifier(copy.deepcopy(network).cpu()).eval(),
        (example,),
        dynamo=True,
        opset_version=OPSET,
        dynamic_shapes=({0: torch.export.Dim("N"), 1: height, 2: width},),
        input_names=[INPUT_NAME],
        output_names=[OUTPUT_NAME],
        external_data=False,
        verbose=False,
    )
    assert exported is not None
    model = exported.model_proto
    for value, words in ((model.graph.input[0], "NHW"), (model.graph.output[0], "Nhw")):
        for dimension, word in zip(value.type.tensor_type.shape.dim, words, strict=False):
            dimension.dim_param = word
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces, with this machine's paths
    del model.graph.metadata_props[:]
    onnx.helper.set_model_props(
        model, {"mediatrans.domains": ",".join(domains), "mediatrans.version": __version__}
    )
    model.producer_name, model.producer_version = "mediatrans", __version__
    onnx.checker.check_model(model)
    onnx.save(model, path)
