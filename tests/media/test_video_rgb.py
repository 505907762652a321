"""Decoded frames as R'G'B': the pixels are swscale's own, in every pixel format and size."""

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from mediatrans.media.colour.yuv import ToRgb

EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


@pytest.mark.parametrize(
    "pixel_format",
    [
        "yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv411p", "nv12", "yuyv422", "gray",
        "yuv420p10le", "yuv444p12le", "rgb24", "bgr0", "rgb48le", "gbrp",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("width", "height"), [(64, 48), (63, 47), (1, 1)])
@pytest.mark.parametrize("colour_range", [ColorRange.MPEG, ColorRange.JPEG])
def test_pixels_are_those_of_an_interleaved_conversion(
    pixel_format: str, width: int, height: int, colour_range: ColorRange
) -> None:
    frame = av.VideoFrame(width, height, pixel_format)
    random = np.random.default_rng(0)
    for plane in frame.planes:  # values of all kinds, also such that no colour has
        plane.update(random.integers(0, 256, plane.buffer_size, dtype=np.uint8).tobytes())
    frame.color_range = colour_range
    frame.colorspace = Colorspace.ITU601
    pixels, alpha = ToRgb()(frame)
    is_full = pixel_format.startswith("yuvj") or colour_range == ColorRange.JPEG
    expected = VideoReformatter().reformat(
        frame,
        format="rgb24",
        src_colorspace=Colorspace.ITU601,
        src_color_range=None
        if frame.format.is_rgb
        else (ColorRange.JPEG if is_full else ColorRange.MPEG),
        dst_color_range=ColorRange.JPEG,
        interpolation=EXACT,
    )
    assert alpha is None
    np.testing.assert_array_equal(pixels, expected.to_ndarray())
    assert pixels.shape == (height, width, 3)
    assert pixels.flags.c_contiguous
