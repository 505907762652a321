"""The families of hardware encoders: what each needs, and what is said where one does not start."""

from dataclasses import dataclass, field
from typing import Final

from mediatrans.errors import DeviceError

__all__ = ["DEVICE_FORMATS", "family_of", "missing_from_build", "not_starting"]

DEVICE_FORMATS: Final = frozenset(
    {"cuda", "qsv", "amf", "vaapi", "vulkan", "d3d11", "d3d12", "videotoolbox_vld", "mediacodec"}
)
"""Pixel formats of frames in the memory of a device."""

_USUAL_QUALITY: Final = 19.0


@dataclass(frozen=True, slots=True)
class Family:
    """Encoders whose names end alike, and which run on the same kind of device.

    Attributes:
        needs: What the machine has to have, a noun phrase.
        check: How a user sees whether it has it, a clause; "" where nothing is known.
        quality: The options of constant quality, with {} for the value; none where the encoder's
            own default holds.
    """

    needs: str
    check: str = ""
    quality: dict[str, str] = field(default_factory=dict)

    def quality_options(self, crf: float | None) -> dict[str, str]:
        """The options of constant quality.

        Args:
            crf: On the encoder's scale, lower is better; None takes 19.
        """
        value = f"{_USUAL_QUALITY if crf is None else crf:g}"
        return {key: text.format(value) for key, text in self.quality.items()}


_FAMILIES: Final = {
    "_nvenc": Family(
        "an NVIDIA GPU with a video encoder, and NVIDIA's driver",
        "nvidia-smi lists the GPU",
        {"rc": "vbr", "b": "0", "cq": "{}"},
    ),
    "_qsv": Family(
        "an Intel GPU with Quick Sync Video, and Intel's media driver",
        "vainfo lists it on Linux",
        {"global_quality": "{}"},
    ),
    "_amf": Family(
        "an AMD GPU, and AMD's driver with AMF",
        "",
        {"rc": "cqp", "qp_i": "{}", "qp_p": "{}"},
    ),
    "_vaapi": Family(
        "Linux, a GPU with a VA-API driver, and permission to open /dev/dri/renderD128",
        "vainfo lists its encoders",
        {"rc_mode": "CQP", "qp": "{}"},
    ),
    "_videotoolbox": Family("macOS"),
    "_mf": Family("Windows with Media Foundation"),
    "_v4l2m2m": Family(
        "Linux and a device with a V4L2 encoder", "v4l2-ctl --list-devices lists it"
    ),
    "_vulkan": Family(
        "a GPU whose Vulkan driver encodes video", "vulkaninfo lists VK_KHR_video_encode_queue"
    ),
    "_mediacodec": Family("Android"),
    "_omx": Family("a device with an OpenMAX IL library, for example a Raspberry Pi"),
    "_rkmpp": Family("a Rockchip processor and its MPP library"),
    "_d3d12va": Family("Windows, and a GPU whose driver encodes through Direct3D 12"),
}

_SOFTWARE: Final = {
    "av1": "libsvtav1", "h264": "libx264", "hevc": "libx265", "mjpeg": "mjpeg",
    "mpeg2": "mpeg2video", "mpeg4": "mpeg4", "vp8": "libvpx", "vp9": "libvpx-vp9",
}  # fmt: skip


def family_of(encoder: str) -> Family | None:
    """The family of an encoder; None for one that runs on the processor.

    Args:
        encoder: FFmpeg's name of it, "h264_nvenc".
    """
    return next((family for end, family in _FAMILIES.items() if encoder.endswith(end)), None)


def missing_from_build(encoder: str, family: Family) -> DeviceError:
    """The error of an encoder that the FFmpeg in the packages does not have."""
    return DeviceError(
        f"the encoder {encoder} is not available: PyAV's FFmpeg was built without it "
        f"(it needs {family.needs})",
        remedy=_other(encoder),
    )


def not_starting(encoder: str, family: Family, settings: str, reason: str) -> DeviceError:
    """The error of an encoder that does not start on this machine.

    Args:
        encoder: Its name.
        family: Its family.
        settings: What it was opened with, "640x360, crf 20".
        reason: FFmpeg's words, which are those of an error number and seldom say more.
    """
    problem = f"{encoder} does not start on this machine ({settings}; FFmpeg: {reason})"
    check = f" ({family.check})" if family.check else ""
    return DeviceError(
        f"{problem}: it needs {family.needs}{check}",
        remedy=f"{_other(encoder)}, which needs no such device",
    )


def _other(encoder: str) -> str:
    software = _SOFTWARE.get(encoder.partition("_")[0], "libx264")
    return f"use --vcodec {software}"
