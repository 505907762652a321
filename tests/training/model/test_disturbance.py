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
