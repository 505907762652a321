"""The whole configuration of a training run, and the TOML recipes it is read from."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

from mediatrans.errors import UsageError

__all__ = ["ARCHITECTURE_KEYS", "FREE_KEYS", "GROUPS", "TrainConfig", "differences", "load_recipe"]

GROUPS = ("Length", "Networks", "Pictures", "Objective", "Optimiser", "Running")
"""The headings under which the settings are explained, in order."""

FREE_KEYS = frozenset(
    {
        "device",
        "checkpoint_every",
        "sample_every",
        "evaluate_every",
        "cache",
        "workers",
        "compile",
    }
)
"""Settings that say how a run is carried out, not what it computes: a resume may change them."""

ARCHITECTURE_KEYS = frozenset(
    {"blocks", "ngf", "ndf", "n_layers", "upsample", "separable", "tone_skip", "head"}
)
"""Settings that decide which weights there are."""


def _setting(default: Any, group: str, text: str) -> Any:
    return field(default=default, metadata={"group": group, "help": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Every number of a training run; the defaults are those of Zhu et al. 2017.

    Each field is a flag of `mediatrans train` (`load_size` is `--load-size`) and a line of a
    recipe; its metadata holds its group and its explanation.

    Raises:
        UsageError: A value is outside its range; the message names the key.
    """

    steps: int | None = _setting(
        None, "Length", "A fixed budget of steps: the rate falls over the second half."
    )
    epochs: int = _setting(
        100, "Length", "Epochs at the full rate, and as many again while it falls."
    )
    schedule: Literal["linear", "cosine", "constant"] = _setting(
        "linear", "Length", "How the learning rate goes to 0; cosine falls from the first step."
    )

    blocks: int = _setting(
        9, "Networks", "Residual blocks of a generator; the paper takes 6 for 128 px."
    )
    ngf: int = _setting(64, "Networks", "Channels of a generator's first convolution.")
    ndf: int = _setting(64, "Networks", "Channels of a discriminator's first convolution.")
    n_layers: int = _setting(
        3, "Networks", "Stride-2 convolutions of a discriminator: 3 see 70x70 px."
    )
    upsample: Literal["transpose", "resize"] = _setting(
        "transpose", "Networks", "Enlargement; resize avoids the checkerboard."
    )
    separable: bool = _setting(
        False, "Networks", "Depthwise-separable residual blocks: smaller and cheaper."
    )
    tone_skip: bool = _setting(
        False,
        "Networks",
        "Carry each picture's brightness and contrast past the instance norms, which remove them.",
    )
    head: Literal["direct", "colour_maps"] = _setting(
        "direct",
        "Networks",
        "What a generator draws: the picture, or local colour maps for its input and a texture.",
    )
    ema: float = _setting(
        0.0, "Networks", "Decay of the averaged generators that samples and exports use; 0 is off."
    )

    start_from: str | None = _setting(
        None, "Networks", "Run or checkpoint whose four networks this run begins with."
    )

    size: int = _setting(256, "Pictures", "Side of the random training crop, px.")
    load_size: int = _setting(286, "Pictures", "Shorter side a picture is scaled to first, px.")
    load_size_max: int | None = _setting(
        None, "Pictures", "Scale to a random size between --load-size and this, px."
    )
    flip: bool = _setting(True, "Pictures", "Mirror one crop in two.")
    hold_out: Literal["auto", "always", "never"] = _setting(
        "auto",
        "Pictures",
        "Keep one picture in ten out of training; auto: unless there is a test split.",
    )
    skip_grey: bool = _setting(False, "Pictures", "Leave black-and-white pictures out of training.")
    fade_share: float = _setting(
        0.0,
        "Pictures",
        "Share of the steps that see frames of one colour, or pictures faded to one; 0 is off.",
    )
    batch_size: int = _setting(
        1, "Pictures", "Pictures of each domain in a step, in all processes."
    )

    gan_loss: Literal["lsgan", "log"] = _setting(
        "lsgan", "Objective", "Least squares, or the log loss of the paper's Equation 1."
    )
    lambda_cycle: float = _setting(10.0, "Objective", "Weight of the cycle loss.")
    lambda_identity: float = _setting(
        0.5, "Objective", "Weight of the identity loss, as a part of the cycle's; 0 is off."
    )
    lambda_tv: float = _setting(
        0.0, "Objective", "Weight of the translations' total variation; 0 is off."
    )
    lambda_equivariance: float = _setting(
        0.0,
        "Objective",
        "Weight of the answer's change after a small shift and noise, against flicker; 0 is off.",
    )
    equivariance_flow: float = _setting(
        0.0,
        "Objective",
        "Widest shift of that disturbance with a smooth random flow, px; 0: up to 3 px, no flow.",
    )
    lambda_projected: float = _setting(
        0.0,
        "Objective",
        "Weight of projected discriminators beside the PatchGANs (extra: evaluate); 0 is off.",
    )
    diff_augment: bool = _setting(
        False, "Objective", "Vary what the projected discriminators see, for small data."
    )
    lambda_map_smooth: float = _setting(
        0.0,
        "Objective",
        "Weight of the colour maps' variation where the picture is smooth; 0 is off.",
    )
    pool_size: int = _setting(
        50, "Objective", "Earlier translations a discriminator is shown again; 0 is off."
    )

    learning_rate: float = _setting(2e-4, "Optimiser", "Adam's rate before it falls.")
    beta1: float = _setting(0.5, "Optimiser", "Adam's first momentum.")
    seed: int = _setting(0, "Optimiser", "Seed of weights, order, crops and pools.")

    device: str = _setting("auto", "Running", "auto, cpu, cuda or cuda:N.")
    precision: Literal["auto", "float32", "bfloat16"] = _setting(
        "auto", "Running", "Arithmetic; auto: bfloat16 (autocast) on CUDA, float32 on the CPU."
    )
    compile: Literal["auto", "on", "off"] = _setting(
        "auto", "Running", "torch.compile; auto: for 1000 steps and more, where it works."
    )
    cache: Literal["ram", "disk", "none"] = _setting(
        "ram", "Running", "Where decoded and reduced pictures are kept."
    )
    workers: int = _setting(2, "Running", "Threads that prepare crops; 0: the training's own.")
    checkpoint_every: int = _setting(500, "Running", "Steps between checkpoints.")
    sample_every: int = _setting(500, "Running", "Steps between sample grids; 0: only the last.")
    evaluate_every: int = _setting(
        0, "Running", "Steps between evaluations on held-out pictures, which keep best.pt; 0: none."
    )

    def __post_init__(self) -> None:
        for key, (least, most) in _BOUNDS.items():
            value = getattr(self, key)
            if value is not None and not least <= value <= most:
                raise UsageError(f"{key} is {value}, it has to be from {least} to {most}")
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
        if self.diff_augment and not self.lambda_projected:
            raise UsageError(
                "diff_augment changes what the projected discriminators see, and there are none",
                remedy="set lambda_projected, or leave diff_augment out",
            )
        if self.lambda_map_smooth and self.head != "colour_maps":
            raise UsageError(
                "lambda_map_smooth smooths colour maps, and the generators have none",
                remedy="set head to colour_maps, or leave lambda_map_smooth out",
            )
        if self.tone_skip and self.head == "colour_maps":
            raise UsageError(
                "tone_skip belongs to generators that draw the whole picture",
                remedy="leave it out: a head of colour maps knows brightness and contrast",
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
        types = get_type_hints(type(self))
        for key, value in table.items():
            if key not in types:
                raise UsageError(
                    f"unknown key {key!r}", path=source, remedy=f"known are {', '.join(types)}"
                )
            if not _fits(value, types[key]):
                raise UsageError(f"{key} = {value!r} is not {_wanted(types[key])}", path=source)
        try:
            return replace(self, **dict(table))
        except UsageError as error:
            raise UsageError(error.problem, path=source, remedy=error.remedy) from error

    def to_table(self) -> dict[str, Any]:
        """The settings as a flat table; those that are None are left out, as TOML has no null."""
        return {key: value for key, value in asdict(self).items() if value is not None}


_LONGEST = 10**9
_LARGEST_WEIGHT = 10_000.0
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "steps": (1, _LONGEST), "epochs": (1, 1_000_000), "blocks": (1, 64), "ngf": (1, 512),
    "ndf": (1, 512), "n_layers": (1, 8), "ema": (0, 0.999999), "size": (8, 4096),
    "load_size": (8, 16_384), "load_size_max": (8, 16_384), "fade_share": (0, 0.5),
    "batch_size": (1, 4096), "lambda_cycle": (0, _LARGEST_WEIGHT),
    "lambda_identity": (0, _LARGEST_WEIGHT), "lambda_tv": (0, _LARGEST_WEIGHT),
    "lambda_equivariance": (0, _LARGEST_WEIGHT), "equivariance_flow": (0, 64),
    "lambda_projected": (0, _LARGEST_WEIGHT), "lambda_map_smooth": (0, _LARGEST_WEIGHT),
    "pool_size": (0, 100_000), "learning_rate": (0, 1e30), "beta1": (0, 0.999999),
    "seed": (0, 2**63 - 1), "workers": (0, 256), "checkpoint_every": (1, _LONGEST),
    "sample_every": (0, _LONGEST), "evaluate_every": (0, _LONGEST),
}  # fmt: skip
"""The least and the most of every number; NaN is outside of any."""

