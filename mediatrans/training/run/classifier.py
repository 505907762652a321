"""The classifier of the domains that a run trains when its generators are done."""

from collections.abc import Callable
from pathlib import Path

from mediatrans.training.config import TrainConfig
from mediatrans.training.evaluation.domain_file import chosen
from mediatrans.training.export.domain_graph import save_classifier
from mediatrans.training.model.domain_classifier import train_domain_network
from mediatrans.training.run.dataset import Dataset, count_steps
from mediatrans.translate.engines.domain_classifier import scaled

__all__ = ["keep_classifier"]

_SHARE = 5


def keep_classifier(
    run: Path, dataset: Dataset, config: TrainConfig, on_message: Callable[[str], None]
) -> Path:
    """Train the classifier on the run's training pictures, and keep it in the run folder.

    A short run trains it for a fifth of the generators' steps at most.

    Args:
        run: The run folder.
        dataset: The pictures.
        config: The run's settings.
        on_message: Called with a sentence before the training begins.

    Returns:
        The classifier's file.

    Raises:
        OutputError: It cannot be written.
    """
    both = [
        [scaled(store[index]) for index in chosen(len(store))] for store in (dataset.a, dataset.b)
    ]
    on_message(
        f"training the classifier of the domains on {len(both[0])} + {len(both[1])} pictures"
    )
    _, total = count_steps(config, dataset)
    network = train_domain_network(
        both[0], both[1], seed=config.seed, most_steps=max(1, total // _SHARE)
    )
    return save_classifier(run, network)
