"""The capture of sources: which frames it keeps, without loss and without end."""

import numpy as np
import pytest

from mediatrans.quality import capture
from mediatrans.quality.capture import MOST_WINDOWS, Capture, Raw
from mediatrans.quality.cycle import CycleFigures
from mediatrans.quality.judging import Judge

RNG = np.random.default_rng(3)
FRAMES = RNG.integers(0, 256, (9, 30, 40, 3), dtype=np.uint8)
RAW = CycleFigures(30.0, 0.9, 2.0)


def test_it_keeps_every_nth_frame_and_the_next_without_loss() -> None:
    captured = Capture(4, None)
    for index, frame in enumerate(FRAMES):
        captured.observe(index, index / 25, frame, Raw.of_frame(RAW, 255 - frame))
    assert captured.indices == {0, 1, 4, 5, 8}
    windows = list(captured.windows())
    assert [(w.index, w.time_s) for w in windows] == [(0, 0), (4, 0.16), (8, 0.32)]
    for window in windows:
        assert (window.source == FRAMES[window.index]).all()
        assert window.raw is not None
        assert (window.raw.trace == window.raw.of(255 - FRAMES[window.index])).all()
    assert windows[0].following is not None
    assert (windows[0].following == FRAMES[1]).all()
    assert windows[2].following is None


def test_a_long_video_has_fewer_moments_evenly_spread() -> None:
    captured = Capture(1, None)
    for index in range(1000):
        captured.observe(index, index / 25, FRAMES[0, :4, :4])
    kept = [window.index for window in captured.windows()]
    assert MOST_WINDOWS / 2 <= len(kept) <= MOST_WINDOWS
    assert len(set(np.diff(kept))) == 1
    assert kept[0] == 0


@pytest.mark.parametrize("first", [0, 150])
def test_what_is_remembered_gives_the_moments_of_an_uninterrupted_run(first: int) -> None:
    """The second part begins anew, in another process as well as in a run that is resumed."""
    frames = RNG.integers(0, 256, (300, 10, 12, 3), dtype=np.uint8)
    raws = [Raw.of_frame(RAW, 255 - frame) for frame in frames]
    whole, early, late = Capture(1, None), Capture(1, None), Capture(1, None, first)
    for index, frame in enumerate(frames):
        whole.observe(index, index / 25, frame, raws[index])
    for index in range(150):
        early.observe(index, index / 25, frames[index], raws[index])
    for index in range(150, 300):
        if late.is_due(index):
            late.remember(index, raws[index])
    joined = Capture(1, None)
    for index, raw in (early.raws(0, 150) | late.raws(150, 300)).items():
        joined.remember(index, raw)
    assert joined.indices == set()
    for index, frame in enumerate(frames):
        joined.observe(index, index / 25, frame)
    assert joined.indices == whole.indices
    for made, expected in zip(joined.windows(), whole.windows(), strict=True):
        assert (made.index, made.raw) == (expected.index, expected.raw)


def test_a_translation_of_another_size_is_not_compared() -> None:
    captured = Capture(1, None)
    captured.remember(0, Raw.of_frame(RAW, FRAMES[0, :15]))
    captured.observe(0, None, FRAMES[0])
    assert [window.raw for window in captured.windows()] == [None]


def test_large_frames_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "MOST_BYTES", 5 * FRAMES[0].nbytes)
    captured = Capture(1, None)
    for index in range(100):
        captured.observe(index, None, FRAMES[index % 9])
    assert 1 <= len(list(captured.windows())) <= 3


def test_frames_are_reduced_to_the_working_size() -> None:
    captured = Capture(1, 15)
    captured.observe(0, None, FRAMES[0])
    (window,) = captured.windows()
    assert window.source.shape == (15, 20, 3)


def test_a_file_that_ends_early_is_measured_up_to_its_end() -> None:
    captured = Capture(2, None)
    for index, frame in enumerate(FRAMES):
        captured.observe(index, index / 25, frame)
    found = Judge().measure(captured.windows(), iter(list(enumerate(FRAMES))[:4]))
    assert found is not None
    assert [moment.index for moment in found.moments] == [0, 2]
    assert Judge().measure(captured.windows(), iter([])) is None


def test_every_frame_of_a_video_can_be_a_moment() -> None:
    captured = Capture(1, None)
    for index, frame in enumerate(FRAMES):
        captured.observe(index, index / 25, frame)
    found = Judge().measure(captured.windows(), iter(enumerate(FRAMES)))
    assert found is not None
    assert [moment.index for moment in found.moments] == list(range(9))
    assert ["flicker" in moment.values for moment in found.moments] == [True] * 8 + [False]


def test_a_result_of_another_size_is_fitted() -> None:
    captured = Capture(1, None)
    captured.observe(0, None, FRAMES[0])
    found = Judge().measure(captured.windows(), iter([(0, FRAMES[0].repeat(2, 0).repeat(2, 1))]))
    assert found is not None
    assert found.mean("change") == 0
