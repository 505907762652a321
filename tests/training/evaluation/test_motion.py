"""Clips, sharpness, sizes and flat frames."""

from pathlib import Path

import numpy as np
import pytest

from mediatrans.errors import InputError
from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.domain_probe import DomainJudge, LinearProbe
from mediatrans.training.evaluation.flat_frames import border_against_middle, measure_flat_frames
from mediatrans.training.evaluation.motion import ClipFrames, measure_clip
from mediatrans.training.evaluation.sharpness import gradient_energy, sharpness_ratio
from mediatrans.training.evaluation.sizes import PICTURES, measure_sizes, with_short_side
from tests.media_files import write_clip
from tests.training.colours import COLOURS, nothing, swap, tinted


def grey(values: np.ndarray) -> Pixels:
    return np.repeat(values.astype(np.uint8)[..., None], 3, axis=2)


def test_gradient_energy_of_known_pictures() -> None:
    assert gradient_energy(grey(np.full((4, 5), 9))) == 0.0
    assert gradient_energy(grey(np.tile([10, 13, 16], (4, 1)))) == 9.0
    assert gradient_energy(grey(np.indices((4, 4)).sum(axis=0) * 2)) == 8.0
    assert gradient_energy(grey(np.array([[7]]))) == 0.0
    assert sharpness_ratio([(4.0, 1.0), (900.0, 1.0), (4.0, 3.0), (0.0, 5.0)]) == 0.25
    assert sharpness_ratio([(0.0, 1.0)]) is None


def test_a_clip_that_is_blurred_and_one_that_blinks(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 200, (40, 60, 3), dtype=np.uint8)
    frames = [np.roll(noise, shift, axis=1) for shift in range(4)]

    def blurred(frame: Pixels) -> Pixels:
        return np.full_like(frame, 99)

    state = {"count": 0}

    def blinking(frame: Pixels) -> Pixels:
        state["count"] += 1
        return frame + np.uint8(50 * (state["count"] % 2))

    figures = measure_clip(tmp_path / "clip.mp4", frames, (blurred, blinking))
    assert (figures.name, figures.size, figures.frames) == ("clip.mp4", (60, 40), 4)
    assert figures.to_b.sharpness == 0.0
    assert figures.to_b.flicker.output == 0.0
    assert figures.to_a.sharpness == pytest.approx(1.0, abs=0.01)
    assert figures.to_a.flicker.output > figures.to_a.flicker.source + 30


def test_a_still_clip_has_no_ratio(tmp_path: Path) -> None:
    frames = [np.full((20, 20, 3), 50, np.uint8)] * 3
    figures = measure_clip(tmp_path / "still.mp4", frames, (nothing, nothing))
    table = figures.to_dict(("day", "night"))
    assert table["to_night"]["flicker_ratio"] is None
    assert table["to_night"]["sharpness"] is None


def test_frames_are_read_anew_and_up_to_the_limit(tmp_path: Path) -> None:
    clip = ClipFrames(write_clip(tmp_path / "clip.mp4", frames=8), 5)
    assert len(list(clip)) == len(list(clip)) == 5
    assert next(iter(clip)).shape == (24, 32, 3)
    with pytest.raises(InputError, match=r"nowhere\.mp4"):
        list(ClipFrames(tmp_path / "nowhere.mp4", 5))


def test_a_bright_edge_of_a_flat_frame_is_found() -> None:
    frame = np.full((100, 200, 3), 60, np.uint8)
    assert border_against_middle(frame) == 0.0
    frame[3, 100, 2] = 67
    assert border_against_middle(frame) == 7.0
    frame[50, 100] = 255  # in the middle, which counts by its mean
    assert border_against_middle(frame) == pytest.approx(7.0, abs=0.1)

    def framed(picture: Pixels) -> Pixels:
        edged = picture.copy()
        edged[:, :4] = 100
        return edged

    flat = measure_flat_frames((framed, nothing))
    assert flat.to_b == {"black": 100.0, "grey": 28.0, "white": 155.0, "blue": 155.0}
    assert set(flat.to_a.values()) == {0.0}


@pytest.mark.parametrize(("side", "shape"), [(10, (10, 20, 3)), (40, (40, 80, 3))])
def test_a_picture_gets_a_shorter_side(side: int, shape: tuple[int, ...]) -> None:
    assert with_short_side(np.zeros((20, 40, 3), np.uint8), side).shape == shape


def test_a_translation_that_depends_on_the_size_moves() -> None:
    pictures = tinted(30, 0, 1), tinted(6, 2, 2)
    probe = LinearProbe.fit(COLOURS(tinted(20, 0, 3)), COLOURS(tinted(20, 2, 4)))
    judge = DomainJudge.trained(probe, "others", (30, 6))

    def only_small(picture: Pixels) -> Pixels:
        return swap(picture) if min(picture.shape[:2]) < 24 else picture

    figures = measure_sizes(pictures, (30, 6), (only_small, swap), (20, 40), COLOURS, judge)
    assert (figures.to_b.pictures, figures.to_a.pictures) == (PICTURES, 6)
    assert figures.to_b.probabilities[0] > 0.9
    assert figures.to_b.probabilities[1] < 0.1
    assert figures.to_b.moves > 0.8
    assert figures.to_a.moves < 0.1
    assert figures.to_b.enlarged == (0, PICTURES)
