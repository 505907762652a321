"""The report of a conversion: one row per input, and its JSON."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import indent
from typing import Any, Literal, get_args

from mediatrans.errors import ExitCode, batch_exit_code
from mediatrans.files.records import json_text
from mediatrans.files.walk import LeftOut
from mediatrans.quality.check_options import LIMITS
from mediatrans.quality.cycle import CycleSummary
from mediatrans.quality.figures import FileFigures
from mediatrans.quality.samples import Sample
from mediatrans.quality.verdict import Verdict, Word

__all__ = ["JobReport", "Report", "failed_limits", "is_report"]

_REPORT_START = re.compile(rb'\{\s*"version": [0-9]+,\s*"model": "')

Status = Literal["ok", "skipped", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class JobReport:
    """The result of one input.

    Attributes:
        input: The input file, or a folder that could not be read.
        output: The output file; None if none was planned.
        kind: "image" or "video"; None if unknown.
        status: "ok", "skipped", "failed", or "partial" if only a part could be read and was kept.
        frames: Frames written.
        seconds: Wall time since the previous input ended; the sum is that of the run.
        cycle: The figures of the cycle check; None if nothing was checked.
        error: Why it failed or is partial; None for "ok" and "skipped".
        reason: Why it was skipped; None otherwise.
        limited_by: The bottleneck so far: "decode", "generate" or "encode"; None if nothing was
            written.
        repeated_frames: Frames that equal the one before and were not generated again.
        exit_code: The exit code of the process if this were the only input.
        notes: Remarks that the output does not show.
        is_unmeasured: Whether measuring the round trip failed.
        figures: The figures of the written file; None if it was not measured.
        verdict: The verdict on the written file; None if it was not measured.
        samples: Pictures of some moments, if they were asked for; they are not part of the JSON.
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
    figures: FileFigures | None = None
    verdict: Verdict | None = None
    samples: tuple[Sample, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON values."""
        cycle: dict[str, Any] | None = None
        if self.cycle is not None:
            cycle = {name: asdict(getattr(self.cycle, name)) for name in ("psnr_db", "ssim", "l1")}
            cycle["size"] = None if self.cycle.size is None else list(self.cycle.size)
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
            "verdict": None if self.verdict is None else asdict(self.verdict),
            "figures": None if self.figures is None else self.figures.to_dict(),
            "moments": [] if self.figures is None else self.figures.moments_to_list(),
            "error": self.error,
            "reason": self.reason,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run.

    Attributes:
        model: The model's name.
        jobs: One row per input file, in the order in which they ended.
        exit_code: The exit code of the process.
        left_out: Files and folders in input folders that are no inputs.
    """

    model: str
    jobs: Sequence[JobReport]
    exit_code: ExitCode
    left_out: tuple[LeftOut, ...] = ()

    @classmethod
    def of(
        cls,
        model: str,
        jobs: Sequence[JobReport],
        limits: Mapping[str, float],
        also: Iterable[ExitCode] = (),
    ) -> "Report":
        """Collect rows and work out the exit code; a row below a limit counts as code 7.

        Args:
            model: The model's name.
            jobs: The rows.
            limits: The lowest allowed mean of each figure, by the names of `failed_limits`.
            also: Exit codes of errors that belong to no row.
        """
        codes = set(also)
        for job in jobs:
            codes.add(job.exit_code)
            if failed_limits(job, limits):
                codes.add(ExitCode.QUALITY)
        return cls(model=model, jobs=jobs, exit_code=batch_exit_code(codes))

    def count(self, status: Status) -> int:
        """The number of inputs with a status."""
        return self.counts()[status]

    def counts(self) -> Counter[Status]:
        """The number of inputs of each status."""
        return Counter(job.status for job in self.jobs)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {**self._head(), "jobs": [job.to_dict() for job in self.jobs], **self._tail()}

    def json_parts(self) -> Iterator[str]:
        """The report as indented JSON, one row at a time, since there may be very many."""
        head, tail = _dumped(self._head()), _dumped(self._tail())
        yield head.removesuffix("\n}") + ',\n  "jobs": ['
        for position, job in enumerate(self.jobs):
            yield (",\n" if position else "\n") + indent(_dumped(job.to_dict()), "    ")
        yield ("\n  ]," if self.jobs else "],") + tail.removeprefix("{") + "\n"

    def _head(self) -> dict[str, Any]:
        return {"version": 2, "model": self.model}

    def _tail(self) -> dict[str, Any]:
        found = self.counts()
        counts = {status: found[status] for status in get_args(Status)}
        left_out = [{"path": str(file.path), "as": file.label} for file in self.left_out]
        verdicts = Counter(job.verdict.word for job in self.jobs if job.verdict is not None)
        summary = {
            **counts,
            "verdicts": {word: verdicts[word] for word in get_args(Word)},
            "left_out": len(left_out),
            "exit_code": int(self.exit_code),
        }
        return {"left_out": left_out, "summary": summary}


def is_report(path: Path) -> bool:
    """Whether the first bytes of a file are those of a JSON report."""
    try:
        with path.open("rb") as file:
            return _REPORT_START.match(file.read(200)) is not None
    except OSError:
        return False


def _dumped(value: dict[str, Any]) -> str:
    return json_text(value, indent=2)


def failed_limits(job: JobReport, limits: Mapping[str, float]) -> list[str]:
    """Descriptions of the limits that an input does not meet.

    Args:
        job: A row. Without figures it meets every limit, unless measuring it failed.
        limits: The lowest allowed means by the names of `LIMITS`.
    """
    means: dict[str, float | None] = {
        name: None if job.figures is None else job.figures.mean(LIMITS[name].figure)
        for name in limits
    }
    if job.cycle is not None:
        means |= {"psnr": job.cycle.psnr_db.mean, "ssim": job.cycle.ssim.mean}
    if job.is_unmeasured and any(means[name] is None for name in limits):
        return ["not measured"]
    found = ((name, means[name], least) for name, least in limits.items())
    return [
        f"{name} {mean:.2f} < {least:g}"
        for name, mean, least in found
        if mean is not None and mean < least
    ]
