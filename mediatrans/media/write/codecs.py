"""The choice of the video encoder, its pixel format and its options."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError, find_best_pix_fmt_of_list
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat

from mediatrans.errors import MediatransError, UsageError
from mediatrans.media.animation import ANIMATION_SUFFIXES
from mediatrans.media.colour.yuv import Colour
from mediatrans.media.frames import VideoInfo
from mediatrans.media.pipe_formats import MPEGTS_CODECS
from mediatrans.media.write.coding import (
    USUAL_RATE,
    Coding,
    nominal_rate,
    opening_error,
    writing_error,
)
from mediatrans.media.write.hardware_encoders import (
    DEVICE_FORMATS,
    family_of,
    missing_from_build,
    not_starting,
)

__all__ = ["Encoding", "choose_coding", "trial_encoding", "try_encoder"]

_MOST_TICKS: Final = 65_535
_QUICKTIME: Final = frozenset({".mov", ".qt"})
_PRORES: Final = "prores_ks"
# Encoders that support alpha; libvpx stores it as side data, which only Matroska can hold.
_TAKES_ALPHA = frozenset({"ffv1", "png", "prores_ks", "qtrle", "utvideo"})
_TAKES_ALPHA_IN_MATROSKA = frozenset({"libvpx", "libvpx-vp9"})

# fmt: off
_DEFAULTS: Final[dict[str, dict[str, str]]] = {
    # At CRF 18 flat colours drift by up to 4 of 255; with finer chroma they stay within 2.
    # x264's AVX-512 code gives different packets in each run; cpu-independent=1 avoids that.
    "libx264": {"crf": "18", "chromaoffset": "-6", "x264-params": "cpu-independent=1"},
    "libx265": {"crf": "18", "x265-params": "log-level=error"},
    "libvpx-vp9": {"crf": "24", "b": "0", "cpu-used": "4", "row-mt": "1", "deadline": "good"},
    "libvpx": {"crf": "10", "b": "20M", "cpu-used": "4", "deadline": "good"},
    "libsvtav1": {"crf": "24", "preset": "8"},
}
# Without a quality setting these encoders use 200 kbit/s.
_QSCALE = {"flags": "+qscale", "global_quality": str(2 * 118)}
_BY_QSCALE = frozenset({
    "mpeg4", "mpeg2video", "mpeg1video", "msmpeg4", "msmpeg4v2", "wmv1", "wmv2", "flv", "mjpeg",
    "h261", "h263", "h263p",
})
# The profiles of DNxHR, which have no fixed sizes and rates, unlike those of DNxHD.
_DNXHR = {"yuv422p": "dnxhr_hq", "yuv422p10le": "dnxhr_hqx"}
_DNXHR_DENSE = "dnxhr_444"
# JPEG is of full range; FFmpeg's encoders refuse another one.
_FULL_RANGE: Final = frozenset({"mjpeg", "ljpeg"})
_FULL: Final = 2
# ITU-T H.261 and H.263, and DV (IEC 61834), have no other sizes.
_SIZES: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "h261": ((176, 144), (352, 288)),
    "h263": ((128, 96), (176, 144), (352, 288), (704, 576), (1408, 1152)),
    "dvvideo": ((720, 480), (720, 576), (960, 720), (1280, 1080), (1440, 1080)),
}
_SMALLEST: Final = {"dnxhd": (256, 120)}
# Codecs that fit into every container that lists them.
_FITS_ALWAYS: Final = frozenset({"h264", "hevc"})
_TRIAL_SIZES: Final = ((640, 360), (352, 288), (720, 576))
# fmt: on


@dataclass(frozen=True, slots=True)
class Encoding:
    """The requested video encoder and its settings; None chooses a default.

    Attributes:
        codec: FFmpeg's name of an encoder, for example "libx265" or "h264_nvenc".
        crf: Constant quality on the encoder's scale; lower is better.
        preset: A preset of the encoder.
    """

    codec: str | None = None
    crf: float | None = None
    preset: str | None = None


def trial_encoding(encoding: Encoding, suffix: str) -> Encoding | None:
    """The encoding to try for an output, with the name of its encoder.

    Args:
        encoding: The requested encoding.
        suffix: The suffix of the output, in lower case; "" for a pipe.

    Returns:
        None where nothing can fail: an animation, and a default encoder without options.
    """
    if encoding.codec is not None:
        return encoding
    if suffix in ANIMATION_SUFFIXES or (encoding.crf is None and encoding.preset is None):
        return None
    return replace(encoding, codec=_usual(suffix.removeprefix(".")))


def try_encoder(encoding: Encoding) -> None:
    """Open the requested encoder once, before any work starts.

    Args:
        encoding: The requested encoder; nothing is done if its codec is None.

    Raises:
        UsageError: The encoder does not exist or refuses its options.
        DeviceError: The hardware encoder is not available.
    """
    if encoding.codec is None:
        return
    codec = _codec(encoding.codec)
    errors = []
    for size in _TRIAL_SIZES:  # some encoders only take a few sizes
        info = VideoInfo(
            *size,
            None,
            path=Path(),
            stream_index=None,
            time_base=1 / USUAL_RATE,
            colour=Colour.of_rgb(*size),
        )
        pixel_format = _pixel_format(codec, "yuv420p")
        options = _options(codec.name, encoding, pixel_format)
        error = opening_error(_coding(codec, pixel_format, options, info), info)
        if error is None:
            return
        errors.append(error)
    raise _refusal(codec.name, encoding, _TRIAL_SIZES[0], errors[0])


def choose_coding(container: OutputContainer, info: VideoInfo, encoding: Encoding) -> Coding:
    """Choose the encoder, the closest pixel format it supports, and options that it opens with.

    Args:
        container: The output; muxing has not begun.
        info: The video that the frames come from.
        encoding: The requested encoder.

    Raises:
        UsageError: The encoder does not exist, the container cannot hold its video, or it refuses
            its options.
        DeviceError: The hardware encoder is not available.
    """
    codec = _codec(encoding.codec or _default(container.format.name, info, encoding))
    is_ts = container.format.name == "mpegts"
    if codec.canonical_name not in (MPEGTS_CODECS if is_ts else container.supported_codecs):
        raise UsageError(
            f"{container.format.name} cannot hold {codec.canonical_name} video",
            path=info.path,
            remedy="use another --vcodec"
            if container.format.name == "matroska"
            else "drop --vcodec, or use -o with the suffix .mkv",
        )
    assert info.width is not None
    assert info.height is not None
    _check_size(codec.name, info)
    error: Exception | None = None
    in_matroska = container.format.name in ("matroska", "webm")
    for pixel_format, padding in _attempts(codec, info, in_matroska=in_matroska):
        options = _options(codec.name, encoding, pixel_format)
        for clock in _clocks(info):
            coding = _coding(codec, pixel_format, options, info, clock, padding)
            failure = opening_error(coding, info)
            if failure is None:
                if codec.canonical_name not in _FITS_ALWAYS:
                    _check_container(coding, info, container.format.name)
                return coding
            error = error or failure
    assert error is not None
    raise _refusal(codec.name, encoding, (info.width, info.height), error)


def _coding(
    codec: Codec,
    pixel_format: str,
    options: dict[str, str],
    info: VideoInfo,
    clock: Fraction | None = None,
    padding: tuple[int, int] = (0, 0),
) -> Coding:
    colour = info.colour
    if VideoFormat(pixel_format).is_rgb:
        colour = replace(colour, range=0, matrix=2)
    elif codec.name in _FULL_RANGE:
        colour = replace(colour, range=_FULL)
    return Coding(codec.name, pixel_format, options, clock or info.time_base, colour, padding)


def _check_size(name: str, info: VideoInfo) -> None:
    """Refuse a size that the coding does not have."""
    assert info.width is not None
    assert info.height is not None
    size = (info.width, info.height)
    least = _SMALLEST.get(name, size)
    problem = None
    if name in _SIZES and size not in _SIZES[name]:
        problem = " or ".join(f"{width}x{height}" for width, height in _SIZES[name])
    elif size[0] < least[0] or size[1] < least[1]:
        problem = f"{least[0]}x{least[1]} and more"
    if problem:
        raise UsageError(
            f"{name} only takes {problem} pixels, not {size[0]}x{size[1]}",
            path=info.path,
            remedy="scale the video with ffmpeg first, or use another --vcodec",
        )


def _check_container(coding: Coding, info: VideoInfo, muxer: str) -> None:
    """Refuse an encoder that opens, but whose video the container does not hold."""
    if (error := writing_error(coding, info, muxer)) is None:
        return
    reason = (getattr(error, "strerror", None) or str(error) or "there is none").lower()
    raise UsageError(
        f"a frame of {coding.codec} cannot be written to {muxer} and read again: {reason}",
        path=info.path,
        remedy="use another --vcodec, or -o with another suffix; .mkv supports most",
    )


def _default(muxer: str, info: VideoInfo, encoding: Encoding) -> str:
    """The encoder for a container.

    QuickTime files hold transparency for editing programs, coded frame by frame. ProRes 4444 keeps
    it in files of their size: equal to ProRes, 0.7 of Animation, 1 to 3.5 times PNG.
    """
    is_plain = encoding.crf is None and encoding.preset is None
    from_mov = muxer == "mov" and info.path.suffix.lower() in _QUICKTIME
    if from_mov and info.has_alpha and is_plain and _PRORES in av.codecs_available:
        return _PRORES
    return _usual(muxer)


def _usual(muxer: str) -> str:
    """The encoder for a container where nothing else is asked for."""
    return "libvpx-vp9" if muxer == "webm" else "libx264"


def _clocks(info: VideoInfo) -> Iterator[Fraction]:
    """Time bases to try, the exact one first.

    MPEG-4 allows at most 65,535 ticks per second, of which a multiple of the rate is exact for a
    constant rate. MPEG-1 and MPEG-2 only allow the rate itself.
    """
    yield info.time_base
    rate = nominal_rate(info)
    finest = max(1, _MOST_TICKS // rate.numerator) * rate.numerator
    for clock in (Fraction(1, min(finest, _MOST_TICKS)), 1 / rate):
        if clock != info.time_base:
            yield clock


def _attempts(
    codec: Codec, info: VideoInfo, *, in_matroska: bool
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Pixel formats and padding to try, the most exact first."""
    assert info.width is not None
    assert info.height is not None
    takes_alpha = codec.name in _TAKES_ALPHA or (
        in_matroska and codec.name in _TAKES_ALPHA_IN_MATROSKA
    )
    prefix = "yuva" if info.has_alpha and takes_alpha else "yuv"
    wanted = _pixel_format(codec, f"{prefix}{info.chroma}p")
    odd = (info.width % 2, info.height % 2)
    if odd == (0, 0) or family_of(codec.name) is None:
        yield wanted, (0, 0)
    if odd != (0, 0):
        # Encoders that need whole chroma samples can encode odd sizes in 4:4:4.
        dense = _pixel_format(codec, f"{prefix}444p")
        if VideoFormat(dense).chroma_width(16) == VideoFormat(dense).chroma_height(16) == 16:
            yield dense, (0, 0)
        yield wanted, odd


