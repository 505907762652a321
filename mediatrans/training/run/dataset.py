"""The pictures of a run: read, split, and compared with those of a run that is resumed."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mediatrans.errors import InputError, UsageError
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.folders import Folders, find_pictures, split_hold_out
from mediatrans.training.data.label_maps import LabelMaps, label_folder
from mediatrans.training.data.picture_store import PictureStore
from mediatrans.training.run.samples import Samples

__all__ = ["Dataset", "count_steps", "open_dataset", "refuse_other_data"]

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Dataset:
    """Both domains, ready to train.

    Attributes:
        a: Training pictures of domain a.
        b: Training pictures of domain b.
        samples: The pictures of the sample grids: held out, else of the test split, else of the
            training pictures.
    """

    a: PictureStore
    b: PictureStore
    samples: Samples

    def listing(self) -> dict[str, list[str]]:
        """One line per training picture, by domain."""
        return {"a": self.a.listing(), "b": self.b.listing()}


def open_dataset(
    folders: Folders, config: TrainConfig, cache: Path, on_message: Callable[[str], None]
) -> Dataset:
    """Read every training picture.

    Args:
        folders: Where they are.
        config: Scaling, caching and hold-out.
        cache: Folder of a disk cache.
        on_message: Called with sentences on what was skipped, enlarged and held out.

    Raises:
        InputError: A domain has fewer than 2 readable training pictures, or one of them lacks the
            label map that the settings ask for, or no map knows a class.
    """
    a = _open_domain(folders.domains[0], folders.train_a, folders.test_a, config, cache, on_message)
    b = _open_domain(folders.domains[1], folders.train_b, folders.test_b, config, cache, on_message)
    samples = Samples(*a.shown, *b.shown, config.load_size, folders.domains)
    if samples.unreadable:
        on_message(f"unreadable, not in the sample grids: {_named(samples.unreadable)}")
    return Dataset(a.store, b.store, samples)


def count_steps(config: TrainConfig, dataset: Dataset) -> tuple[int, int]:
    """Steps of the part with a constant learning rate, and of the whole run.

    An epoch has as many pictures as the larger domain.
    """
    if config.steps is not None:
        return config.steps // 2, config.steps
    epoch = math.ceil(max(len(dataset.a), len(dataset.b)) / config.batch_size)
    return config.epochs * epoch, 2 * config.epochs * epoch


class _Domain(NamedTuple):
    store: PictureStore
    shown: tuple[Path, list[str]]


def _open_domain(
    domain: str,
    train: Path,
    test: Path | None,
    config: TrainConfig,
    cache: Path,
    on_message: Callable[[str], None],
) -> _Domain:
    names, held = split_hold_out(find_pictures(train), config.hold_out, test is not None)
    side = config.load_size_max or config.load_size
    labels = LabelMaps(label_folder(train)) if config.label_classes else None
    store = PictureStore(train, names, side, config.cache, cache, config.skip_grey, labels)
    _describe(store, domain, len(held), side, on_message)
    if labels is not None:
        on_message(f"{domain}: {_known_labels(labels, config.label_classes)}")
    if len(store) < 2:
        raise InputError(
            f"{len(store)} readable pictures to train on, at least 2 are needed",
            path=train,
            remedy="give a folder of JPEG, PNG, WebP, ... pictures",
        )
    if held:
        return _Domain(store, (train, held))
    tests = find_pictures(test) if test is not None else []
    return _Domain(store, (test, tests) if test and tests else (train, store.names))


def refuse_other_data(before: Mapping[str, list[str]], now: Mapping[str, list[str]]) -> None:
    """Compare a resumed run's pictures with those it was started with.

    Args:
        before: Their listing in the checkpoint.
        now: Their listing in the folders.

    Raises:
        UsageError: They differ; the message lists the first differences.
    """
    changes = []
    for domain in ("a", "b"):
        gone = sorted(set(before[domain]) - set(now[domain]))
        new = sorted(set(now[domain]) - set(before[domain]))
        changes += [f"- {line}" for line in gone] + [f"+ {line}" for line in new]
    if changes:
        shown = "; ".join(changes[:10])
        more = f"; and {len(changes) - 10} more" if len(changes) > 10 else ""
        raise UsageError(
            f"the training pictures differ from the run's (path and CRC): {shown}{more}",
            remedy="restore them, or start a new run with another --output",
        )


def _describe(
    store: PictureStore, domain: str, held: int, side: int, on_message: Callable[[str], None]
) -> None:
    held_out = f", {held} held out" if held else ""
    on_message(f"{domain}: {len(store)} pictures to train on{held_out}")
    if store.unreadable:
        on_message(
            f"{domain}: skipped {len(store.unreadable)} unreadable: {_named(store.unreadable)}"
        )
    if store.grey:
        on_message(f"{domain}: left out {store.grey} black-and-white pictures")
    if store.enlarged:
        on_message(f"{domain}: {store.enlarged} are smaller than {side} px and were enlarged")


def _known_labels(labels: LabelMaps, classes: int) -> str:
    """What the label maps of a domain know.

    Raises:
        InputError: They know no pixel.
    """
    of_class = labels.counts[:classes]
    if labels.counts.any() and not of_class.any():
        found = ", ".join(str(number) for number in labels.counts.nonzero()[0][:_NAMED])
        raise InputError(
            f"no pixel of the label maps is of a class from 0 to {classes - 1}; there are {found}",
            path=labels.folder,
            remedy="number the classes from 0 on, and say how many with --label-classes",
        )
    share = of_class.sum() / max(1, labels.counts.sum())
    missing = ", ".join(str(number) for number in (of_class == 0).nonzero()[0][:_NAMED])
    never = f", none is of class {missing}" if missing else ""
    return f"the class of {100 * share:.0f} % of the pixels is known{never}"


def _named(unreadable: Sequence[tuple[str, str]]) -> str:
    """The first few files and what is wrong with each."""
    named = "; ".join(f"{name}: {reason}" for name, reason in unreadable[:_NAMED])
    more = len(unreadable) - _NAMED
    return f"{named}; and {more} more" if more > 0 else named
