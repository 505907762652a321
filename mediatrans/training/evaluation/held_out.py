"""The held-out part of a run's training folders: evaluated in training and at export."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from mediatrans.errors import InputError, UsageError
from mediatrans.quality.cycle import CycleSummary, Translate, compare
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.folders import Folders, find_pictures, split_hold_out
from mediatrans.training.evaluation.candidate import TorchTranslator
from mediatrans.training.evaluation.comparison import Judge, evaluate, train_probes
from mediatrans.training.evaluation.features import (
    FeatureNetwork,
    choose_networks,
    load_feature_network,
)
from mediatrans.training.evaluation.figures import Evaluation, HeldOutCycle
from mediatrans.training.evaluation.gallery import Gallery
from mediatrans.training.model.networks import ResnetGenerator
from mediatrans.training.seen import networks_of_run

__all__ = ["LONGER_SIDE", "HeldOut", "HeldOutJudge", "open_judge"]

LONGER_SIDE = 512
"""Pixels that larger pictures are reduced to, the default of `mediatrans evaluate`."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A run's pictures as its configuration splits them; either gallery may be empty.

    Attributes:
        domains: The names of a and b.
        training: What it trains on, of a and of b.
        held: What it never sees, of a and of b.
        counts: How many are held out, of a and of b.
    """

    domains: tuple[str, str]
    training: tuple[Gallery, Gallery]
    held: tuple[Gallery, Gallery]
    counts: tuple[int, int]

    @classmethod
    def of(cls, folders: Folders, config: TrainConfig) -> "HeldOut":
        """Split the training folders as the trainer does.

        Raises:
            InputError: A folder is gone.
        """
        a = _split(folders.train_a, config, folders.test_a)
        b = _split(folders.train_b, config, folders.test_b)
        return cls(folders.domains, (a[0], b[0]), (a[1], b[1]), (a[2], b[2]))

    def measure_cycle(self, there: Translate, back: Translate) -> HeldOutCycle | None:
        """The round trips of the held-out pictures; None where a domain has none to measure."""
        held_a, held_b = self.held
        from_a = CycleSummary.of(compare(picture, back(there(picture))) for picture in held_a)
        from_b = CycleSummary.of(compare(picture, there(back(picture))) for picture in held_b)
        if from_a is None or from_b is None:
            return None
        return HeldOutCycle(self.domains, from_a, from_b)


class HeldOutJudge:
    """Evaluates a run's generators on its held-out pictures.

    Args:
        pictures: The run's pictures, split.
        network: The feature network.

    Raises:
        UsageError: Fewer than 2 pictures of a domain are held out.
        InputError: Fewer than 2 pictures of a domain are readable.
    """

    def __init__(self, pictures: HeldOut, network: FeatureNetwork) -> None:
        for domain, count in zip(pictures.domains, pictures.counts, strict=True):
            if count < 2:
                raise UsageError(
                    f"--evaluate-every needs held-out pictures, {domain} has {count}",
                    remedy="add --hold-out always and have 20 pictures or more per domain, "
                    "or use --evaluate-every 0",
                )
        self._pictures = pictures
        (probe,) = train_probes(pictures.domains, pictures.training, [network])
        self._judge = Judge(network, probe)

    def judge(
        self, generators: tuple[ResnetGenerator, ResnetGenerator], device: torch.device
    ) -> Evaluation:
        """Judge G: a -> b and F: b -> a; they are left as they were."""
        there, back = (TorchTranslator(generator, device) for generator in generators)
        return evaluate(
            (there, back),
            self._pictures.domains,
            self._pictures.held,
            [self._judge],
        ).evaluation


def open_judge(
    config: TrainConfig,
    folders: Folders,
    device: torch.device,
    on_message: Callable[[str], None],
) -> HeldOutJudge:
    """The judge of a run's held-out pictures, its probe trained on the run's training pictures.

    A network that the run trains with is not its judge.

    Args:
        config: The run's settings.
        folders: Where its pictures are.
        device: Where the feature network computes.
        on_message: Called with a sentence on what will be evaluated.

    Raises:
        MissingExtraError: The packages of the extra `evaluate` are not installed.
        UsageError: Fewer than 2 pictures of a domain are held out.
        InputError: Fewer than 2 pictures of a domain are readable.
    """
    (name,) = choose_networks(["auto"], networks_of_run(config))
    network = load_feature_network(name, device)
    pictures = HeldOut.of(folders, config)
    judge = HeldOutJudge(pictures, network)
    on_message(
        f"evaluating on {pictures.counts[0]} + {pictures.counts[1]} held-out pictures every "
        f"{config.evaluate_every} steps, with the features of {network.name}"
    )
    return judge


def _split(folder: Path, config: TrainConfig, test: Path | None) -> tuple[Gallery, Gallery, int]:
    if not folder.is_dir():
        raise InputError("the run's pictures are gone", path=folder, remedy="restore the folder")
    names, held = split_hold_out(find_pictures(folder), config.hold_out, test is not None)
    return Gallery(folder, LONGER_SIDE, names), Gallery(folder, LONGER_SIDE, held), len(held)
