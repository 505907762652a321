"""The optional Pillow plugins for HEIC, JPEG XL and AVIF."""

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
    """A Pillow plugin, which may not be installed.

    Attributes:
        title: The common name of its format.
        format: Pillow's name of the format.
        module: The module to import.
        package: The package to install.
    """

    title: str
    format: str
    module: str
    package: str

    def register(self) -> None:
        """Register the plugin with Pillow, if it is installed."""
        try:
            module = importlib.import_module(self.module)
            # The other plugins register themselves on import.
            if register := getattr(module, "register_heif_opener", None):
                register()
        except Exception as error:  # a plugin may be built for another Pillow or miss a library
            _LOG.debug("%s: %s", self.module, error)

    def can_read(self, prefix: bytes) -> bool:
        """Whether Pillow can read the format.

        Args:
            prefix: The first bytes of a file of this format.
        """
        _, accept = Image.OPEN.get(self.format, (None, None))
        # A reader without a decoder, such as Pillow's own for AVIF, may return an error text.
        return accept is not None and accept(prefix) is True


_HEIC = Plugin("HEIC", "HEIF", "pillow_heif", "pillow-heif")
_JXL = Plugin("JPEG XL", "JXL", "pillow_jxl", "pillow-jxl-plugin")
_AVIF = Plugin("AVIF", "AVIF", "pillow_avif", "pillow-avif-plugin")


def plugin_for(prefix: bytes) -> Plugin | None:
    """The plugin that a file may need, by its first bytes; None for other formats.

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
