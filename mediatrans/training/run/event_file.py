"""TensorBoard's event file of a run.

torch's SummaryWriter writes on a thread of its own, which prints a traceback on a full disk. Here
the same records are written by the caller, who gets the error.
"""

import os
import socket
import time
from pathlib import Path

from mediatrans.hidden_module import hidden_module
from mediatrans.media.frames import Pixels

# TensorBoard loads botocore where it is installed, and with it urllib3, which opens a socket to see
# whether there is IPv6.
with hidden_module("botocore"):
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter
    from torch.utils.tensorboard.summary import image, scalar

__all__ = ["EventFile"]


class EventFile:
    """A new event file in a folder of them.

    Args:
        folder: The folder; it is made where it is missing.
        start: Steps made already; TensorBoard drops what earlier files have beyond them.

    Raises:
        OSError: It cannot be written; so do all methods.
    """

    def __init__(self, folder: Path, start: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time():017.6f}.{socket.gethostname()}.{os.getpid()}"
        self._file = (folder / name).open("wb")
        self._records = RecordWriter(self._file)
        self._write(Event(file_version="brain.Event:2"))
        log = SessionLog(status=SessionLog.START)
        self._write(Event(step=start + 1, session_log=log))

    def scalar(self, name: str, value: float, step: int) -> None:
        """Write a number."""
        self._write(Event(step=step, summary=scalar(name, value)))  # type: ignore[no-untyped-call]

    def image(self, name: str, pixels: Pixels, step: int) -> None:
        """Write a picture, uint8 [H, W, 3] RGB."""
        summary: Summary = image(name, pixels, dataformats="HWC")  # type: ignore[no-untyped-call]
        self._write(Event(step=step, summary=summary))

    def flush(self) -> None:
        """Bring everything written so far to the file."""
        self._file.flush()

    def close(self) -> None:
        """Bring the rest to the file and close it."""
        self._file.close()

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())
