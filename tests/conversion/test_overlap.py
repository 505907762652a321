"""Reading ahead and writing behind: order, errors, interrupts, and no thread left behind."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mediatrans.conversion.overlap import ReadAhead, Waits, WriteBehind, find_bottleneck
from mediatrans.media.frames import Frame


def frames(count: int) -> Iterator[Frame]:
    for index in range(count):
        yield Frame(np.zeros((1, 1, 3), np.uint8), index, str(index))


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()} & {"decode", "encode"}


@pytest.mark.parametrize("depth", [1, 4])
def test_everything_arrives_in_order(depth: int) -> None:
    written: list[int] = []
    with (
        ReadAhead(frames(50), depth) as source,
        WriteBehind[Frame](lambda frame: written.append(frame.index), depth) as sink,
    ):
        for frame in source:
            sink.put(frame)
    assert written == list(range(50))


def test_never_more_frames_ahead_than_the_depth() -> None:
    made: list[int] = []

    def counted() -> Iterator[Frame]:
        for frame in frames(100):
            made.append(frame.index)
            yield frame

    with ReadAhead(counted(), 3) as source:
        for frame in source:
            assert len(made) <= frame.index + 1 + 3 + 1  # taken, queued, and one at the door


def test_an_error_of_the_source_is_raised_where_frames_are_taken() -> None:
    def broken() -> Iterator[Frame]:
        yield from frames(3)
        raise ValueError("broken")

    seen = []
    with pytest.raises(ValueError, match="broken"), ReadAhead(broken(), 2) as source:
        seen += [frame.index for frame in source]
    assert threads() == set()


@pytest.mark.parametrize("after", [0, 2])
def test_an_error_of_the_writer_is_raised_and_stops_it(after: int) -> None:
    def write(frame: Frame) -> None:
        if frame.index == after:
            raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        write_all(write)


def test_leaving_early_ends_the_reader() -> None:
    with ReadAhead(frames(1000), 2) as source:
        assert next(iter(source)).index == 0


def test_an_interrupt_while_the_writer_finishes_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()
    written: list[int] = []

    def write(frame: Frame) -> None:
        release.wait(10)
        written.append(frame.index)

    wait = threading.Event.wait
    interrupts = iter([True])

    def interrupted(event: threading.Event, timeout: float | None = None) -> bool:
        if timeout is None and threading.current_thread() is threading.main_thread():
            release.set()
            if next(interrupts, False):
                raise KeyboardInterrupt
        return wait(event, timeout)

    # Starting a thread waits on an Event too: interrupt only once frames are under way.
    with pytest.raises(KeyboardInterrupt):
        write_all(write, lambda: monkeypatch.setattr(threading.Event, "wait", interrupted))
    count = len(written)
    assert threads() == set()
    assert len(written) == count <= 3


def write_all(write: Callable[[Frame], None], then: Callable[[], object] = bool) -> None:
    with WriteBehind(write, 4) as sink:
        for frame in frames(3):
            sink.put(frame)
        then()


@pytest.mark.parametrize("slow", ["decode", "generate", "encode"])
def test_the_slowest_stage_is_the_one_that_never_waits(slow: str) -> None:
    def work(stage: str) -> None:
        if stage == slow:
            threading.Event().wait(0.01)  # the work, which leaves the core to the others

    def source() -> Iterator[Frame]:
        for frame in frames(20):
            work("decode")
            yield frame

    with (
        ReadAhead(source(), 2) as reader,
        WriteBehind[Frame](lambda frame: work("encode"), 2) as writer,
    ):
        for frame in reader:
            work("generate")
            writer.put(frame)
        assert find_bottleneck(Waits.of(reader, writer)) == slow
