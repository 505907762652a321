"""The whole configuration of a training run."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from mediatrans.errors import UsageError
from mediatrans.files.records import RecordError, from_table
from mediatrans.settings import Setting, setting, setting_of
from mediatrans.training.model_settings import DETAIL_ALLOWED, ModelSettings

__all__ = ["ARCHITECTURE_KEYS", "GROUPS", "TrainConfig", "differences", "free_keys"]

GROUPS = ("Length", "Networks", "Pictures", "Objective", "Optimiser", "Running")
"""The headings under which the settings are explained, in order."""

ARCHITECTURE_KEYS = frozenset(
    {"blocks", "ngf", "ndf", "n_layers", "upsample", "separable", "tone_skip", "head"}
)
"""Settings that decide which weights there are."""


_LONGEST = 10**9
_SMALLEST_PROJECTED = 32
_SMALLEST_DETAILED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig(ModelSettings):
    """Every number of a training run; the defaults are those of Zhu et al. 2017.

    Each field is a flag of `mediatrans train` (`load_size` is `--load-size`) and a line of a
    recipe; its metadata holds its group and its explanation.

    Raises:
        UsageError: A value is outside its range; the message names the key.
    """

    steps: int | None = setting(
        None,
        Setting(
            "A fixed budget of steps: the rate falls over the second half.",
            "Length",
            least=1,
            most=_LONGEST,
        ),
    )
    epochs: int = setting(
        100,
        Setting(
            "Epochs at the full rate, and as many again while it falls.",
            "Length",
            least=1,
            most=1_000_000,
        ),
    )
    schedule: Literal["linear", "cosine", "constant"] = setting(
        "linear",
        Setting("How the learning rate goes to 0; cosine falls from the first step.", "Length"),
    )

    size: int = setting(
        256, Setting("Side of the random training crop, px.", "Pictures", least=8, most=4096)
    )
    load_size: int = setting(
        286,
        Setting("Shorter side a picture is scaled to first, px.", "Pictures", least=8, most=16_384),
    )
    load_size_max: int | None = setting(
        None,
        Setting(
            "Scale to a random size between --load-size and this, px.",
            "Pictures",
            least=8,
            most=16_384,
        ),
    )
    flip: bool = setting(True, Setting("Mirror one crop in two.", "Pictures"))
    hold_out: Literal["auto", "always", "never"] = setting(
        "auto",
        Setting(
            "Keep one picture in ten out of training; auto: unless there is a test split.",
            "Pictures",
        ),
    )
    skip_grey: bool = setting(
        False, Setting("Leave black-and-white pictures out of training.", "Pictures")
    )
    fade_share: float = setting(
        0.0,
        Setting(
            "Share of the steps that see frames of one colour, or pictures faded to one; 0 is off.",
            "Pictures",
            least=0,
            most=0.5,
        ),
    )
    label_classes: int = setting(
        0,
        Setting(
            "Classes of the label maps that the discriminators see beside each picture, in folders "
            "beside A and B, or trainA_labels and trainB_labels; 0: none.",
            "Pictures",
            least=0,
            most=255,
        ),
    )
    batch_size: int = setting(
        1,
        Setting(
            "Pictures of each domain in a step, in all processes.", "Pictures", least=1, most=4096
        ),
    )

    device: str = setting(
        "auto", Setting("auto, cpu, cuda or cuda:N.", "Running", changes="nothing")
    )
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto",
        Setting("Arithmetic; auto: bfloat16 (autocast) on CUDA, float32 on the CPU.", "Running"),
    )
    compile: Literal["auto", "on", "off"] = setting(
        "auto",
        Setting(
            "torch.compile; auto: for 1000 steps and more, where it works.",
            "Running",
            changes="nothing",
        ),
    )
    cache: Literal["ram", "disk", "none"] = setting(
        "ram", Setting("Where decoded and reduced pictures are kept.", "Running", changes="nothing")
    )
    workers: int = setting(
        2,
        Setting(
            "Threads that prepare crops; 0: the training's own.",
            "Running",
            least=0,
            most=256,
            changes="nothing",
        ),
    )
    checkpoint_every: int = setting(
        500,
        Setting("Steps between checkpoints.", "Running", least=1, most=_LONGEST, changes="nothing"),
    )
    sample_every: int = setting(
        500,
        Setting(
            "Steps between sample grids, with one after 100 steps; 0: only the last.",
            "Running",
            least=0,
            most=_LONGEST,
            changes="nothing",
        ),
    )
    evaluate_every: int = setting(
        0,
        Setting(
            "Steps between evaluations on held-out pictures, which keep best.pt; 0: none.",
            "Running",
            least=0,
            most=_LONGEST,
            changes="nothing",
        ),
    )

    def __post_init__(self) -> None:
        for declared in fields(self):
            value, said = getattr(self, declared.name), setting_of(declared)
            if value is None or said.least is None or said.most is None:
                continue
            if not said.least <= value <= said.most:  # NaN is outside of any bounds
                raise UsageError(
                    f"{declared.name} is {value}, it has to be from {said.least} to {said.most}"
                )
        self._refuse_sizes()
        self._refuse_combinations()

    def _refuse_sizes(self) -> None:
        if self.size % 4:
            raise UsageError(f"size is {self.size}, not a multiple of 4")
        if self.size < 3 * 2**self.n_layers:
            raise UsageError(
                f"size {self.size} is too small for a discriminator of {self.n_layers} layers",
                remedy=f"take {3 * 2**self.n_layers} or more, or fewer layers",
            )
        if self.load_size < self.size:
            raise UsageError(f"load_size {self.load_size} is below size {self.size}")
        if self.load_size_max is not None and self.load_size_max < self.load_size:
            raise UsageError(f"load_size_max {self.load_size_max} is below load_size")

    def _refuse_combinations(self) -> None:
        if self.lambda_projected and self.size < _SMALLEST_PROJECTED:
            raise UsageError(
                f"size {self.size} is too small for lambda_projected",
                remedy=f"take {_SMALLEST_PROJECTED} or more, or lambda_projected 0",
            )
        if self.lambda_detail and self.size < _SMALLEST_DETAILED:
            raise UsageError(
                f"size {self.size} is too small for lambda_detail",
                remedy=f"take {_SMALLEST_DETAILED} or more, or lambda_detail 0",
            )
        if self.detail_allowed != DETAIL_ALLOWED and not self.lambda_detail:
            raise UsageError(
                "detail_allowed says how much detail lambda_detail allows, which is 0",
                remedy="set lambda_detail, or leave detail_allowed out",
            )
        if self.diff_augment and not self.lambda_projected:
            raise UsageError(
                "diff_augment changes what the projected discriminators see, and there are none",
                remedy="set lambda_projected, or leave diff_augment out",
            )
        if self.lambda_layout and not self.label_classes:
            raise UsageError(
                "lambda_layout compares the colours of label maps' classes, and there are none",
                remedy="set label_classes, or leave lambda_layout out",
            )
        if self.lambda_map_smooth and self.head == "direct":
            raise UsageError(
                "lambda_map_smooth smooths colour maps, and the generators have none",
                remedy="set head to colour_maps, or leave lambda_map_smooth out",
            )
        if self.tone_skip and self.head != "direct":
            raise UsageError(
                "tone_skip belongs to generators that draw the whole picture",
                remedy="leave it out: a head of colour maps knows brightness and contrast",
            )
        if self.texture != "colour" and self.head == "direct":
            raise UsageError(
                "texture is what colour maps leave to draw, and the generators have none",
                remedy="set head to colour_maps or fine_colour_maps, or leave texture out",
            )
        if self.equivariance_flow and not self.lambda_equivariance:
            raise UsageError(
                "equivariance_flow widens what lambda_equivariance does, which is 0",
                remedy="set lambda_equivariance, or leave equivariance_flow out",
            )

    @classmethod
    def from_table(cls, table: Mapping[str, Any], source: str) -> Self:
        """Build a configuration from a flat table; absent keys keep their defaults.

        Args:
            table: Keys and values, as in a recipe.
            source: What to call the table in messages, a file's name mostly.

        Raises:
            UsageError: A key is unknown, or a value has the wrong type or range.
        """
        return cls().updated(table, source)

    def updated(self, table: Mapping[str, Any], source: str) -> Self:
        """This configuration with the table's values in place of its own; errors as above."""
        known = [declared.name for declared in fields(self)]
        for key in table:
            if key not in known:
                raise UsageError(
                    f"unknown key {key!r}", path=source, remedy=f"known are {', '.join(known)}"
                )
        try:
            return from_table(type(self), {**asdict(self), **table})
        except RecordError as error:
            shown = repr(table.get(error.field))[:100]
            raise UsageError(f"{error.field} = {shown}: {error.problem}", path=source) from error
        except UsageError as error:
            raise UsageError(error.problem, path=source, remedy=error.remedy) from error

    def to_table(self) -> dict[str, Any]:
        """The settings as a flat table; those that are None are left out, as TOML has no null."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def free_keys() -> frozenset[str]:
    """Settings that say how a run is carried out: a resume may change them."""
    declared = fields(TrainConfig)
    return frozenset(f.name for f in declared if setting_of(f).changes == "nothing")


def differences(
    before: TrainConfig, now: TrainConfig, keys: Collection[str] | None = None
) -> list[str]:
    """Lines "key: before -> now" for the settings that differ.

    Args:
        before: One configuration.
        now: Another one.
        keys: The settings that count; None means those that a resume may not change.
    """
    if keys is None:
        keys = {f.name for f in fields(TrainConfig)} - free_keys()
    return [
        f"{f.name}: {getattr(before, f.name)} -> {getattr(now, f.name)}"
        for f in fields(TrainConfig)
        if f.name in keys and getattr(before, f.name) != getattr(now, f.name)
    ]
