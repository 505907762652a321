"""The one reader of device words takes what is documented and nothing that only looks like it."""

import pytest

from mediatrans.errors import UsageError
from mediatrans.translate.engines.device_words import DeviceWord, read_device_word


@pytest.mark.parametrize(
    ("word", "device"),
    [
        ("auto", DeviceWord("auto")),
        ("cpu", DeviceWord("cpu")),
        ("cuda", DeviceWord("cuda")),
        ("cuda:0", DeviceWord("cuda", 0)),
        ("cuda:17", DeviceWord("cuda", 17)),
        ("tensorrt", DeviceWord("tensorrt")),
        ("tensorrt:1", DeviceWord("tensorrt", 1)),
        ("openvino", DeviceWord("openvino")),
        ("openvino:GPU", DeviceWord("openvino", is_intel_gpu=True)),
    ],
)
def test_known_words(word: str, device: DeviceWord) -> None:
    assert read_device_word(word) == device


@pytest.mark.parametrize(
    "word",
    ["", "gpu", "CUDA", "cuda:", "cuda:²", "cuda:٣", "cuda:-1", "cuda:1.0", "cuda: 1", "cuda:1\n",
     "cpu:0", "auto:0", "openvino:", "openvino:gpu", "openvino:0", "openvino:CPU",
     "OpenVINO", "tensorrt:", "tensorrt:x", "cuda:0:1", "cuda:99999999999999999999"],
)  # fmt: skip
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(UsageError, match="unknown device"):
        read_device_word(word)
