"""The classifier of the domains that a run trains when its generators are done."""

from collections.abc import Callable
from pathlib import Path

from mediatrans.training.config import TrainConfig
from mediatrans.training.evaluation.domain_file import chosen
from mediatrans.training.export.domain_graph import save_classifier
from mediatrans.training.model.domain_classifier import train_domain_network
from mediatrans.training.run.dataset import Dataset
from mediatrans.translate.engines.domain_classifier import scaled

__all__ = ["keep_classifier"]


def keep_classifier(
    run: Path, dataset: Dataset, config: TrainConfig, on_message: Callable[[str], None]
) -> Path:
    """Train the classifier on the run's training pictures, and keep it in the run folder.

    A short run trains it for as many steps as the generators at most.

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
    steps = {} if config.steps is None else {"most_steps": config.steps}
    return save_classifier(run, train_domain_network(*both, seed=config.seed, **steps))
