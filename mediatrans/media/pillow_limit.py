"""The limit of pixels that Pillow itself keeps, which is one for the whole process."""

from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

__all__ = ["allow_pixels", "limit_pixels", "pillow_limit_kept"]


def limit_pixels(most: int) -> None:
    """Let Pillow refuse parts of a file, such as the pictures in an icon, with more pixels."""
    Image.MAX_IMAGE_PIXELS = most


def allow_pixels(count: int) -> None:
    """Let Pillow read a picture of our own, whatever limit an earlier file was read with."""
    if Image.MAX_IMAGE_PIXELS is not None:
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, count)


@contextmanager
def pillow_limit_kept() -> Iterator[None]:
    """Give the program that called us its own limit back at the end of the block."""
    before = Image.MAX_IMAGE_PIXELS
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before
