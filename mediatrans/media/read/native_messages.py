"""The silencing of native libraries, which print errors on the screen without the file's name.

What they report is also raised as an error, which names the file.
"""

import ctypes
from contextlib import suppress

from cv2.utils import logging
from PIL import _imaging

__all__ = ["silence"]


def silence() -> None:
    """Silence the messages of OpenCV and of Pillow's libtiff; without effect after the first call.

    libtiff can only be reached where Pillow links it dynamically, as its wheels for Linux do.
    """
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    with suppress(AttributeError, OSError):
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
        set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
        set_handler(None)
