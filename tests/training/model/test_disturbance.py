"""Disturbances that a generator is trained to be equivariant to."""

import torch

from mediatrans.training.model.disturbance import MAX_SHIFT, NOISE, draw_disturbance, shifted

CPU = torch.device("cpu")


def test_seed_and_step_decide_the_disturbance() -> None:
    torch.manual_seed(1)
    first = draw_disturbance(16, 3, 5, CPU)
    torch.manual_seed(2)
    same, other = draw_disturbance(16, 3, 5, CPU), draw_disturbance(16, 3, 6, CPU)
    assert torch.equal(first.noise, same.noise)
    assert torch.equal(first.rows, same.rows)
    assert not torch.equal(first.noise, other.noise)


def test_shifts_reach_every_phase_and_go_no_further() -> None:
    drawn = [draw_disturbance(32, 0, step, CPU) for step in range(200)]
    for axis in ("rows", "columns"):
        offsets = {int(getattr(d, axis)[16]) - 16 for d in drawn}
        assert offsets == set(range(-MAX_SHIFT, MAX_SHIFT + 1))


def test_the_noise_is_as_strong_as_said() -> None:
    noise = draw_disturbance(128, 0, 0, CPU).noise
    assert abs(noise.std().item() - NOISE) < 0.05 * NOISE
    assert abs(noise.mean().item()) < 0.01 * NOISE * 10


def test_a_shift_moves_the_inside_and_repeats_the_edge() -> None:
    by = draw_disturbance(16, 0, 0, CPU)
    down, across = int(by.rows[8]) - 8, int(by.columns[8]) - 8
    picture = torch.arange(256.0).reshape(1, 1, 16, 16)
    moved = shifted(picture, by)
    assert torch.equal(
        moved[..., 4:12, 4:12], picture[..., 4 + down : 12 + down, 4 + across : 12 + across]
    )
    edge = 15 if down >= 0 else 0
    assert torch.equal(moved[0, 0, edge, 8], picture[0, 0, edge, 8 + across])


def test_a_flow_moves_no_further_than_said_and_nearly_as_far() -> None:
    moved = []
    for step in range(100):
        by = draw_disturbance(64, 0, step, CPU, reach=16.0)
        assert by.flow is not None
        place = torch.arange(64.0)
        start = torch.stack(torch.meshgrid(place, place, indexing="xy"), dim=-1)
        moved.append((((by.flow[0] + 1) * 64 - 1) / 2 - start).abs().max().item())
    assert max(moved) <= 16 + 1e-3
    assert max(moved) > 12


def test_a_flow_is_smooth_and_takes_the_picture_along() -> None:
    by = draw_disturbance(64, 0, 1, CPU, reach=8.0)
    assert by.flow is not None
    assert by.inside is not None
    assert by.flow[..., 0].diff(dim=2).sub(2 / 64).abs().max() < 0.3 * 2 / 64
    ramp = torch.arange(64.0).expand(1, 1, 64, 64)
    columns = ((by.flow[..., 0] + 1) * 64 - 1) / 2
    inside = by.inside[0, 0] > 0
    torch.testing.assert_close(
        shifted(ramp, by)[0, 0][inside], columns[0][inside], atol=1e-3, rtol=0
    )


def test_the_shift_without_a_flow_is_what_it_was() -> None:
    plain, flowing = draw_disturbance(16, 0, 4, CPU), draw_disturbance(16, 0, 4, CPU, reach=8.0)
    assert plain.flow is None
    assert plain.inside is None
    assert torch.equal(plain.noise, flowing.noise)
