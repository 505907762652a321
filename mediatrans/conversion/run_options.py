"""The options of how a conversion is run: by how many workers, and which part of it."""

import os
from dataclasses import dataclass
from typing import Literal

from mediatrans.files.memory import memory_limit
from mediatrans.settings import Setting, setting
from mediatrans.translate.number_words import check_value, read_number

__all__ = [
    "RunOptions",
    "Shard",
    "Workers",
    "cores",
    "read_executor",
    "read_shard",
    "read_workers",
]

Workers = int | Literal["auto"]
"""The number of workers; "auto" for as many as the machine has room for."""

_GROUP = "Workers"
_MOST = 10_000
_WORKER_BYTES = 1 << 30


def read_workers(word: str | int) -> Workers:
    """Parse a `--workers` value, or its default.

    Raises:
        ValueError: The value is not valid.
    """
    if word == "auto":
        return "auto"
    number = read_number(str(word), 1, _MOST)
    if number is None:
        raise ValueError(f"{word!r} is not auto or a number of workers from 1 up")
    return number


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a plan.

    Attributes:
        number: Which one, from 1.
        count: The number of parts.
    """

    number: int
    count: int

    @property
    def name(self) -> str:
        """A name that a file can have."""
        return f"{self.number}-of-{self.count}"

    def __str__(self) -> str:
        """The value of `--shard`."""
        return f"{self.number}/{self.count}"


def read_shard(word: str) -> Shard:
    """Parse a `--shard` value.

    Raises:
        ValueError: The value is not valid.
    """
    first, _, second = word.partition("/")
    count = read_number(second, 1)
    number = read_number(first, 1, count)
    if number is None or count is None:
        raise ValueError(f"{word!r} is not a part like 1/4, from 1/4 to 4/4")
    return Shard(number, count)


def cores() -> int:
    """The number of cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def read_executor(word: str) -> str:
    """Parse an `--executor` value.

    Raises:
        ValueError: The value is not valid.
    """
    kind, colon, address = word.partition(":")
    if kind not in ("local", "ray") or (colon and (kind == "local" or not address)):
        raise ValueError(f"{word!r} is not local, ray or ray:ADDRESS")
    return word


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of how a conversion is run.

    Attributes:
        workers: The number of processes that translate. "auto" takes one for each GPU, or one for
            each core (or `threads` cores) as far as the memory goes.
        shard: The part of the plan to convert; None is all of it.
        executor: "local" for this machine, "ray" for a Ray cluster that is started on this machine,
            or "ray:ADDRESS" for one that runs already.
    """

    workers: Workers = setting(
        1,
        Setting(
            "Translate in N processes, each with its share of the cores, or with a GPU of its own. "
            "Long videos are divided, too. auto takes one for each GPU, or else for each core. "
            "--threads is then the number of threads of each.",
            _GROUP,
            metavar="N|auto",
            parse=read_workers,
            changes="nothing",
        ),
    )

    shard: Shard | None = setting(
        None,
        Setting(
            "Convert the I-th of N parts of the inputs, from 1/N to N/N, for a batch scheduler "
            "that runs the parts anywhere. They may write to one folder at the same time.",
            _GROUP,
            metavar="I/N",
            parse=read_shard,
            changes="nothing",
        ),
    )

    executor: str = setting(
        "local",
        Setting(
            "Where the workers run: on this machine, or in a Ray cluster (extra ray). ray starts a "
            "cluster of this machine alone; ray:auto is the one that it belongs to.",
            _GROUP,
            metavar="local|ray[:ADDRESS]",
            parse=read_executor,
            changes="nothing",
        ),
    )

    @property
    def ray_address(self) -> str | None:
        """The address of the Ray cluster; None where none is named."""
        return self.executor.partition(":")[2] or None

    def check_run(self) -> None:
        """Check the values.

        Raises:
            UsageError: One is not valid.
        """
        check_value(self.workers, read_workers, "the number of workers", "--workers auto or 4")
        check_value(self.executor, read_executor, "the executor", "--executor local or ray")
        if self.shard is not None:
            check_value(self.shard, read_shard, "the shard", "--shard 1/4")

    def number_of_workers(self, gpus: int, threads: int | None) -> int:
        """The number of workers on this machine.

        Args:
            gpus: The number of GPUs that are used; 0 without any.
            threads: Threads of each worker; None if that is not given.
        """
        if self.workers != "auto":
            return self.workers
        if gpus:
            return gpus
        room = (memory_limit() or _WORKER_BYTES) // _WORKER_BYTES
        return max(1, min(cores() // (threads or 1), room))
