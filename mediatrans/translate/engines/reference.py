"""The reference that fast engines are compared with: ONNX Runtime on the CPU in float32."""

import logging
from functools import cached_property
from pathlib import Path

from mediatrans.errors import InputError, ModelError
from mediatrans.translate.engines.agreement import difference, sample
from mediatrans.translate.engines.engine import Engine, Pixels
from mediatrans.translate.engines.onnxruntime import OnnxRuntimeEngine
from mediatrans.zoo.graph import GraphMetadata
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["Reference"]

log = logging.getLogger(__name__)


class Reference:
    """The reference for one graph; it is loaded when it is first needed.

    Args:
        path: The ONNX file.
        threads: Threads per operator; None lets ONNX Runtime choose.
    """

    def __init__(self, path: Path, threads: int | None) -> None:
        self._path = path
        self._threads = threads

    @cached_property
    def engine(self) -> OnnxRuntimeEngine:
        """The engine itself."""
        return OnnxRuntimeEngine(self._path, threads=self._threads)

    @cached_property
    def _sample(self) -> Pixels:
        try:
            metadata = GraphMetadata.from_props(self.engine.metadata, self._path)
        except ModelError:  # a graph beside a card needs none
            return sample(SizeRule())
        return sample(SizeRule(metadata.stride))

    @cached_property
    def _translated(self) -> Pixels:
        return self.engine.run(self._sample).image

    def agrees(self, engine: Engine) -> bool:
        """Whether an engine's translation of a picture is near the reference's.

        Args:
            engine: The engine, with the same graph.

        Raises:
            ModelError: The reference cannot load the graph.
            InputError: The reference fails on the picture.
        """
        expected = self._translated
        try:
            found = difference(engine, self._sample, expected)
        except (InputError, ModelError) as error:
            log.info("%s is not used: %s", engine.identity, error)
            return False
        if not found.is_small:
            log.info(
                "%s is not used: it differs from float32 by up to %d of 255, by %.2f on average",
                engine.identity,
                found.largest,
                found.mean,
            )
        return found.is_small
