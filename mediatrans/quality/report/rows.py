"""What became of every input: the report object and its JSON."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import indent
from typing import Any, Literal, get_args

from mediatrans.errors import ExitCode, batch_exit_code
from mediatrans.quality.cycle import CycleSummary

__all__ = ["JobReport", "Report", "failed_limits", "is_report"]

_REPORT_START = re.compile(rb'\{\s*"version": [0-9]+,\s*"model": "')

Status = Literal["ok", "skipped", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class JobReport:
    """What became of one input.

    Attributes:
        input: The input file, or the folder where the failure is the folder's.
        output: The output file; None where none was planned.
        kind: "image" or "video"; None where the input could not be told.
        status: "ok", "skipped", "failed", or "partial" where what could be read was kept.
        frames: Frames written.
        seconds: Wall time since the input before it ended; sums to the run's.
        cycle: The cycle check, or None where nothing was checked.
        error: What failed or broke off; None for "ok" and "skipped".
        reason: Why it was skipped; None for the others.
        limited_by: "decode", "generate" or "encode", whichever set the pace; of a folder's pictures
            up to this one. None where nothing was written.
        repeated_frames: Frames equal to the one before, which were not generated again.
        exit_code: What this input's failure would make the process return.
        notes: What happened on the way that the output does not show.
        is_unmeasured: Whether the round trip should have been measured and could not be.
    """

    input: Path
    output: Path | None
    kind: Literal["image", "video"] | None
    status: Status
    frames: int = 0
    seconds: float = 0.0
    cycle: CycleSummary | None = None
    error: str | None = None
    reason: str | None = None
    limited_by: str | None = None
    repeated_frames: int = 0
    exit_code: ExitCode = ExitCode.OK
    notes: tuple[str, ...] = ()
    is_unmeasured: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The row as the JSON report has it."""
        cycle = None
        if self.cycle is not None:
            cycle = {name: asdict(getattr(self.cycle, name)) for name in ("psnr_db", "ssim", "l1")}
        return {
            "input": str(self.input),
            "output": None if self.output is None else str(self.output),
            "kind": self.kind,
            "status": self.status,
            "frames": self.frames,
            "checked_frames": self.cycle.checked_frames if self.cycle else 0,
            "repeated_frames": self.repeated_frames,
            "seconds": round(self.seconds, 3),
            "limited_by": self.limited_by,
            "cycle": cycle,
            "error": self.error,
            "reason": self.reason,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a whole run.

    Attributes:
        model: The model's name.
        jobs: One row an input file, in the order they ended.
        exit_code: What the process should return.
    """

    model: str
    jobs: tuple[JobReport, ...]
    exit_code: ExitCode

    @classmethod
    def of(
        cls,
        model: str,
        jobs: list[JobReport],
        limits: Mapping[str, float],
        also: Iterable[ExitCode] = (),
    ) -> "Report":
        """Collect rows; a row below a limit makes the run's code 7 where nothing worse happened.

        Args:
            model: The model's name.
            jobs: The rows.
            limits: Lowest mean allowed a figure, by the names of `failed_limits`.
            also: Exit codes of what failed beside the rows.
        """
        codes = [*also, *(job.exit_code for job in jobs)]
        codes += [ExitCode.QUALITY for job in jobs if failed_limits(job, limits)]
        return cls(model=model, jobs=tuple(jobs), exit_code=batch_exit_code(codes))

    def count(self, status: Status) -> int:
        """Inputs that ended with a status."""
        return sum(job.status == status for job in self.jobs)

    def to_dict(self) -> dict[str, Any]:
        """The report as its JSON has it."""
        return {**self._head(), "jobs": [job.to_dict() for job in self.jobs], **self._tail()}

    def json_parts(self) -> Iterator[str]:
        """The report as indented JSON, a row at a time: a folder may have very many."""
        head, tail = _dumped(self._head()), _dumped(self._tail())
        yield head.removesuffix("\n}") + ',\n  "jobs": ['
        for position, job in enumerate(self.jobs):
            yield (",\n" if position else "\n") + indent(_dumped(job.to_dict()), "    ")
        yield ("\n  ]," if self.jobs else "],") + tail.removeprefix("{") + "\n"

    def _head(self) -> dict[str, Any]:
        return {"version": 1, "model": self.model}

    def _tail(self) -> dict[str, Any]:
        counts = {status: self.count(status) for status in get_args(Status)}
        return {"summary": {**counts, "exit_code": int(self.exit_code)}}


def is_report(path: Path) -> bool:
    """Whether a file is a JSON report of an earlier run, by its first bytes."""
    try:
        with path.open("rb") as file:
            return _REPORT_START.match(file.read(200)) is not None
    except OSError:
        return False


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def failed_limits(job: JobReport, limits: Mapping[str, float]) -> list[str]:
    """The limits an input does not meet, in words.

    Args:
        job: A row; one that was not checked meets every limit, unless checking it failed.
        limits: Lowest mean allowed of "psnr" (dB) or "ssim".
    """
    if job.cycle is None:
        return ["not measured"] if limits and job.is_unmeasured else []
    means = {"psnr": job.cycle.psnr_db.mean, "ssim": job.cycle.ssim.mean}
    return [
        f"{name} {means[name]:.2f} < {least:g}"
        for name, least in limits.items()
        if means[name] < least
    ]
