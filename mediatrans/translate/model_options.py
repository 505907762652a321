"""The options of the model: which one translates, on which device, and the blend."""

from dataclasses import dataclass

from mediatrans.settings import Setting, setting
from mediatrans.translate.batch_size import BATCH_SIZES, BatchSize, read_batch_size
from mediatrans.translate.engines.device_words import DEVICE_WORDS, Precision
from mediatrans.translate.work_size import WORK_SIZES, WorkSize, read_work_size
from mediatrans.zoo.size_rule import MAX_SIDE, MINIMUM

__all__ = ["ModelOptions"]

_GROUP = "Model"


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """The options of the model.

    Attributes:
        model: A model's name, folder or ONNX file; None searches the installed models.
        device: "auto", "cpu", "cuda", "cuda:N", "tensorrt", "tensorrt:N", "openvino" or
            "openvino:GPU".
        precision: The number format that the generator computes in.
        threads: Threads of the generator; None lets the runtime choose.
        batch_size: Frames per inference call. "auto" translates pictures one by one, and the frames
            of a video in batches of the size that is fastest on its first frames.
        work_size: The shorter side, in pixels, at which the generator works on larger frames;
            "auto" is the model's working size, "full" the frame's own.
        tile: The side, in pixels, of the overlapping tiles in which the generator works on larger
            frames at their own size; None leaves frames whole.
        strength: The share of the translation in the output: 1 is the translation, 0 the source.
            The cycle check always measures the unblended translation.
        stabilise: How much the frames of a video are averaged along their motion, 0 to 1; 0 leaves
            every frame to itself.
    """

    model: str | None = setting(
        None,
        Setting(
            "The model to use. The default is the first one that translates to the domain, "
            "searched in ./models, in your data folder and among the models shipped with "
            "mediatrans.",
            _GROUP,
            metavar="NAME|FOLDER|FILE",
            changes="nothing",
        ),
    )
    device: str = setting(
        "auto",
        Setting(
            "The device that runs the generator. auto takes the best one that starts; a device "
            "that is named is never replaced by another.",
            _GROUP,
            metavar=DEVICE_WORDS,
        ),
    )
    precision: Precision = setting(
        "auto",
        Setting(
            "The number format of the generator. auto takes a faster one than float32 where the "
            "pictures differ by at most 3 of 255.",
            _GROUP,
        ),
    )
    threads: int | None = setting(
        None,
        Setting(
            "Number of threads of the generator.",
            _GROUP,
            metavar="N",
            least=1,
            default="all cores",
            changes="last bits",
        ),
    )
    batch_size: BatchSize = setting(
        "auto",
        Setting(
            "Frames per inference call. auto measures it on the first frames of a video, and "
            "translates pictures one by one.",
            _GROUP,
            metavar=BATCH_SIZES,
            parse=read_batch_size,
            changes="last bits",
        ),
    )
    work_size: WorkSize = setting(
        "auto",
        Setting(
            "Shorter side, in pixels, at which the generator works. Larger frames are reduced for "
            "it, and its colours are applied to the full frame. auto is the model's own size; full "
            "reduces nothing.",
            _GROUP,
            metavar=WORK_SIZES,
            parse=read_work_size,
        ),
    )
    tile: int | None = setting(
        None,
        Setting(
            "Translate frames larger than N pixels in overlapping tiles of N x N pixels, at the "
            "frame's own size and in little memory. For models that must see full detail.",
            _GROUP,
            metavar="N",
            least=MINIMUM,
            most=MAX_SIDE,
            default="none",
        ),
    )
    strength: float = setting(
        1.0,
        Setting(
            "Blend of source (0) and translation (1). The round trip is measured before blending.",
            _GROUP,
            metavar="0-1",
            least=0,
            most=1,
        ),
    )
    stabilise: float = setting(
        1.0,
        Setting(
            "Smoothing of a video over time, along its motion: 1 flickers least, 0 translates "
            "every frame by itself.",
            _GROUP,
            metavar="0-1",
            least=0,
            most=1,
            of="video",
        ),
    )
