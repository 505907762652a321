"""Devices: words, precision and compilation."""

import pytest
import torch

from mediatrans.errors import DeviceError, UsageError
from mediatrans.training.device import choose_device


@pytest.mark.parametrize(
    "word",
    ["cuda:²", "cuda:١", "cuda:", "cuda:-1", "cuda:1.0", "cuda: 1", "CPU", "cpu:0", "", "gpu"],
)
def test_words_that_name_no_device(word: str) -> None:
    with pytest.raises(UsageError, match="unknown device"):
        choose_device(word)


def test_the_cpu_is_always_there() -> None:
    assert choose_device("cpu") == torch.device("cpu")


def test_a_gpu_that_is_not_there_is_never_replaced_by_the_cpu() -> None:
    with pytest.raises(DeviceError, match="cuda:63"):
        choose_device("cuda:63")
