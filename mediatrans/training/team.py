"""Several processes that train one pair together, as torchrun starts them."""

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from mediatrans.errors import (
    DeviceError,
    ExitCode,
    Interrupted,
    MediatransError,
    StoppedTogetherError,
    UsageError,
)
from mediatrans.training.device import choose_device

__all__ = ["ALONE", "Team", "fingerprint", "joined"]

_T = TypeVar("_T")

_log = logging.getLogger(__name__)

_TIMEOUT = timedelta(minutes=30)
"""For a process that hangs; one that ends is noticed at once. It has to be longer than whatever
rank zero does alone: reading pictures, sample grids, evaluations, checkpoints."""

_SHUTDOWN_TIMEOUT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Team:
    """The processes of a run as one of them sees them; a single process is a team of one.

    All of them make the same calls in the same order. Each computes its share of a batch, and each
    holds the whole state: the same weights, averages, moments and replay pools.

    Attributes:
        rank: This process's number; rank zero alone writes files and messages.
        count: How many there are.
        local_rank: This process's number on its machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def is_rank_zero(self) -> bool:
        """Whether this process is the one that writes files and messages."""
        return self.rank == 0

    def share(self, batch_size: int) -> range:
        """Which pictures of a batch this process computes.

        Raises:
            UsageError: The batch cannot be shared out evenly.
        """
        if batch_size % self.count:
            raise UsageError(
                f"a batch of {batch_size} cannot be shared evenly by {self.count} processes",
                remedy=f"take --batch-size {self.count}, or a multiple of it",
            )
        size = batch_size // self.count
        return range(self.rank * size, (self.rank + 1) * size)

    def device(self, name: str) -> torch.device:
        """The device of this process for a `--device` word: on CUDA, each takes one of its own.

        Raises:
            DeviceError: It is not there.
            UsageError: There is no such word, or it names one GPU for several processes.
        """
        if self.count > 1 and ":" in name:
            raise UsageError(
                f"{name} is one GPU for {self.count} processes",
                remedy="take --device cuda, and CUDA_VISIBLE_DEVICES to choose some",
            )
        device = choose_device(name, self.local_rank)
        if self.count > 1 and device.type == "cuda":
            torch.cuda.set_device(device)
        return device

    def gather(self, share: Tensor) -> Tensor:
        """The shares [N, ...] of all processes, in order: the whole batch."""
        if self.count == 1:
            return share
        share = share.contiguous()
        shares = [torch.empty_like(share) for _ in range(self.count)]
        with self._connected():
            dist.all_gather(shares, share)
        return torch.cat(shares)

    def own(self, batch: Tensor) -> Tensor:
        """This process's share of a whole batch."""
        return batch.chunk(self.count)[self.rank]

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes, the same bits in each."""
        if self.count == 1:
            return values
        total = values.clone()
        with self._connected():
            dist.all_reduce(total)
        return total / self.count

    def average_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Put the mean over all processes in place of each weight's gradient."""
        if self.count == 1:
            return
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        means = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))
        pieces = torch.split(means, [gradient.numel() for gradient in gradients])
        for gradient, piece in zip(gradients, pieces, strict=True):
            gradient.copy_(piece.view(gradient.shape))

    def any_signal(self, number: int | None) -> int | None:
        """The number of a signal that came to one of the processes, or None."""
        if self.count == 1:
            return number
        highest = torch.tensor(number or 0)
        with self._connected():
            dist.all_reduce(highest, dist.ReduceOp.MAX)
        return int(highest) or None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run the block in all processes; where it fails in one of them, all of them stop.

        Raises:
            StoppedTogetherError: It failed in another process, or in one of a lower rank with the
                same error.
            Exception: The error of this process.
        """
        if self.count == 1:
            yield
            return
        failure: Exception | None = None
        try:
            yield
        except Exception as error:
            failure = error
        outcomes = self._gather_objects(None if failure is None else (_code(failure), str(failure)))
        failures = [outcome for outcome in outcomes if outcome is not None]
        if failure is not None and (_code(failure), str(failure)) not in outcomes[: self.rank]:
            raise failure
        if failures:
            raise StoppedTogetherError(failures[0][0]) from failure

    def error_for_rank(self, error: BaseException) -> BaseException:
        """What this process raises where all processes fail alike.

        Args:
            error: The reason; rank zero raises it, the others a StoppedTogetherError.
        """
        if self.is_rank_zero:
            return error
        return StoppedTogetherError(_code(error))

    def refuse_differences(self, facts: Mapping[str, str]) -> None:
        """Compare what has to be the same in all processes.

        Args:
            facts: Values by their names.

        Raises:
            UsageError: One differs.
        """
        if self.count == 1:
            return
        gathered = self._gather_objects(dict(facts))
        differing = [name for name in facts if len({other[name] for other in gathered}) > 1]
        if differing:
            raise self.error_for_rank(
                UsageError(
                    f"the processes differ in their {', '.join(differing)}",
                    remedy="give all the same flags, pictures, checkpoint and version",
                )
            )

    def _gather_objects(self, mine: _T) -> list[_T]:
        all_of_them = [mine] * self.count
        with self._connected():
            dist.all_gather_object(all_of_them, mine)
        return all_of_them

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            _log.debug("a process is lost", exc_info=True)
            raise self.error_for_rank(
                DeviceError(
                    "another process of this run ended or stopped responding",
                    remedy="see its messages or its launcher's, then resume with --resume",
                )
            ) from error


ALONE = Team()
"""The team of a single process."""


@contextmanager
def joined() -> Iterator[Team]:
    """The team that torchrun's environment variables describe, connected; without them `ALONE`.

    CUDA tensors travel by NCCL, all others by Gloo.

    Raises:
        UsageError: The environment variables are incomplete.
        DeviceError: The processes did not find each other.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    wanted = ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
    absent = [name for name in wanted if name not in os.environ]
    if absent:
        raise UsageError(
            f"WORLD_SIZE is {count}, but {', '.join(absent)} is not set",
            remedy="start with torchrun, or unset WORLD_SIZE to train alone",
        )
    team = Team(int(os.environ["RANK"]), count, int(os.environ["LOCAL_RANK"]))
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    try:
        dist.init_process_group(backend, timeout=_TIMEOUT)
    except (RuntimeError, ValueError) as error:
        raise DeviceError(
            f"the {count} processes of the run did not find each other ({error})",
            remedy="check the rendezvous options of torchrun",
        ) from error
    try:
        yield team
    except (Interrupted, MediatransError):
        # A launcher ends all processes once one has ended: rank zero has to save and report first.
        with suppress(RuntimeError):
            dist.monitored_barrier(timeout=_SHUTDOWN_TIMEOUT)
        raise
    finally:
        dist.destroy_process_group()


def fingerprint(networks: Iterable[nn.Module]) -> str:
    """A hash of all weights."""
    digest = hashlib.sha256()
    for network in networks:
        for weight in network.parameters():
            digest.update(weight.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _code(error: BaseException) -> ExitCode:
    if isinstance(error, MediatransError | Interrupted):
        return ExitCode(error.exit_code)
    return ExitCode.INTERNAL
