"""The line of a file: the verdict, what was written, and the figures."""

from mediatrans.quality.figures import FIGURES, FileFigures
from mediatrans.quality.report.rows import JobReport

__all__ = ["describe_row"]

_SHOWN = ("psnr_db", "hidden_db", "change", "domain", "structure", "flicker")
"""The figures of a line; the report has them all."""


def describe_row(row: JobReport) -> str:
    """The result of one input in a line."""
    if row.status == "skipped":
        return f"{row.input}: {row.reason}"
    words = [f"{row.input} -> {row.output}"]
    if row.verdict is not None:
        words.insert(0, f"{row.verdict.word}: {row.verdict.reason}")
    if row.kind == "video" and row.frames:
        repeated = f" ({row.repeated_frames} repeated)" if row.repeated_frames else ""
        words.append(f"{_counted(row.frames, 'frame')}{repeated} in {row.seconds:.1f} s")
    if row.cycle is not None:
        over = _counted(row.cycle.checked_frames, "frame")
        checked = f" over {over}" if row.kind == "video" else ""
        if row.cycle.size is not None:
            checked += " at {}x{}".format(*row.cycle.size)
        words.append(
            f"cycle {row.cycle.psnr_db.mean:.2f} dB, SSIM {row.cycle.ssim.mean:.3f}, "
            f"L1 {row.cycle.l1.mean:.1f}{checked}"
        )
    if row.figures is not None:
        words += _figures(row.figures)
    return ", ".join([*words, *row.notes])


def _figures(figures: FileFigures) -> list[str]:
    words = []
    for name in _SHOWN:
        mean = figures.mean(name)
        if mean is not None:
            mark = " (unlike the training data)" if name in figures.unlike else ""
            words.append(f"{FIGURES[name].label} {FIGURES[name].shown(mean)}{mark}")
    return words


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
