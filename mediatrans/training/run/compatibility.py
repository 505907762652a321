"""What a run goes on from: settings, networks and machine, compared with its checkpoint's."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from mediatrans.errors import UsageError
from mediatrans.training.checkpoint import Checkpoint, load_checkpoint, loading_model
from mediatrans.training.config import ARCHITECTURE_KEYS, TrainConfig, differences
from mediatrans.training.data.folders import Folders
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.team import Team

__all__ = [
    "describe_environment",
    "environment_changes",
    "first_model",
    "load_start",
    "refuse_other_settings",
]


def refuse_other_settings(saved: Checkpoint, config: TrainConfig, folders: Folders) -> None:
    """Compare a resumed run's settings with those of its checkpoint.

    Raises:
        UsageError: One differs that decides the result; the message lists them.
    """
    changes = differences(saved.config, config)
    if saved.domains != folders.domains:
        changes.append(f"domains: {','.join(saved.domains)} -> {','.join(folders.domains)}")
    if changes:
        raise UsageError(
            f"the run was started with other settings (run -> now): {'; '.join(changes)}",
            remedy="leave those flags out, or start a new run with another --output "
            "(and --start-from, to begin it with these networks)",
        )


def load_start(config: TrainConfig) -> Checkpoint | None:
    """The checkpoint whose networks a new run begins with; None where it begins with none.

    Raises:
        UsageError: Its networks are of another architecture.
        InputError: There is no such checkpoint, or it is damaged.
    """
    if config.start_from is None:
        return None
    start = load_checkpoint(Path(config.start_from))
    changes = differences(start.config, config, ARCHITECTURE_KEYS)
    if changes:
        raise UsageError(
            f"these are other networks (there -> here): {'; '.join(changes)}",
            path=config.start_from,
            remedy="give this run the same networks",
        )
    return start


def first_model(
    config: TrainConfig,
    device: torch.device,
    team: Team,
    start: Checkpoint | None,
    on_message: Callable[[str], None],
) -> CycleGAN:
    """The model before its first step: new networks, or those that the run begins with.

    Args:
        config: The run's settings.
        device: Where it is trained.
        team: The processes that train together.
        start: What `load_start` gives.
        on_message: Called with a sentence if the networks are not new.

    Raises:
        InputError: The networks of the checkpoint are damaged.
    """
    model = CycleGAN(config, device, team)
    if start is not None:
        with loading_model(Path(str(config.start_from))):
            model.begin_with(start.model)
        on_message(f"beginning with the networks of {config.start_from}")
    return model


def describe_environment(device: torch.device, team: Team, mode: str) -> dict[str, str]:
    """What else than the settings an exact resume depends on.

    Args:
        device: Where this process computes.
        team: The run's processes.
        mode: How the step is computed: "eager" or "compiled".
    """
    return {
        "mode": mode,
        "device": str(device) if team.count == 1 else f"{team.count} x {device.type}",
        "threads": str(torch.get_num_threads()),
        "torch": str(torch.__version__),  # a subclass, which a checkpoint cannot hold
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def environment_changes(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """A sentence on what differs from the environment of a checkpoint; None where nothing does."""
    changes = [
        f"{key} {before.get(key)} -> {now[key]}" for key in now if before.get(key) != now[key]
    ]
    if not changes:
        return None
    return f"resumed elsewhere, so not bit for bit the uninterrupted run: {', '.join(changes)}"
