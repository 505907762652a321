"""The conversion of an exported graph to float16, compared with the graph in float32."""

from pathlib import Path
from typing import Literal

from mediatrans.errors import ModelError
from mediatrans.translate.engines.agreement import LARGEST, MEAN, Difference, difference, sample
from mediatrans.translate.engines.choice import open_engine
from mediatrans.translate.engines.half import to_float16
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["WeightFormat", "halve"]

WeightFormat = Literal["float32", "float16"]
"""A number format for the weights of an exported graph."""


def halve(path: Path) -> Difference:
    """Replace a graph in float32 by the same one in float16; instance norms stay in float32.

    Args:
        path: The ONNX file.

    Returns:
        How far the translations of a picture like a photograph are apart.

    Raises:
        ModelError: They are further apart than an engine in float16 may be.
    """
    picture = sample(SizeRule())
    expected = open_engine(path, device="cpu", precision="float32").run(picture).image
    path.write_bytes(to_float16(path.read_bytes()))
    found = difference(open_engine(path, device="cpu", precision="float32"), picture, expected)
    if not found.is_small:
        raise ModelError(
            f"in float16 the graph differs by up to {found.largest} of 255, by {found.mean:.2f} on "
            f"average; allowed are {LARGEST} and {MEAN}",
            path=path.name,
            remedy="no model was written; use --precision float32",
        )
    return found
