"""Joints of MPEG-TS recordings, told from lost packets by their continuity counters."""

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mediatrans.media.wholeness.doubts import ts_layout

__all__ = ["clean_joints"]

_START_BYTES: Final = 4096
_NULL: Final = 0x1FFF
_TABLE: Final = 0
_COUNTS: Final = 16
_OTHER_TABLES: Final = 3  # packets that may come before the first table of programs
_CHUNK: Final = 1 << 18  # packets


def clean_joints(path: Path) -> int:
    """The number of places where recordings were joined; 0 if packets are lost elsewhere.

    Multiplexers begin a recording with its tables and count the packets of every stream from 0 on
    (ISO 13818-1, 2.4.3.3). Where packets are lost, counters go on with other numbers.

    Args:
        path: An MPEG-TS file.

    Raises:
        OSError: The file cannot be read.
    """
    begins: list[int] = []  # where the first table of a recording may be
    last: dict[int, tuple[int, int]] = {}  # position and counter by stream
    breaks: list[tuple[int, int, int]] = []
    for position, streams, counters in _packets(path):
        for stream in np.unique(streams).tolist():
            here = np.flatnonzero(streams == stream)
            places, counts = here + position, counters[here]
            if stream == _TABLE:
                begins += places[counts == 0].tolist()
            before = last.get(stream, (int(places[0]), int(counts[0]) - 1))
            previous = np.concatenate([[before[1]], counts[:-1]])
            # A packet may be sent twice.
            for index in np.flatnonzero((counts - previous) % _COUNTS > 1).tolist():
                if counts[index]:
                    return 0
                since = int(places[index - 1]) if index else before[0]
                breaks.append((stream, since, int(places[index])))
            last[stream] = int(places[-1]), int(counts[-1])
    return _explained(breaks, begins)


def _explained(breaks: list[tuple[int, int, int]], begins: list[int]) -> int:
    """The number of joints if they explain all breaks of counters, else 0."""
    streams: dict[int, set[int]] = {}
    for stream, since, place in breaks:
        at = bisect_right(begins, place + _OTHER_TABLES) - 1
        if at < 0 or begins[at] <= since:
            return 0
        streams.setdefault(begins[at], set()).add(stream)
    # A single counter may be 0 by chance.
    return len(streams) if all(len(broken) > 1 for broken in streams.values()) else 0


def _packets(path: Path) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """Chunks of packets with a payload: the number of packets before, streams and counters."""
    with path.open("rb") as file:
        layout = ts_layout(file.read(_START_BYTES))
    if layout is None:
        return
    length, at = layout
    data = np.memmap(path, np.uint8, "r")
    count = (len(data) - at) // length
    packets = data[at : at + count * length].reshape(count, length)
    for begin in range(0, count, _CHUNK):
        head = np.asarray(packets[begin : begin + _CHUNK, 1:4]).astype(np.int64)
        streams = (head[:, 0] & 0x1F) << 8 | head[:, 1]
        # Counters of packets without a payload do not count.
        streams[(head[:, 2] & 0x10 == 0) | (streams == _NULL)] = _NULL
        counters = head[:, 2] & 0x0F
        counters[streams == _NULL] = 0
        yield begin, streams, counters
