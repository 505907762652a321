"""What an evaluation found: the figures of the pair, and their JSON."""

from dataclasses import dataclass
from typing import Any

from mediatrans import __version__
from mediatrans.files.records import to_table
from mediatrans.quality.cycle import CycleSummary
from mediatrans.training.evaluation.kid import KidFigures
from mediatrans.training.evaluation.resampling import Interval
from mediatrans.training.evaluation.texture import TextureFigures

__all__ = [
    "VERSION",
    "Direction",
    "Evaluation",
    "HeldOutCycle",
    "NetworkFigures",
    "ProbeFigures",
    "TranslationFigures",
    "cycle_table",
]

VERSION = 2
"""Of the JSON's shape."""

_SHOWN_OF_A_CYCLE = ("mean", "p05", "p50", "p95")


@dataclass(frozen=True, slots=True)
class TranslationFigures:
    """What one feature network says of one direction.

    Attributes:
        kid: Between the translations and the real pictures of the target domain, and its baselines.
        fid: Likewise; None where there are too few pictures for the features.
        domain_accuracy: Share of the translations that the probe assigns to the target domain.
        untranslated_accuracy: Share of the pictures as they were that it assigns to it.
        colour_transfer_accuracy: Share of the pictures with colours of the target domain.
    """

    kid: KidFigures
    fid: float | None
    domain_accuracy: float
    untranslated_accuracy: float
    colour_transfer_accuracy: float


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """The probe's accuracy on real pictures.

    Attributes:
        trained_on: What it was fitted to, in words.
        accuracy_a: Share of the real pictures of a that it assigns to a.
        accuracy_b: Share of the real pictures of b that it assigns to b.
    """

    trained_on: str
    accuracy_a: float
    accuracy_b: float


@dataclass(frozen=True, slots=True)
class NetworkFigures:
    """What one feature network says of the pair.

    Attributes:
        name: Its name; KID, FID and the probe mean nothing without it.
        dimensions: Its number of features per picture.
        seen_in_training: Whether the pair was trained with it, which makes its figures too good.
        probe: The probe on real pictures.
        to_b: The pictures of a, translated.
        to_a: The pictures of b, translated.
    """

    name: str
    dimensions: int
    seen_in_training: bool
    probe: ProbeFigures
    to_b: TranslationFigures
    to_a: TranslationFigures


@dataclass(frozen=True, slots=True)
class Direction:
    """What needs no feature network.

    Attributes:
        cycle: The pictures' round trips, which begin and end in the domain they come from.
        texture: Their textures, or None where they were not measured.
    """

    cycle: CycleSummary
    texture: TextureFigures | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of a pair of generators.

    Attributes:
        domains: The names of a and b.
        to_b: The pictures of a, translated.
        to_a: The pictures of b, translated.
        networks: What each feature network says of them.
        texture: The name of the texture network, or None.
        trained_with: The feature networks that the pair was trained with.
        resamples: Bootstrap resamplings behind an interval of 95 %.
        seed: Of the resamplings, the cross-validation and the colour transfer.
        longer_side: Pixels that larger pictures were reduced to; None where none were.
    """

    domains: tuple[str, str]
    to_b: Direction
    to_a: Direction
    networks: tuple[NetworkFigures, ...]
    texture: str | None
    trained_with: tuple[str, ...]
    resamples: int
    seed: int
    longer_side: int | None

    @property
    def pictures(self) -> tuple[int, int]:
        """How many pictures of a and of b were translated."""
        return self.to_b.cycle.checked_frames, self.to_a.cycle.checked_frames

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as its JSON has it: one object per direction, None for "not measured"."""
        a, b = self.domains
        return {
            "version": VERSION,
            "mediatrans": __version__,
            "domains": list(self.domains),
            "trained_with": list(self.trained_with),
            "judges": [n.name for n in self.networks if not n.seen_in_training],
            "longer_side": self.longer_side,
            "bootstrap": {"resamples": self.resamples, "percent": 95, "seed": self.seed},
            f"to_{b}": self._direction(self.to_b),
            f"to_{a}": self._direction(self.to_a),
            "networks": [self._network(network) for network in self.networks],
        }

    def _direction(self, direction: Direction) -> dict[str, Any]:
        texture = direction.texture
        if texture is None:
            return cycle_table(direction.cycle)
        ratios = {
            "texture_ratio": texture.translated,
            "texture_ratio_colour_transfer": texture.colour_transfer,
            "texture_ratio_real_halves": texture.real_halves,
        }
        return cycle_table(direction.cycle) | _intervals(ratios, str(self.texture))

    def _network(self, network: NetworkFigures) -> dict[str, Any]:
        (a, b), probe = self.domains, network.probe
        return {
            "network": network.name,
            "dimensions": network.dimensions,
            "seen_in_training": network.seen_in_training,
            "probe": {
                "features": network.name,
                "trained_on": probe.trained_on,
                "accuracy_on_real": {a: probe.accuracy_a, b: probe.accuracy_b},
            },
            f"to_{b}": _translation(network.to_b, network.name),
            f"to_{a}": _translation(network.to_a, network.name),
        }


@dataclass(frozen=True, slots=True)
class HeldOutCycle:
    """The round trips of the training folders' held-out pictures.

    Attributes:
        domains: The names of a and b.
        from_a: The round trips of the pictures of a.
        from_b: The round trips of the pictures of b.
    """

    domains: tuple[str, str]
    from_a: CycleSummary
    from_b: CycleSummary

    def to_dict(self) -> dict[str, Any]:
        """As a card has it, one object per direction."""
        a, b = self.domains
        return {f"to_{b}": cycle_table(self.from_a), f"to_{a}": cycle_table(self.from_b)}


def cycle_table(cycle: CycleSummary) -> dict[str, Any]:
    """The figures of round trips as JSON and card have them."""
    figures = {name: to_table(getattr(cycle, name)) for name in ("psnr_db", "ssim", "l1")}
    shown = {
        name: {part: figure[part] for part in _SHOWN_OF_A_CYCLE} for name, figure in figures.items()
    }
    return {"pictures": cycle.checked_frames, "cycle": shown}


def _translation(figures: TranslationFigures, name: str) -> dict[str, Any]:
    named, kid = {"features": name}, figures.kid
    intervals = {
        "kid": kid.translated,
        "kid_untranslated": kid.untranslated,
        "kid_colour_transfer": kid.colour_transfer,
        "kid_real_halves": kid.real_halves,
        "kid_ratio": kid.ratio,
        "kid_ratio_colour_transfer": kid.colour_transfer_ratio,
        "colour_transfer_over_translated": kid.gain,
    }
    accuracies = {
        "domain_accuracy": figures.domain_accuracy,
        "domain_accuracy_untranslated": figures.untranslated_accuracy,
        "domain_accuracy_colour_transfer": figures.colour_transfer_accuracy,
    }
    return {
        **_intervals(intervals, name),
        "fid": None if figures.fid is None else named | {"value": figures.fid},
        **{key: named | {"value": share} for key, share in accuracies.items()},
    }


def _intervals(figures: dict[str, Interval | None], name: str) -> dict[str, Any]:
    named = {"features": name}
    return {
        key: None if interval is None else named | to_table(interval)
        for key, interval in figures.items()
    }