def _codec(name: str) -> Codec:
    try:
        codec = Codec(name, "w")
    except UnknownCodecError:
        if (family := family_of(name)) is not None:
            raise missing_from_build(name, family) from None
        near = get_close_matches(name, av.codecs_available, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "use for example libx264"
        raise UsageError(f"unknown encoder {name!r}", remedy=hint) from None
    if codec.name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # errors only; it prints to stderr
    if codec.type != "video":
        raise UsageError(
            f"{name} is not a video encoder", remedy="use for example libx264 or libx265"
        )
    return codec


def _pixel_format(codec: Codec, wanted: str) -> str:
    """The supported pixel format closest to the wanted one."""
    taken = [f.name for f in codec.video_formats or () if f.name not in DEVICE_FORMATS]
    if not taken or wanted in taken:
        return wanted
    best, _ = find_best_pix_fmt_of_list(taken, wanted, has_alpha=wanted.startswith("yuva"))
    return best.name if best else taken[0]


def _options(name: str, encoding: Encoding, pixel_format: str) -> dict[str, str]:
    context = VideoCodecContext.create(name, "w")
    own = {option.name for option in context.supported_options.private}
    options = dict(_DEFAULTS.get(name, _QSCALE if name in _BY_QSCALE else {}))
    if name == "dnxhd":
        options["profile"] = _DNXHR.get(pixel_format, _DNXHR_DENSE)
    family = family_of(name)
    if encoding.crf is not None and "crf" in own:
        options["crf"] = f"{encoding.crf:g}"
    elif family is not None and family.quality:
        options |= family.quality_options(encoding.crf)
    elif encoding.crf is not None:
        raise UsageError(f"{name} does not support --crf", remedy="drop --crf")
    if encoding.preset is not None:
        if "preset" not in own:
            raise UsageError(f"{name} does not support --preset", remedy="drop --preset")
        options["preset"] = encoding.preset
    return options


def _refusal(
    name: str, encoding: Encoding, size: tuple[int, int], error: Exception
) -> MediatransError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    settings = "".join(
        f", {key} {value:g}" if isinstance(value, float) else f", {key} {value}"
        for key, value in (("crf", encoding.crf), ("preset", encoding.preset))
        if value is not None
    )
    settings = f"{size[0]}x{size[1]}{settings}"
    if (family := family_of(name)) is not None:
        return not_starting(name, family, settings, reason)
    problem = f"{name} does not start ({settings}): {reason}"
    return UsageError(problem, remedy="change --vcodec, --crf or --preset")
