"""mediatrans: learn an unpaired translation between two folders of pictures, then apply it.

from mediatrans import Translator, convert

winter = Translator.load(to="winter")(summer)       # uint8 [H, W, 3] or [N, H, W, 3] RGB
report = convert(["summer.mp4", "photos/"], to="winter")
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mediatrans.conversion.batch import convert
    from mediatrans.conversion.observer import Observer
    from mediatrans.conversion.options import ConvertOptions
    from mediatrans.errors import ExitCode, MediatransError
    from mediatrans.quality.report.rows import Report
    from mediatrans.translate.translator import Translator

__all__ = [
    "ConvertOptions",
    "ExitCode",
    "MediatransError",
    "Observer",
    "Report",
    "Translator",
    "__version__",
    "convert",
]

__version__ = "0.1.0"

_HOMES = {
    "ConvertOptions": "mediatrans.conversion.options",
    "ExitCode": "mediatrans.errors",
    "MediatransError": "mediatrans.errors",
    "Observer": "mediatrans.conversion.observer",
    "Report": "mediatrans.quality.report.rows",
    "Translator": "mediatrans.translate.translator",
    "convert": "mediatrans.conversion.batch",
}


def __getattr__(name: str) -> Any:
    # Imported on first use, so that --help does not load numpy and ONNX Runtime.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
