"""The pictures of a page: made smaller where many files would make it too large."""

import io
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from mediatrans.quality.samples import Sample

__all__ = ["fit_samples"]

_SIDE = 200
_QUALITY = 55
_MARKUP = 400
"""Bytes of the element that holds a picture."""


def fit_samples(
    samples: Sequence[tuple[Sample, ...]], most_bytes: int, large: int
) -> list[tuple[Sample, ...]]:
    """The pictures of files so that all together fit into a page.

    Where they do not, all but the first files get smaller pictures. Where that is not enough, the
    last ones get none.

    Args:
        samples: Those of each file, the worst file first.
        most_bytes: What the pictures may have together in the page, where they are base64.
        large: The number of files whose pictures are never made smaller.
    """
    if sum(map(_bytes, samples)) <= most_bytes:
        return list(samples)
    fitted: list[tuple[Sample, ...]] = []
    used = 0
    for place, of_file in enumerate(samples):
        if used >= most_bytes:
            fitted.append(())
            continue
        shown = of_file if place < large else tuple(map(_smaller, of_file))
        used += _bytes(shown)
        fitted.append(shown if used <= most_bytes else ())
    return fitted


def _bytes(samples: Sequence[Sample]) -> int:
    """The bytes of pictures in the page, with what is written around them."""
    pictures = [
        picture
        for sample in samples
        for picture in (sample.source, sample.result, sample.back, sample.change)
        if picture is not None
    ]
    return sum(len(picture) * 4 // 3 + _MARKUP for picture in pictures)


def _smaller(sample: Sample) -> Sample:
    scale = min(1.0, _SIDE / max(sample.size))
    size = (max(1, round(sample.size[0] * scale)), max(1, round(sample.size[1] * scale)))
    return replace(
        sample,
        source=_resized(sample.source, size),
        result=_resized(sample.result, size),
        back=None if sample.back is None else _resized(sample.back, size),
        change=_resized(sample.change, size),
        size=size,
    )


def _resized(picture: bytes, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    small = Image.open(io.BytesIO(picture)).convert("RGB").resize(size, Image.Resampling.LANCZOS)
    small.save(file, "WEBP", quality=_QUALITY, method=2)
    return file.getvalue()
