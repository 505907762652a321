"""Which model translates, where it runs, and how much of its translation is taken."""

from dataclasses import dataclass

from mediatrans.settings import Setting, setting
from mediatrans.translate.engines.device_words import DEVICE_WORDS

__all__ = ["ModelOptions"]

_GROUP = "Model"


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which model translates, where, and how strongly.

    Attributes:
        model: A model's name, folder or ONNX file; None searches the zoo.
        device: "auto", "cpu", "cuda" or "cuda:N".
        threads: Threads of the generator; None lets the runtime choose.
        batch_size: Frames per inference call.
        strength: 1 gives the translation, 0 the source, between them their blend. The cycle check
            measures the translation itself, whatever the strength.
    """

    model: str | None = setting(
        None,
        Setting(
            "The model. Without it, the one that translates to the domain: in ./models, in your "
            "data folder, among those that come with mediatrans.",
            _GROUP,
            metavar="NAME|FOLDER|FILE",
            changes="nothing",
        ),
    )
    device: str = setting(
        "auto",
        Setting(
            "Where the generator runs; only auto falls back to the CPU.",
            _GROUP,
            metavar=DEVICE_WORDS,
            changes="nothing",
        ),
    )
    threads: int | None = setting(
        None,
        Setting(
            "Threads of the generator.",
            _GROUP,
            metavar="N",
            least=1,
            default="all cores",
            changes="last bits",
        ),
    )
    batch_size: int = setting(
        1,
        Setting("Frames per inference call.", _GROUP, metavar="N", least=1, changes="last bits"),
    )
    strength: float = setting(
        1.0,
        Setting(
            "Blend: 0 is the source, 1 the translation. The round trip is measured without it.",
            _GROUP,
            metavar="0-1",
            least=0,
            most=1,
        ),
    )
