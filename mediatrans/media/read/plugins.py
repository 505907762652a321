"""Formats that some Pillow installations lack: which plugin reads them, and what to install."""

import importlib
import logging
from dataclasses import dataclass

from PIL import Image

__all__ = ["Plugin", "plugin_for"]

_LOG = logging.getLogger(__name__)

_JXL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_AV1_BRANDS = frozenset({b"avif", b"avis"})
_ANY_CODEC_BRANDS = frozenset({b"mif1", b"msf1"})


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin of Pillow's, installed or not.

    Attributes:
        title: What its format is called.
        format: Pillow's name of the format.
        module: What to import.
        package: What to install.
    """

    title: str
    format: str
    module: str
    package: str

    def register(self) -> None:
        """Make Pillow read the format, where the plugin is installed."""
        try:
            module = importlib.import_module(self.module)
            # Importing is enough for the others.
            if register := getattr(module, "register_heif_opener", None):
                register()
        except Exception as error:  # a plugin may be built for another Pillow or lack a library
            _LOG.debug("%s: %s", self.module, error)

    def can_read(self, prefix: bytes) -> bool:
        """Whether Pillow reads the format now.

        Args:
            prefix: The first bytes of a file of this format.
        """
        _, accept = Image.OPEN.get(self.format, (None, None))
        # A reader without its decoder, as Pillow's own for AVIF may be, says so in words.
        return accept is not None and accept(prefix) is True


_HEIC = Plugin("HEIC", "HEIF", "pillow_heif", "pillow-heif")
_JXL = Plugin("JPEG XL", "JXL", "pillow_jxl", "pillow-jxl-plugin")
_AVIF = Plugin("AVIF", "AVIF", "pillow_avif", "pillow-avif-plugin")


def plugin_for(prefix: bytes) -> Plugin | None:
    """The plugin that a file may need, by its first bytes; None where Pillow reads it anyway.

    Args:
        prefix: At least 32 bytes, or the whole file.
    """
    if prefix.startswith(_JXL_STARTS):
        return _JXL
    if prefix[4:8] != b"ftyp":
        return None
    # ISO 14496-12, 4.3: the major brand, a version, the compatible brands.
    listed = prefix[8 : min(len(prefix), int.from_bytes(prefix[:4]))]
    brands = {listed[start : start + 4] for start in range(0, len(listed), 4)}
    if brands & _AV1_BRANDS:
        return _AVIF
    return _HEIC if brands & (_HEVC_BRANDS | _ANY_CODEC_BRANDS) else None