_SMALLEST_PROJECTED = 32


def load_recipe(path: Path) -> dict[str, Any]:
    """Read a recipe's settings, checked against the known keys, their types and ranges.

    A recipe may name its `domains` as well. The config.toml of a run is a recipe, too: its table
    `run`, which says where that run's pictures were, is passed over.

    Raises:
        UsageError: The file is missing or not TOML, a key is unknown, a value is wrong.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, ValueError) as error:
        raise UsageError(f"cannot read the recipe ({error})", path=path) from error
    domains = table.pop("domains", None)
    if domains is not None and not (
        isinstance(domains, list) and all(isinstance(domain, str) for domain in domains)
    ):
        raise UsageError(f"domains = {domains!r} is not a list of two names", path=path)
    table.pop("run", None)
    TrainConfig.from_table(table, str(path))
    return table if domains is None else table | {"domains": domains}


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
        keys = {f.name for f in fields(TrainConfig)} - FREE_KEYS
    return [
        f"{f.name}: {getattr(before, f.name)} -> {getattr(now, f.name)}"
        for f in fields(TrainConfig)
        if f.name in keys and getattr(before, f.name) != getattr(now, f.name)
    ]


def _fits(value: Any, wanted: Any) -> bool:
    if get_origin(wanted) is Literal:
        return value in get_args(wanted)
    if isinstance(wanted, UnionType):
        return any(_fits(value, part) for part in get_args(wanted))
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, int | float if wanted is float else wanted)


def _wanted(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if isinstance(kind, UnionType):
        return " or ".join(_wanted(part) for part in get_args(kind) if part is not NoneType)
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    return names[kind]
