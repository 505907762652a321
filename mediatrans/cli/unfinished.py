"""The videos that are being converted, and what is kept of those that stay unfinished."""

from pathlib import Path

from mediatrans.conversion.job import Job
from mediatrans.media.pipe_formats import STDIO
from mediatrans.media.write.segments.work_folder import frames_kept

__all__ = ["Unfinished"]


class Unfinished:
    """Takes the events of videos, and says of each unfinished one where it will go on."""

    def __init__(self) -> None:
        self._totals: dict[Path, int | None] = {}
        self._kept: dict[Path, str] = {}

    def begun(self, job: Job, total: int | None) -> None:
        """Take note of a video that is open; called again with its length, once that is known.

        Args:
            job: Its job; those of pictures are passed over.
            total: The number of its frames; None if unknown.
        """
        if job.kind == "video" and job.input != STDIO:  # a pipe cannot be read again
            self._totals[job.input] = total

    def kept(self, job: Job, folder: Path) -> None:
        """Take note of what is kept of an unfinished video.

        Args:
            job: Its job.
            folder: Its work folder.
        """
        frames, total = frames_kept(folder), self._totals.get(job.input)
        self._totals.setdefault(job.input, None)
        if frames == 0:
            self._kept[job.input] = f"finished work of {job.input} is kept in {folder}"
        elif frames == total:
            self._kept[job.input] = (
                f"all {frames} frames of {job.input} are kept in {folder}, and will be joined"
            )
        else:
            # What a container says of its frames is approximate.
            of_all = "" if total is None else f" of about {total}"
            self._kept[job.input] = (
                f"{frames}{of_all} frames of {job.input} are kept in {folder}, and it will go on "
                f"at frame {frames + 1}"
            )

    def ended(self, path: Path) -> str:
        """What is kept of an input that has ended, a clause; "" for nothing.

        Args:
            path: The input.
        """
        self._totals.pop(path, None)
        return self._kept.pop(path, "")

    def sentences(self) -> str:
        """What is kept of each unfinished video; "" if there is none."""
        clauses = [
            self._kept.get(path, f"no frames of {path} are kept, and it will begin again")
            for path in self._totals
        ]
        return " ".join(f"{clause[:1].upper()}{clause[1:]}." for clause in clauses)
