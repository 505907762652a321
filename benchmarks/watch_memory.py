"""Benchmark of the memory of `mediatrans watch` while very many files arrive.

    python benchmarks/watch_memory.py                        # 10,000 pictures
    python benchmarks/watch_memory.py --files 3000 --per 100

Small pictures arrive, some hundreds at a time, and are converted by one watching process with an
identity model. Its resident memory (`VmRSS`) and its peak so far (`VmHWM`) are read after each
thousand outputs. A watch must not know every file that it has seen: the last line compares the
memory after the first thousand with that after the last.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from convert_memory import write_identity  # type: ignore[import-not-found]
from PIL import Image

_EVERY = 1000
_WAIT_S = 0.1
_STALLED_S = 120.0


def picture(index: int) -> bytes:
    """A PNG of 16x12 pixels of one colour."""
    file = io.BytesIO()
    colour = (index % 256, index // 256 % 256, 128)
    Image.new("RGB", (16, 12), colour).save(file, "png")
    return file.getvalue()


def arrive(folder: Path, first: int, count: int) -> None:
    """Write pictures under another name first, as downloads do."""
    for index in range(first, first + count):
        part = folder / f".{index:06}.png.part"
        part.write_bytes(picture(index))
        part.rename(folder / f"{index:06}.png")


def memory_mib(pid: int) -> tuple[float, float]:
    """The resident memory of a process and its peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


def outputs(folder: Path) -> int:
    """How many pictures are finished."""
    if not folder.is_dir():
        return 0
    return sum(not entry.name.startswith(".") for entry in os.scandir(folder))


def watch(place: Path, files: int, per: int) -> list[tuple[int, float, float]]:
    """Let files arrive; the number of outputs, and the memory then, after each thousand."""
    into, out = place / "in", place / "out"
    into.mkdir()
    command = [sys.executable, "-m", "mediatrans", "watch", str(into), str(out), "--to", "there"]
    command += ["--model", str(write_identity(place / "identity.onnx")), "--settle", "0.2"]
    command += ["--quiet", "--check-every", "0", "--device", "cpu"]
    found: list[tuple[int, float, float]] = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        sent, seen, moved_s = 0, 0, time.monotonic()
        while seen < files:
            if sent - seen < per and sent < files:
                arrive(into, sent, min(per, files - sent))
                sent += min(per, files - sent)
            time.sleep(_WAIT_S)
            if process.poll() is not None:
                sys.exit(f"watch ended with {process.returncode}")
            now = outputs(out)
            if now > seen:
                moved_s = time.monotonic()
            elif time.monotonic() - moved_s > _STALLED_S:
                sys.exit(f"no output for {_STALLED_S:.0f} s after {seen}")
            if now // _EVERY > seen // _EVERY:
                found.append((now, *memory_mib(process.pid)))
                print("{:6} outputs: {:.1f} MiB, peak {:.1f} MiB".format(*found[-1]), flush=True)
            seen = now
        process.terminate()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--per", type=int, default=500, help="files that arrive at a time")
    args = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        (first, now, peak), *_, (last, then, later) = watch(Path(place), args.files, args.per)
    print(f"{time.monotonic() - began:.0f} s; after {last} over after {first} outputs: ", end="")
    print(f"{then / now:.3f}, peaks {later / peak:.3f}")


if __name__ == "__main__":
    main()
