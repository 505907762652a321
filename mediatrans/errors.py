"""Exit codes and the tree of expected failures.

MediatransError            every expected failure: a code and a message with a remedy
├── UsageError         2   flags that contradict each other, a resume whose config differs
│   └── MissingExtraError  the command needs packages of an extra that is not installed
├── InputError         3   an input cannot be read or translated
├── ModelError         4   no such model, ambiguous domain, checksum mismatch, wrong graph
├── DeviceError        5   the device that was asked for is not there
├── OutputError        6   an output cannot be written
├── QualityError       7   a `--fail-under` limit was not met
├── DivergedError      8   training produced NaN or infinity
└── StoppedTogetherError   one of several training processes stopped; another one reports the reason
Interrupted      130/143   SIGINT or SIGTERM; a KeyboardInterrupt, so `except Exception` passes it

Any other exception is a bug: the CLI shows its traceback and exits with 1.
"""

import signal
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path

__all__ = [
    "DeviceError",
    "DivergedError",
    "ExitCode",
    "InputError",
    "Interrupted",
    "MediatransError",
    "MissingExtraError",
    "ModelError",
    "OutputError",
    "QualityError",
    "StoppedTogetherError",
    "UsageError",
    "batch_exit_code",
]


class ExitCode(IntEnum):
    """The exit code of the process."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    INPUT = 3
    MODEL = 4
    DEVICE = 5
    OUTPUT = 6
    QUALITY = 7
    DIVERGED = 8
    SIGINT = 130
    SIGTERM = 143


class MediatransError(Exception):
    """An expected failure: what failed, on which file, and what to do about it.

    Args:
        problem: What went wrong, a clause without a final full stop.
        path: The file or folder it went wrong on.
        remedy: What the user can do, a clause without a final full stop.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(
        self, problem: str, *, path: Path | str | None = None, remedy: str | None = None
    ) -> None:
        self.problem = problem
        self.path = path
        self.remedy = remedy
        where = f"{path}: " if path is not None else ""
        then = f"; {remedy}" if remedy else ""
        super().__init__(f"{where}{problem}{then}")


class UsageError(MediatransError):
    """Flags that contradict each other or the state on disk."""

    exit_code = ExitCode.USAGE


class MissingExtraError(UsageError):
    """A command that needs packages of an optional extra which is not installed.

    Args:
        extra: The extra's name, as in `mediatrans[extra]`.
        module: The module that could not be imported.
    """

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(
            f"this command needs {module}, which is not installed",
            remedy=f'pip install "mediatrans[{extra}]"',
        )


class InputError(MediatransError):
    """An input that cannot be read or translated."""

    exit_code = ExitCode.INPUT


class ModelError(MediatransError):
    """A model that is missing, ambiguous, changed, or breaks the graph contract."""

    exit_code = ExitCode.MODEL


class DeviceError(MediatransError):
    """A requested device that is missing or does not start."""

    exit_code = ExitCode.DEVICE


class OutputError(MediatransError):
    """An output that cannot be written."""

    exit_code = ExitCode.OUTPUT


class QualityError(MediatransError):
    """A result below a limit that the user set."""

    exit_code = ExitCode.QUALITY


class DivergedError(MediatransError):
    """Training that produced NaN or infinity."""

    exit_code = ExitCode.DIVERGED


class StoppedTogetherError(MediatransError):
    """Training in several processes that stopped because of an error in another process.

    Args:
        exit_code: The exit code of that error.
    """

    def __init__(self, exit_code: ExitCode) -> None:
        self.exit_code = exit_code
        super().__init__(
            "the run was stopped by an error in another process", remedy="see that one's message"
        )


class Interrupted(KeyboardInterrupt):
    """SIGINT or SIGTERM, with a hint on how to resume.

    Args:
        signum: The signal's number.
        hint: How to resume, a sentence.
    """

    def __init__(self, signum: int = signal.SIGINT, hint: str = "") -> None:
        self.exit_code = ExitCode.SIGTERM if signum == signal.SIGTERM else ExitCode.SIGINT
        self.hint = hint
        super().__init__(hint)


_BATCH_PRECEDENCE = (
    ExitCode.SIGINT,
    ExitCode.SIGTERM,
    ExitCode.INTERNAL,
    ExitCode.OUTPUT,
    ExitCode.INPUT,
    ExitCode.QUALITY,
)


def batch_exit_code(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code of a batch: the most important one of its parts.

    The order is interruption, bug, device, model, output, input, quality.

    Args:
        codes: The exit codes of the parts.
    """
    seen = set(codes) - {ExitCode.OK}
    for code in (*_BATCH_PRECEDENCE[:3], ExitCode.DEVICE, ExitCode.MODEL, *_BATCH_PRECEDENCE[3:]):
        if code in seen:
            return code
    return max(seen, default=ExitCode.OK)
