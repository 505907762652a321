"""The pictures of a run: read, split, and compared with those of a run that is resumed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mediatrans.errors import InputError, UsageError
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.folders import Folders, find_pictures, split_hold_out
from mediatrans.training.data.picture_store import PictureStore
from mediatrans.training.run.samples import Samples

__all__ = ["Dataset", "open_dataset", "refuse_other_data"]

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Dataset:
    """Both domains, ready to train.

    Attributes:
        a: Training pictures of domain a.
        b: Training pictures of domain b.
        samples: A few pictures to look at: held out, else of the test split, else trained on.
    """

    a: PictureStore
    b: PictureStore
    samples: Samples

    def listing(self) -> dict[str, list[str]]:
        """A line a training picture, by domain."""
        return {"a": self.a.listing(), "b": self.b.listing()}


def open_dataset(
    folders: Folders, config: TrainConfig, cache: Path, told: Callable[[str], None]
) -> Dataset:
    """Read every training picture.

    Args:
        folders: Where they are.
        config: Scaling, caching and hold-out.
        cache: Folder of a disk cache.
        told: Is told in sentences what was skipped, enlarged and held out.

    Raises:
        InputError: A domain has fewer than 2 readable training pictures.
    """
    a = _open_domain(folders.domains[0], folders.train_a, folders.test_a, config, cache, told)
    b = _open_domain(folders.domains[1], folders.train_b, folders.test_b, config, cache, told)
    return Dataset(a.store, b.store, Samples(*a.shown, *b.shown, config.load_size))


class _Domain(NamedTuple):
    store: PictureStore
    shown: tuple[Path, list[str]]


def _open_domain(
    domain: str,
    train: Path,
    test: Path | None,
    config: TrainConfig,
    cache: Path,
    told: Callable[[str], None],
) -> _Domain:
    names, held = split_hold_out(find_pictures(train), config.hold_out, test is not None)
    side = config.load_size_max or config.load_size
    store = PictureStore(train, names, side, config.cache, cache, config.skip_grey)
    _tell(store, domain, len(held), side, told)
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
    """Hold a resumed run's pictures against those it was started with.

    Raises:
        UsageError: They differ; the message says in what.
    """
    changes = []
    for domain in ("a", "b"):
        gone = sorted(set(before[domain]) - set(now[domain]))
        new = sorted(set(now[domain]) - set(before[domain]))
        changes += [f"- {line}" for line in gone] + [f"+ {line}" for line in new]
    if changes:
        more = f"\n  and {len(changes) - 10} more" if len(changes) > 10 else ""
        raise UsageError(
            "the training pictures differ from the run's (path and CRC):\n  "
            + "\n  ".join(changes[:10])
            + more,
            remedy="restore them, or start a new run with another --out",
        )


def _tell(
    store: PictureStore, domain: str, held: int, side: int, told: Callable[[str], None]
) -> None:
    told(f"{domain}: {len(store)} pictures to train on" + (f", {held} held out" if held else ""))
    if store.unreadable:
        named = "; ".join(f"{name}: {why}" for name, why in store.unreadable[:_NAMED])
        more = len(store.unreadable) - _NAMED
        told(
            f"{domain}: skipped {len(store.unreadable)} unreadable: {named}"
            + (f"; and {more} more" if more > 0 else "")
        )
    if store.grey:
        told(f"{domain}: left out {store.grey} black-and-white pictures")
    if store.enlarged:
        told(f"{domain}: {store.enlarged} are smaller than {side} px and were enlarged")
