"""The torch device a run computes on."""

import torch

from mediatrans.errors import DeviceError, UsageError
from mediatrans.translate.engines.device_words import read_device_word

__all__ = ["choose_device"]


def choose_device(name: str, default: int = 0) -> torch.device:
    """The torch device of a `--device` word.

    Args:
        name: "auto", "cpu", "cuda" or "cuda:N".
        default: The CUDA device where the word has no number.

    Raises:
        DeviceError: It is not there.
        UsageError: No such word.
    """
    word = read_device_word(name)
    if word.kind not in ("auto", "cpu", "cuda"):
        raise UsageError(
            f"torch does not run on the device {name!r}", remedy="use auto, cpu, cuda or cuda:N"
        )
    available = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if word.kind == "cpu" or (word.kind == "auto" and not available):
        return torch.device("cpu")
    index = default if word.index is None else word.index
    if index >= available:
        raise DeviceError(
            f"{name}: torch sees {available} CUDA devices, number {index} is not among them",
            remedy="use --device cpu or auto",
        )
    torch.backends.cudnn.benchmark = True  # all shapes of a run are the same
    torch.backends.cudnn.allow_tf32 = True
    torch.set_float32_matmul_precision("high")
    return torch.device("cuda", index)
