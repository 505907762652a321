"""The settings of a training run that make the model: networks, objective and optimiser."""

from dataclasses import dataclass
from typing import Literal

from mediatrans.settings import Setting, setting

__all__ = ["DETAIL_ALLOWED", "ModelSettings"]

_LARGEST_WEIGHT = 10_000.0
DETAIL_ALLOWED = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What networks there are, what they are trained towards, and how their weights are changed.

    The defaults are those of Zhu et al. 2017. `TrainConfig` adds the rest of a run's settings.
    """

    blocks: int = setting(
        9,
        Setting(
            "Residual blocks of a generator; the paper takes 6 for 128 px.",
            "Networks",
            least=1,
            most=64,
        ),
    )
    ngf: int = setting(
        64, Setting("Channels of a generator's first convolution.", "Networks", least=1, most=512)
    )
    ndf: int = setting(
        64,
        Setting("Channels of a discriminator's first convolution.", "Networks", least=1, most=512),
    )
    n_layers: int = setting(
        3,
        Setting(
            "Stride-2 convolutions of a discriminator: 3 see 70x70 px.", "Networks", least=1, most=8
        ),
    )
    upsample: Literal["transpose", "resize", "smooth"] = setting(
        "transpose",
        Setting("Enlargement; resize and, more so, smooth avoid the checkerboard.", "Networks"),
    )
    separable: bool = setting(
        False, Setting("Depthwise-separable residual blocks: smaller and cheaper.", "Networks")
    )
    tone_skip: bool = setting(
        False,
        Setting(
            "Carry brightness and contrast past the instance norms, which remove them.", "Networks"
        ),
    )
    head: Literal["direct", "colour_maps", "fine_colour_maps"] = setting(
        "direct",
        Setting(
            "What a generator makes: the picture, or colour maps for its input, one for each 4x4 "
            "or, fine, 2x2 px.",
            "Networks",
        ),
    )
    texture: Literal["colour", "grey", "none"] = setting(
        "colour", Setting("What generators of colour maps draw on top of them.", "Networks")
    )
    ema: float = setting(
        0.0,
        Setting(
            "Decay of the averaged generators that samples and exports use; 0 is off.",
            "Networks",
            least=0,
            most=0.999999,
        ),
    )
    start_from: str | None = setting(
        None, Setting("Run or checkpoint whose four networks this run begins with.", "Networks")
    )
    gan_loss: Literal["lsgan", "log"] = setting(
        "lsgan", Setting("Least squares, or the log loss of the paper's Equation 1.", "Objective")
    )
    lambda_cycle: float = setting(
        10.0, Setting("Weight of the cycle loss.", "Objective", least=0, most=_LARGEST_WEIGHT)
    )
    lambda_identity: float = setting(
        0.5,
        Setting(
            "Weight of the identity loss, as a part of the cycle's; 0 is off.",
            "Objective",
            least=0,
            most=_LARGEST_WEIGHT,
        ),
    )
    lambda_tv: float = setting(
        0.0,
        Setting(
            "Weight of the translations' total variation; 0 is off.",
            "Objective",
            least=0,
            most=_LARGEST_WEIGHT,
        ),
    )
    lambda_equivariance: float = setting(
        0.0,
        Setting(
            "Weight of the change after a small shift and noise, against flicker; 0 is off.",
            "Objective",
            least=0,
            most=_LARGEST_WEIGHT,
        ),
    )
    equivariance_flow: float = setting(
        0.0,
        Setting(
            "Widest shift of that disturbance with a smooth random flow, px; 0: up to 3, no flow.",
            "Objective",
            least=0,
            most=64,
        ),
    )
    lambda_projected: float = setting(
        0.0,
        Setting(
            "Weight of projected discriminators beside the PatchGANs (extra: evaluate); 0 is off.",
            "Objective",
            least=0,
            most=_LARGEST_WEIGHT,
        ),
    )
    lambda_layout: float = setting(
        0.0,
        Setting(
            "Weight of discriminators of the colours that each class of a label map has; 0 is off.",
            "Objective",
            least=0,
            most=_LARGEST_WEIGHT,
        ),
    )
    diff_augment: bool = setting(
        False, Setting("Vary what the projected discriminators see, for small data.", "Objective")
    )
    lambda_map_smooth: float = setting(
        0.0,
        Setting(
            "Weight of the colour maps' variation where the picture is smooth; 0 is off.",
            "Objective",
            least=0,
            most=_LARGEST_WEIGHT,
        ),
    )
    lambda_detail: float = setting(
        0.0,
        Setting(
            "Weight of detail that the picture does not have, against weaves; 0 is off.",
            "Objective",
            least=0,
            most=_LARGEST_WEIGHT,
        ),
    )
    detail_allowed: float = setting(
        DETAIL_ALLOWED,
        Setting(
            "How many times the picture's detail lambda_detail allows; a lower limit flickers "
            "less.",
            "Objective",
            least=1,
            most=100,
        ),
    )
    pool_size: int = setting(
        50,
        Setting(
            "Earlier translations a discriminator is shown again; 0 is off.",
            "Objective",
            least=0,
            most=100_000,
        ),
    )
    learning_rate: float = setting(
        2e-4, Setting("Adam's rate before it falls.", "Optimiser", least=0, most=1e30)
    )
    beta1: float = setting(
        0.5, Setting("Adam's first momentum.", "Optimiser", least=0, most=0.999999)
    )
    seed: int = setting(
        0, Setting("Seed of weights, order, crops and pools.", "Optimiser", least=0, most=2**63 - 1)
    )
