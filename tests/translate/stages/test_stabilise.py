"""Steadied translations: less flicker, no ghosts, and frames that are left as they are."""

from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
import pytest

from mediatrans.quality.flicker import measure_flicker
from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.recolour import Floats
from mediatrans.translate.stages.stabilise import Stabilise
from tests.translate.test_motion import H, W, scene


def inverted(frames: Sequence[Pixels], /) -> list[Pixels]:
    return [255 - frame for frame in frames]


class Shimmering:
    """Inverts, and paints other blotches on every frame."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(5)

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        return [self._painted(frame) for frame in frames]

    def _painted(self, frame: Pixels) -> Pixels:
        rough = self._rng.normal(size=frame.shape).astype(np.float32)
        paint = 25 * cv2.GaussianBlur(rough, (0, 0), 1.2)
        return np.asarray(np.clip(255.0 - frame + paint, 0, 255), np.uint8)


def steadied(
    frames: Iterable[Pixels], inner: Callable[[Sequence[Pixels]], list[Pixels]] = inverted
) -> list[Pixels]:
    stage = Stabilise(inner, 1.0)
    return [stage([frame])[0] for frame in frames]


def shifted(offsets: Iterable[tuple[int, int]]) -> list[Pixels]:
    """A window that walks over a scene with a little grain."""
    large, rng = scene(height=H + 40, width=W + 160), np.random.default_rng(6)
    windows = (large[20 + y : 20 + y + H, 20 + x : 20 + x + W] for x, y in offsets)
    return [
        np.clip(window + rng.integers(-2, 3, window.shape), 0, 255).astype(np.uint8)
        for window in windows
    ]


SHAKE = [(int(x), int(y)) for x, y in np.random.default_rng(7).integers(-6, 7, (14, 2))]
MOVES = {
    "at rest": [(0, 0)] * 14,
    "5 frames a second": [(9 * i, 0) for i in range(14)],
    "60 frames a second": [(i // 2, 0) for i in range(14)],
    "variable rate": [(x, 0) for x in (0, 1, 8, 9, 10, 20, 21, 22, 30, 31, 40, 48, 49, 50)],
    "hand-held": SHAKE,
}


def difference(a: Pixels, b: Pixels) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES.keys())
def test_shimmer_is_averaged_away_along_any_motion(moves: list[tuple[int, int]]) -> None:
    frames = shifted(moves)
    off = Shimmering()(frames)
    on = steadied(frames, Shimmering())
    late = slice(4, None)
    flicker = [measure_flicker(zip(frames[late], x[late], strict=True)).output for x in (off, on)]
    assert flicker[1] < 0.6 * flicker[0]
    energies = [np.square(np.diff(np.float32(x[-1]), axis=1)).mean() for x in (off, on)]
    assert energies[1] > 0.85 * energies[0]
    # Nearer to what would be without blotches, and not blurred away from it.
    assert difference(on[-1], 255 - frames[-1]) < 0.8 * difference(off[-1], 255 - frames[-1])


def test_nothing_crosses_a_cut() -> None:
    frames = shifted([(i, 0) for i in range(5)])
    after = [np.ascontiguousarray(frame[::-1]) for frame in frames]
    made = steadied(frames + after)
    np.testing.assert_array_equal(made[5], 255 - after[0])
    for frame, picture in zip(after, made[5:], strict=True):
        assert difference(picture[8:-8, 8:-16], (255 - frame)[8:-8, 8:-16]) < 2


# Colour and width of a bar, and the roughness of the texture behind it; None is a flat ground.
BARS = {
    "white": ((255, 255, 255), 20, 1.0),
    "thin black": ((0, 0, 0), 3, 2.0),
    "green": ((0, 60, 0), 20, 2.0),
    "grey": ((150, 110, 128), 20, 6.0),
    "faint": ((158, 158, 158), 5, None),
}
# The columns and rows that a bar advances by for each pixel of its way.
WAYS = {"right": (1.0, 0.0), "down": (0.0, 1.0), "aslant": (0.5**0.5, 0.5**0.5)}


def covered(speed: float, index: int, width: int, way: tuple[float, float]) -> Floats:
    """The share of each pixel that a bar covers, float32 [H, W]."""
    rows, columns = np.indices((H, W), dtype=np.float32)
    along, left = way[0] * columns + way[1] * rows, 20 + speed * index
    share = np.minimum(along + 1, left + width) - np.maximum(along, left)
    return np.asarray(np.clip(share, 0, 1), np.float32)


def left_behind(made: Sequence[Pixels], frames: Sequence[Pixels], covers: list[Floats]) -> float:
    """The largest mean difference of a strip in the third frame that shows it.

    A strip is made of the pixels that a bar leaves between two frames.
    """
    means = []
    for index in range(3, len(frames)):
        free = np.all([cover == 0 for cover in covers[index - 2 : index + 1]], axis=0)
        strip = (covers[index - 3] > 0) & free
        if np.count_nonzero(strip) >= 20:
            means.append(difference(made[index][strip], (255 - frames[index])[strip]))
    return max(means)


@pytest.mark.parametrize("speed", [0.25, 0.5, 1, 2, 4, 8])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_bar_drags_nothing_along(speed: float, way: tuple[float, float]) -> None:
    for colour, width, sigma in list(BARS.values())[:: 1 if way == WAYS["right"] else 3]:
        ground = np.full((H, W, 3), 128, np.uint8)
        if sigma is not None:
            ground = scene(width=W, sigma=sigma)
        covers = [covered(speed, i, width, way) for i in range(7 + round(2 / speed))]
        frames = [
            np.rint(ground + cover[..., np.newaxis] * (np.asarray(colour, np.float32) - ground))
            for cover in covers
        ]
        shown = [frame.astype(np.uint8) for frame in frames]
        assert left_behind(steadied(shown), shown, covers) < 2


def test_a_bar_drags_nothing_along_after_a_flash_and_a_cut() -> None:
    covers = [covered(1, i, 20, WAYS["right"]) for i in range(16)]
    grounds = [scene(1 + i // 10, width=W) for i in range(16)]
    grounds[4] = np.full((H, W, 3), 240, np.uint8)
    frames = [
        np.rint(ground * (1 - cover[..., np.newaxis])).astype(np.uint8)
        for ground, cover in zip(grounds, covers, strict=True)
    ]
    made = steadied(frames)
    for after in (slice(4, 10), slice(9, 16)):
        assert left_behind(made[after], frames[after], covers[after]) < 2


@pytest.mark.parametrize("columns", [W, W // 2])
@pytest.mark.parametrize("steps", [-60, 12, 60, 255])
def test_a_flash_and_what_follows_it_are_left_as_they_are(steps: int, columns: int) -> None:
    frames = [np.clip(scene(width=W), 60, 180) for _ in range(8)]
    bright = np.clip(frames[4].astype(int) + steps, 0, 255).astype(np.uint8)
    frames[4][:, :columns] = bright[:, :columns]
    made = steadied(frames)
    for index in (4, 5):
        assert difference(made[index], 255 - frames[index]) < 1


def test_a_frame_of_another_scene_leaves_no_trace() -> None:
    frames = [scene(width=W)] * 4
    frames[2] = scene(9, width=W)
    for frame, picture in zip(frames, steadied(frames), strict=True):
        np.testing.assert_array_equal(picture, 255 - frame)


@pytest.mark.parametrize("step", [-9, -4, -1, 1, 4, 9])
def test_a_fade_does_not_lag(step: int) -> None:
    middle = np.clip(scene(width=W), 90, 160).astype(int)
    frames = [np.clip(middle + step * i, 0, 255).astype(np.uint8) for i in range(10)]
    for frame, picture in list(zip(frames, steadied(frames), strict=True))[3:]:
        assert difference(picture, 255 - frame) < 2


@pytest.mark.parametrize("frames", [6, 40])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_fade_from_or_to_black_does_not_lag(frames: int, is_reversed: bool) -> None:
    shares = np.linspace(0, 1, frames)[:: 1 - 2 * is_reversed][:12]
    faded = [np.rint(scene(width=W) * share).astype(np.uint8) for share in shares]
    for frame, picture in zip(faded, steadied(faded), strict=True):
        assert difference(picture, 255 - frame) < 2


def test_repeats_of_a_moving_scene_stay_what_they_are() -> None:
    frames = shifted([(3 * (i // 3), 0) for i in range(12)])
    frames = [frames[3 * (i // 3)] for i in range(12)]
    made = steadied(frames)
    for index in range(12):
        assert difference(made[index], 255 - frames[index]) < 2
        if index % 3:
            assert difference(made[index], made[index - 1]) < 1


def test_equal_frames_stay_equal() -> None:
    for picture in steadied([scene()] * 5):
        np.testing.assert_array_equal(picture, 255 - scene())


@pytest.mark.parametrize("shape", [(1, 1), (8, 300), (15, 40), (H, W)])
def test_a_single_frame_and_tiny_ones_are_left_as_they_are(shape: tuple[int, int]) -> None:
    frames = [scene(seed, *shape) for seed in range(1 if shape == (H, W) else 3)]
    for frame, picture in zip(frames, steadied(frames), strict=True):
        np.testing.assert_array_equal(picture, 255 - frame)


def test_a_large_frame_is_steadied_as_a_whole() -> None:
    rng = np.random.default_rng(8)
    frame = np.repeat(np.repeat(scene(width=W), 5, axis=0), 5, axis=1)
    paint = [rng.integers(0, 20, frame.shape, dtype=np.uint8) for _ in range(8)]
    it = iter(paint)
    made = steadied([frame] * 8, lambda frames: [frame // 2 + next(it) for _ in frames])
    assert difference(made[-1], made[-2]) < 0.4 * difference(*(frame // 2 + p for p in paint[:2]))


@pytest.mark.parametrize("size", [1, 3, 12])
def test_batches_and_restarts_change_nothing(size: int) -> None:
    frames = shifted([(2 * i, 0) for i in range(12)])
    wanted = steadied(frames)
    stage = Stabilise(inverted, 1.0)
    stage(frames[5:])
    stage.restart()
    made = [x for first in range(0, 12, size) for x in stage(frames[first : first + size])]
    for one, other in zip(made, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_video_that_begins_at_the_memory_looks_as_if_it_had_not() -> None:
    frames = shifted([(i, 0) for i in range(34)])
    painted = Shimmering()(frames)
    whole = steadied(frames, Shimmering())
    first = 33 - Stabilise(inverted, 1.0).memory
    rest = iter(painted[first:])
    warm = steadied(frames[first:], lambda _: [next(rest)])
    along = [
        measure_flicker([(frames[32], whole[32]), (frames[33], x)]).output
        for x in (whole[33], warm[-1])
    ]
    assert along[1] < 1.02 * along[0]


def test_strength_decides_how_much() -> None:
    frames = shifted([(0, 0)] * 8)
    changes = []
    for strength in (0.0, 0.3, 0.7, 1.0):
        stage = Stabilise(Shimmering(), strength)
        made = stage(frames)
        changes.append(difference(made[-1], made[-2]))
    assert changes == sorted(changes, reverse=True)
    assert Stabilise(inverted, 0.0).memory == 0
